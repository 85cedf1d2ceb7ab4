"""What generators of clients in other languages stumble over, and parsers of YAML 1.2."""

import builtins
import copy
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

NAMES = Path(__file__).with_name("reserved_names.txt").read_text("utf-8")
SCHEMAS, PARAMETERS = re.sub(r"(?m)^[#\[].*", "|", NAMES).rsplit("|", 1)
TAKEN = {name.lower() for name in (*SCHEMAS.split(), *dir(builtins), *keyword.kwlist)}
RESERVED = {*PARAMETERS.split(), *keyword.kwlist}
BEFORE = ("New", "Nullable", "Base")
"""`New` and `Nullable` before a name are what Go generators make of each schema."""
AFTER = (
    *("Api", "Body", "Data", "Enum", "Error", "Errors", "FromJSON", "Inner", "Options"),
    *("Params", "Request", "Resource", "Response", "Responses", "ToJSON", "Type"),
)
CORE = [  # plain scalars of YAML 1.2's core schema, where PyYAML, which reads 1.1, agrees
    ("null", r"null|~|"),
    ("bool", r"true|false"),
    ("int", r"-?(0|[1-9][0-9]*)"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+"),
]


def words(name: str) -> list[str]:
    """Split a name as generators do: at what is no letter or digit, and before capitals."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", name)


def folded(name: str) -> str:
    return "".join(words(name)).lower()


def pascal(name: str) -> str:
    return "".join(word.capitalize() for word in words(name))


def twice(names: list[str]) -> set[str]:
    counts = Counter(map(folded, names))
    return {name for name in names if counts[folded(name)] > 1}


def schema_names(document: dict[str, Any]) -> Iterator[str]:
    """Say which names of schemas hide another one, or are hidden."""
    names = list(document["components"]["schemas"])
    others = [
        name
        for kind, components in document["components"].items()
        for name in components
        if kind != "schemas"
    ]
    operations = [
        each["operationId"] for path in document["paths"].values() for each in path.values()
    ]
    generated = {pascal(name) + end for name in operations for end in ("", *AFTER)}
    generated |= {
        pascal(tag["name"]) + end for tag in document["tags"] for end in ("", "Api", "Service")
    }
    generated |= {name + end for name in names for end in AFTER}
    for name in names:
        if not re.fullmatch(r"([A-Z][a-z0-9]+)+", name):
            yield f"schema {name}: not made of words that begin with one capital"
        if name.lower() in TAKEN:
            yield f"schema {name}: hides a built-in or generated name"
        if name.startswith(BEFORE) or name in generated:
            yield f"schema {name}: is what a generator makes of another name"
    for name in twice([*names, *others]) & {*names}:
        yield f"schema {name}: another component has this name"
    for name in twice(operations):
        yield f"operation {name}: another one has this name"


def parameter_names(document: dict[str, Any]) -> Iterator[str]:
    """Say which names of parameters change their meaning, or are lost, in camel case."""
    components = document["components"]["parameters"]
    for path, item in document["paths"].items():
        for operation in item.values():
            found = [
                components[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
                for each in operation.get("parameters", [])
            ]
            for name in twice([each["name"] for each in found]):
                yield f"{path}: parameter {name}: another one has this name"
            for each in found:
                form = r"[a-z]+([A-Z][a-z0-9]+)*" + r"|[a-z]+(-[a-z0-9]+)*" * (
                    each["in"] == "query"
                )
                if each["in"] == "header":
                    form = r"[A-Z][A-Za-z]+(-[A-Z][A-Za-z]+)*"
                if not re.fullmatch(form, each["name"]):
                    yield f"{path}: parameter {each['name']}: not in camel case"
                if each["name"] in RESERVED:
                    yield f"{path}: parameter {each['name']}: a reserved word"


def shapes(nodes: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Say where generators have to find a name themselves, or lose what is said."""
    for pointer, node in nodes:
        if pointer.endswith("/properties"):
            continue
        is_named = re.fullmatch(r"/components/schemas/\w+", pointer)
        composed = {"allOf", "anyOf", "oneOf", "enum"} & set(node)
        if (composed or "properties" in node) and not is_named:
            yield f"{pointer}: has no name of its own"
        if node.get("nullable") and (composed or is_named or "type" not in node):
            yield f"{pointer}: nullable, and not of a plain type"
        yield from members(pointer, node)


def members(pointer: str, node: dict[str, Any]) -> Iterator[str]:
    for name in twice(list(node.get("properties", {}))):
        yield f"{pointer}: property {name}: another one has this name"
    values = [str(value) for value in node.get("enum", [])]
    for value in values:
        if not re.match(r"[A-Za-z]", value) or value in twice(values):
            yield f"{pointer}: value {value!r}: cannot be a name of its own"


def yaml_faults(text: str) -> Iterator[str]:
    """Say what a parser of YAML 1.2 reads otherwise, or refuses."""
    waiting, seen = [yaml.compose(text, Loader=yaml.SafeLoader)], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        line = f"line {node.start_mark.line + 1}"
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            yield from (f"{line}: key {key} twice" for key, n in Counter(keys).items() if n > 1)
            yield from (
                f"line {key.start_mark.line + 1}: key {key.value} is no text"
                for key, _ in node.value
                if not key.tag.endswith(":str")
            )
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif node.style is None:
            kinds = (kind for kind, form in CORE if re.fullmatch(form, node.value))
            if not node.tag.endswith(f":{next(kinds, 'str')}") or re.fullmatch(
                r"(?i)y|n|0o[0-7]+|[-+]?[0-9.]+e[-+]?[0-9]+", node.value
            ):
                yield f"{line}: {node.value} means different things in YAML 1.1 and 1.2"


def test_parsers_of_yaml_1_1_and_1_2_read_the_same(text):
    assert list(yaml_faults(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc:\n  <<: *x\n",
        *("a: yes", "a: off", "a: y", "on: 1", "a: [No]"),
        *("a: 1:30", "a: 010", "a: 1_000", "a: 0x1f", "a: 0o17", "a: +1", "a: .5", "a: 1e3"),
        *("a: 2020-09-21", "a: 2020-09-21T08:50:38Z", "a: ="),
        *("200: a", "null: a", "a: 1\nb: 2\na: 3"),
    ],
)
def test_what_parsers_of_yaml_read_otherwise_is_noticed(text):
    assert list(yaml_faults(text))


def test_names_and_shapes_are_fit_for_every_generator(document, nodes):
    assert list(schema_names(document)) == []
    assert list(parameter_names(document)) == []
    assert list(shapes(nodes)) == []


def test_a_contact_is_named(document):
    assert document["info"]["contact"]["name"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *((name, "built-in") for name in ("Error", "Object", "Date", "Map", "List", "Exception")),
        *((name, "built-in") for name in ("Configuration", "ApiError", "Type", "Record", "Time")),
        *((name, "generator makes") for name in ("NewMediaNode", "NullableDrain", "DrainRequest")),
        *((name, "generator makes") for name in ("AddMediaNodeResponse", "GetConfig", "Cluster")),
        *((name, "words") for name in ("mediaNode", "Media_Node", "MEDIANODE", "Media.Node")),
        *((name, "has this name") for name in ("Mediafilter", "DryRun", "ServerFailed")),
    ],
)
def test_a_name_that_would_collide_is_noticed(document, name, fault):
    changed = copy.deepcopy(document)
    changed["components"]["schemas"][name] = {"type": "object"}
    assert [each for each in schema_names(changed) if fault in each]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        *(("path", name) for name in ("MEDIA_NODE_ID", "media-node-id", "media_node_id", "id.x")),
        *(
            ("query", name)
            for name in ("Wait", "extra_info", "extraInfo", "class", "type", "range")
        ),
    ],
)
def test_a_parameter_that_does_not_survive_camel_case_is_noticed(document, place, name):
    changed = copy.deepcopy(document)
    changed["components"]["parameters"]["Sessions"] |= {"in": place, "name": name}
    assert list(parameter_names(changed))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string", "enum": ["a"]}},
        {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}},
        {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "integer"}]}},
        {"type": "object", "properties": {"dryRun": {}, "dry-run": {}}},
        {"type": "object", "nullable": True, "default": {}, "properties": {}},
        {"type": "array", "items": {"nullable": True}},
        {"nullable": True, "allOf": [{"type": "string"}]},
        {"type": "string", "nullable": True, "enum": ["a"]},
        *({"type": "string", "enum": values} for values in ([""], ["1"], ["on-off", "onOff"])),
    ],
)
def test_a_shape_that_generators_get_wrong_is_noticed(schema):
    def walk(pointer: str, node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(node, dict):
            yield pointer, node
        for key, part in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(part, dict | list):
                yield from walk(f"{pointer}/{key}", part)

    assert list(shapes(list(walk("/components/schemas/Any", schema))))
