"""The schemas of the contract: bounded, explained, with true examples and every name."""

import copy
import re

import pytest
from openapi_schema_validator import OAS30ReadValidator, OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

CONTRACT = "urn:contract"
FEATURES = {  # switch: the names that are there only while it is on
    "OPENVIDU_RECORDING": r"OPENVIDU_RECORDING_.+",
    "OPENVIDU_WEBHOOK": r"OPENVIDU_WEBHOOK_.+",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": r"OPENVIDU_PRO_CLUSTER_AUTOSCALING_.+",
    "OPENVIDU_PRO_ELASTICSEARCH": r"OPENVIDU_PRO_ELASTICSEARCH_.+",
    "OPENVIDU_PRO_KIBANA": r"OPENVIDU_PRO_KIBANA_.+",
}


@pytest.fixture(scope="module")
def problems(document):
    """Give a function that names what is wrong with a value under the schema at a JSON pointer."""
    closed = copy.deepcopy(document)  # so that an example has no member that is misspelt
    for schema in closed["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    registry = Registry().with_resource(CONTRACT, DRAFT4.create_resource(closed))

    def check(pointer, value, validator=OAS30Validator):
        schema = {"$ref": f"{CONTRACT}#{pointer.replace('{', '%7B').replace('}', '%7D')}"}
        errors = validator(schema, registry=registry).iter_errors(value)
        return [f"{pointer}: {error.json_path}: {error.message}" for error in errors]

    return check


def test_every_example_of_a_schema_is_valid(schemas, problems):
    examples = [(pointer, schema["example"]) for pointer, schema in schemas if "example" in schema]
    assert len(examples) > 150
    assert [problem for pointer, value in examples for problem in problems(pointer, value)] == []


def test_every_default_is_valid(schemas, problems):
    defaults = [(pointer, schema["default"]) for pointer, schema in schemas if "default" in schema]
    assert len(defaults) == 18
    assert [problem for pointer, value in defaults for problem in problems(pointer, value)] == []


def test_every_example_of_a_parameter_header_or_body_is_valid(nodes, follow, problems):
    checked, found = 0, []
    for pointer, node in nodes:
        if not isinstance(node.get("schema"), dict) or pointer.endswith("/properties"):
            continue
        values = [follow(example)["value"] for example in node.get("examples", {}).values()]
        values += [node["example"]] if "example" in node else []
        assert values, f"{pointer} has no example"
        validator = OAS30ReadValidator if "/responses/" in pointer else OAS30Validator
        checked += len(values)
        for value in values:
            found += problems(f"{pointer}/schema", value, validator)
    assert checked > 50
    assert found == []


def test_a_wrong_example_would_be_noticed(problems):
    assert problems("/components/schemas/MediaNode", {"id": "no spaces allowed"})
    assert problems("/components/schemas/MediaNodePatch", {"status": "running"}) == []
    assert problems("/components/schemas/Ping", {"misspelt": 1})
    assert problems("/components/schemas/MediaNodeToAdd", {"uri": None}) == []


def test_every_number_has_a_minimum_and_a_maximum(schemas):
    numbers = [(at, schema) for at, schema in schemas if schema["type"] in {"integer", "number"}]
    assert len(numbers) > 40
    assert [at for at, schema in numbers if not {"minimum", "maximum"} <= set(schema)] == []


def test_every_string_has_a_greatest_length(schemas):
    strings = [(at, schema) for at, schema in schemas if schema["type"] == "string"]
    assert len(strings) > 50
    assert [at for at, schema in strings if not {"enum", "maxLength"} & set(schema)] == []


def test_every_array_has_a_greatest_length(schemas):
    arrays = [(at, schema) for at, schema in schemas if schema["type"] == "array"]
    assert len(arrays) > 10
    assert [at for at, schema in arrays if "maxItems" not in schema] == []


def test_a_body_of_a_request_says_whether_it_is_closed(operations, follow):
    bodies = [
        each["requestBody"]["content"] for each in operations.values() if "requestBody" in each
    ]
    assert len(bodies) == 21
    for body in bodies:
        schema = follow(body["application/json"]["schema"])
        assert isinstance(schema["additionalProperties"], bool)


def test_answers_are_open_so_that_members_can_be_added(component):
    closed = {
        name for name, schema in component.items() if schema.get("additionalProperties") is False
    }
    requests = {
        "DeadLettersToReplay",
        "DrainLimit",
        "LabelsToSet",
        "MediaNodeToUse",
        "RestartProperties",
        "SessionToPlace",
    }
    assert closed == requests, "requests alone are closed"


def test_the_description_asks_clients_to_ignore_unknown_members(document):
    reported = " ".join(document["info"]["description"].split())
    assert "Later versions may add members to objects, and values to enumerations." in reported


def test_every_property_is_explained_with_an_example(schemas, follow):
    found = []
    for pointer, schema in schemas:
        for name, each in schema.get("properties", {}).items():
            if not {"description", "example"} <= set(follow(each)):
                found.append(f"{pointer}/properties/{name}")
    assert found == []


def test_every_component_is_explained(document):
    holders = ("parameters", "headers", "responses", "schemas", "securitySchemes")
    components = [
        (kind, name, each)
        for kind in holders
        for name, each in document["components"][kind].items()
    ]
    assert [
        f"{kind}/{name}" for kind, name, each in components if not each.get("description")
    ] == []
    exampled = [each for each in components if each[0] in {"parameters", "headers", "schemas"}]
    assert [f"{kind}/{name}" for kind, name, each in exampled if "example" not in each] == []


def test_every_enum_is_a_component_of_its_own(schemas):
    places = [pointer for pointer, schema in schemas if "enum" in schema]
    assert len(places) == 26
    assert [at for at in places if not re.fullmatch(r"/components/schemas/\w+", at)] == []


def test_references_stand_alone(nodes):
    assert [pointer for pointer, node in nodes if "$ref" in node and len(node) > 1] == []


def test_schemas_use_only_what_openapi_3_0_defines(nodes):
    unknown = {
        "const",
        "if",
        "then",
        "else",
        "patternProperties",
        "$defs",
        "contains",
        "prefixItems",
    }
    found = [pointer for pointer, node in nodes if unknown & set(node)]
    found += [pointer for pointer, node in nodes if isinstance(node.get("type"), list)]
    assert found == []


def test_media_node_has_the_original_members(component, seed_names):
    media_node = component["MediaNode"]
    assert set(media_node["properties"]) == set(seed_names["media-node"])
    optional = set(media_node["properties"]) - set(media_node["required"])
    assert optional == {"disconnectionTime", "sessions", "kurentoInfo"}
    nullable = {name for name, each in media_node["properties"].items() if each.get("nullable")}
    assert nullable == {"environmentId", "ip", "uri", "connectionTime", "disconnectionTime"}


def test_restart_takes_the_original_properties_the_secret_and_our_own(component, seed_names):
    properties = component["RestartProperties"]["properties"]
    own = {name for name in properties if name.startswith("MEDIAFLEET_")}
    own.add("OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL")
    assert set(properties) - own == {*seed_names["restart"], "OPENVIDU_SECRET"}
    assert properties["OPENVIDU_SECRET"]["writeOnly"] is True
    assert "required" not in component["RestartProperties"]


def test_config_has_the_original_properties(component, seed_names):
    properties = set(component["Config"]["properties"])
    assert properties - set(seed_names["config"]) == {"OPENVIDU_RECORDING_COMPOSED_URL"}
    assert set(seed_names["config"]) - properties == set()


def test_config_answers_a_feature_only_while_it_is_on(component):
    config = component["Config"]
    conditional = {
        name
        for name in config["properties"]
        for pattern in FEATURES.values()
        if re.fullmatch(pattern, name)
    }
    assert set(config["properties"]) - set(config["required"]) == conditional


def test_config_never_answers_a_secret(component):
    assert [
        name
        for name in component["Config"]["properties"]
        if re.search("SECRET|PASSWORD|LICENSE", name)
    ] == []


def test_restart_and_config_agree_on_kinds_and_ranges(component):
    restart, config = (component[name]["properties"] for name in ("RestartProperties", "Config"))
    keys = ("type", "minimum", "maximum", "$ref")
    differing = [
        name
        for name in restart.keys() & config.keys()
        for key in keys
        if restart[name].get(key) != config[name].get(key)
    ]
    assert differing == []
