"""The application as a whole: start-up checks, lifespan, web sockets, schemas for writers."""

from functools import partial
from typing import Any

import pytest
import websockets.sync.client
from connexion.exceptions import InvalidSpecification
from websockets.exceptions import InvalidStatus

from mediafleet.contract import (
    ContractSchemas,
    EncodedJson,
    MissingHandlerError,
    Options,
    ResponseViolationError,
    UnfitHandlerError,
    create_app,
)
from support.contract_app import (
    CONTRACT,
    NOW_MS,
    Jars,
    authenticate,
    contract,
    describe_error,
    make_app,
    noting_lifespan,
    serving,
)
from support.raw_http import exchange, request_bytes


def app_with(handlers: dict[str, Any]) -> Any:
    return create_app(
        CONTRACT,
        Options(
            handlers,
            authenticate=authenticate,
            describe_error=describe_error,
            now_ms=lambda: NOW_MS,
        ),
    )


def test_the_lifespan_runs_around_all_requests():
    notes: list[str] = []
    app = make_app(Jars(), lifespan=lambda _: noting_lifespan(notes))
    assert notes == []
    with serving(app) as address:
        assert notes == ["started"]
        assert exchange(address, request_bytes("GET", "/open")).status == 200
        assert notes == ["started"]
    assert notes == ["started", "stopped"]


async def unasked(kept: Any, refused: Any, limit: int) -> str:
    raise AssertionError("the rules are not asked")


@pytest.mark.parametrize(
    ("operation", "rules", "reason"),
    [
        ("get_jar", unasked, "takes none"),
        ("no_jar", unasked, "not in the contract"),
        ("add_jar", lambda kept, refused, limit: "", "no coroutine function"),
    ],
)
def test_rules_for_a_body_that_no_operation_takes_stop_the_program(
    operation, rules, reason, logged_errors
):
    with pytest.raises(UnfitHandlerError, match=f"{operation} .*{reason}"):
        make_app(Jars(), body_rules={operation: rules})


def test_an_operation_without_a_handler_stops_the_program_and_is_named():
    handlers = Jars().handlers()
    del handlers["modify_jar"]

    with pytest.raises(MissingHandlerError, match="modify_jar") as missing:
        app_with(handlers)
    assert missing.value.operation_id == "modify_jar"


async def _takes_nothing() -> None: ...
async def _takes_too_much(jar_id: str, unheard_of: str) -> None: ...
def _no_coroutine(jar_id: str) -> None: ...


@pytest.mark.parametrize("handler", [_takes_nothing, _takes_too_much, _no_coroutine])
@pytest.mark.usefixtures("logged_errors")  # Connexion logs an operation it could not add
def test_a_handler_that_does_not_fit_stops_the_program_and_is_named(handler):
    with pytest.raises(UnfitHandlerError, match="get_jar"):
        app_with(Jars().handlers() | {"get_jar": handler})


def test_a_handler_may_be_a_partial():
    assert app_with(Jars().handlers() | {"get_jar": partial(Jars().get_jar)}) is not None


def test_a_document_that_is_not_openapi_is_refused_by_connexion():
    broken = contract()
    del broken["info"]
    with pytest.raises(InvalidSpecification):
        make_app(Jars(), broken)
    with pytest.raises(InvalidSpecification):
        make_app(Jars(), contract() | {"openapi": "3.1.0"})


def test_braces_of_a_template_engine_in_the_contract_stay_text():
    specification = contract()
    specification["info"]["description"] = "{{ 1/0 }} {% for %}"

    assert make_app(Jars(), specification) is not None


@pytest.mark.parametrize(
    ("target", "status"), [("/", 404), ("/pro/jars", 401), ("/pro/events", 401)]
)
def test_where_there_are_no_web_sockets_their_handshake_is_a_request(address, target, status):
    host, port = address
    with pytest.raises(InvalidStatus) as refused:
        websockets.sync.client.connect(f"ws://{host}:{port}{target}", proxy=None, open_timeout=5)
    assert refused.value.response.status_code == status


def test_writers_check_and_encode_a_component_ahead_of_time():
    jar = ContractSchemas(CONTRACT).component("Jar")
    document = jar.encode({"id": "a", "grams": 3})

    assert type(document) is EncodedJson
    assert document == b'{"id":"a","grams":3}'
    assert jar.is_valid({"id": "a", "grams": 3})
    with pytest.raises(ResponseViolationError) as wrong:
        jar.encode({"id": "CANARY", "grams": -1})
    assert wrong.value.place == "/components/schemas/Jar/properties/grams/minimum"
    assert "CANARY" not in str(wrong.value)


def test_writers_check_a_response_of_an_operation():
    schemas = ContractSchemas(CONTRACT)

    assert schemas.response("list_jars", 200).encode([]) == b"[]"
    with pytest.raises(KeyError):
        schemas.response("list_jars", 299)
    with pytest.raises(KeyError):
        schemas.response("nobody", 200)
    with pytest.raises(KeyError):
        schemas.response("remove_jar", 204)


def test_validators_know_the_schemas_of_openapi():
    specification = contract()
    specification["components"]["schemas"]["All"] = {
        "type": "object",
        "properties": {
            "nullable": {"type": "string", "enum": ["a"], "nullable": True},
            "small": {"type": "integer", "format": "int32", "maximum": 9_999_999_999},
            "above": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            "example": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "either": {"oneOf": [{"type": "string"}, {"type": "integer", "multipleOf": 2}]},
            "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "at": {"type": "string", "format": "date-time"},
            "not": {"not": {"enum": [1]}},
        },
    }
    schema = ContractSchemas(specification).component("All")

    good = [
        {"nullable": None},
        {"nullable": "a"},
        {"small": 2147483647},
        {"above": 0.1},
        {"example": ["a", "b"]},
        {"either": 4},
        {"map": {"x": True}},
        {"at": "2020-09-21T08:50:38Z"},
        {"not": 2},
    ]
    bad = [
        {"nullable": "b"},
        {"small": 2147483648},
        {"above": 0},
        {"above": float("nan")},
        {"example": ["a", "a"]},
        {"either": 3},
        {"map": {"x": 1}},
        {"at": "yesterday"},
        {"not": 1},
    ]
    assert [schema.is_valid(value) for value in good] == [True] * len(good)
    assert [schema.is_valid(value) for value in bad] == [False] * len(bad)


def test_an_answer_holds_nothing_undescribed_though_the_contract_leaves_objects_open():
    specification = contract()
    lid = {"type": "object", "properties": {"lid": {"type": "string"}}}
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    specification["components"]["schemas"] |= {
        "Nested": {"type": "object", "properties": {"jars": {"type": "array", "items": lid}}},
        "Either": {"oneOf": [{**lid, "required": ["lid"]}, {**size, "required": ["size"]}]},
        "Both": {"allOf": [lid, size]},
        "Open": {**lid, "additionalProperties": True},
    }
    schemas = ContractSchemas(specification)

    assert schemas.component("Nested").is_valid({"jars": [{"lid": "red"}]})
    assert not schemas.component("Nested").is_valid({"jars": [{"lid": "red", "key": "k"}]})
    assert not schemas.component("Nested").is_valid({"jars": [], "key": "k"})
    assert schemas.component("Either").is_valid({"size": 1})
    assert not schemas.component("Either").is_valid({"size": 1, "key": "k"})
    assert schemas.component("Both").is_valid({"lid": "red", "size": 1})
    assert schemas.component("Open").is_valid({"lid": "red", "key": "k"})
