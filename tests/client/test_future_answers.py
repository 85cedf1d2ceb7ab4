"""A newer server: values and members that this client does not know, and some that it misses."""

import copy
import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.conftest import NODE, answer, do
from mediafleet.app.contract_file import load_contract
from mediafleet_client import api, models

CONTRACT = load_contract()
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
OBJECTS = sorted(
    name
    for name, schema in SCHEMAS.items()
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False
)
"""Those of answers, and two of requests that are open as well."""
Json = dict[str, Any]


def resolved(schema: Json) -> Json:
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return schema


def values_of(schema: Json) -> st.SearchStrategy[Any]:
    """What a newer server may answer where the contract has this schema today."""
    schema = resolved(schema)
    if "allOf" in schema:
        return values_of(schema["allOf"][0] | {"nullable": schema.get("nullable", False)})
    known = _known(schema)
    return st.one_of(st.none(), known) if schema.get("nullable") else known


def _known(schema: Json) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), st.text(max_size=8))
    match schema.get("type"):
        case "object":
            return objects_of(schema)
        case "array":
            return st.lists(values_of(schema["items"]), max_size=2)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(0, 2**60)
        case "number":
            return st.floats(0, 1e9)
        case _:
            return st.text(max_size=8)


def objects_of(schema: Json) -> st.SearchStrategy[Json]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    unknown = st.dictionaries(
        st.text(max_size=8).map("new {}".format), st.text(max_size=3), max_size=2
    )
    needed = {name: values_of(properties[name]) for name in required}
    optional = {
        name: st.one_of(st.none(), values_of(each))
        for name, each in properties.items()
        if name not in required
    }
    known = st.fixed_dictionaries(needed, optional=optional)
    return st.tuples(unknown, known).map(lambda both: both[0] | both[1])


def without_nulls(value: Any, schema: Json) -> Any:
    """An optional member that is null is the same as one that is absent."""
    schema = resolved(schema)
    if isinstance(value, list):
        return [without_nulls(each, schema["items"]) for each in value]
    if not isinstance(value, dict):
        return value
    required, properties = schema.get("required", []), schema.get("properties", {})
    return {
        name: without_nulls(each, properties[name]) if name in properties else each
        for name, each in value.items()
        if each is not None or name in required
    }


@pytest.mark.parametrize("name", OBJECTS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_future_answer_is_read_and_kept(name: str, data: st.DataObject) -> None:
    value = data.draw(values_of(SCHEMAS[name]))
    before = copy.deepcopy(value)

    kept = getattr(models, name).from_dict(value).to_dict()

    assert without_nulls(kept, SCHEMAS[name]) == without_nulls(before, SCHEMAS[name])
    assert value == before


def test_every_enum_of_the_contract_passes_on_unknown_values() -> None:
    enums = [name for name, schema in SCHEMAS.items() if "enum" in schema]

    checks = [
        value
        for module in vars(models).values()
        if inspect.ismodule(module)
        for name, value in vars(module).items()
        if name.startswith("check_")
    ]

    assert len({check.__name__ for check in checks}) == len(enums)
    assert [check("dancing") for check in checks] == ["dancing"] * len(checks)


@pytest.mark.anyio
async def test_one_unknown_status_leaves_the_rest_of_a_list_readable(connect, server):
    other = NODE | {"id": "kms_2", "status": "dancing", "mood": {"x": [1]}, "sessions": None}
    server.answers = [answer(200, {"numberOfElements": 2, "content": [NODE, other], "next": None})]

    first, second = await do(connect(server.url).media_nodes.list)

    assert (first.status, second.status, second["mood"]) == ("running", "dancing", {"x": [1]})
    assert second.to_dict()["status"] == "dancing"


@pytest.mark.parametrize("operation", [api.media_nodes.modify_media_node])
def test_values_that_are_not_known_can_be_sent(operation) -> None:
    body = models.MediaNodePatch(status="dancing")  # type: ignore[arg-type]

    assert operation("kms_1", body=body).body == {"status": "dancing"}
