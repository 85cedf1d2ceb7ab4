"""One request in the making: as the contract describes it, and what twists do to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from support import live, oracle_bodies
from support.oracle_contract import Operation, resolve
from support.oracle_request import Request, basic
from support.oracle_servers import BUSY, DRAINING, IDLE

AUTHORIZATION = basic("OPENVIDUAPP", live.SECRET)
TYPE = b"content-type"
_JSON = b"application/json"
WEIGHTS = {"list_media_nodes": 4, "get_media_node": 4, "get_config": 2, "get_health": 2}
_IDS = [*(IDLE.id for _ in range(6)), BUSY.id, DRAINING.id]
_UNKNOWN_IDS = ["kms_Unknown1", "a", "_", "A" * 64, "0", "null", "None"]

Twist = Callable[["Drawing", Request], Request]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One request in the making."""

    draw: Any
    operation: Operation
    port: int

    def one(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    @property
    def takes_body(self) -> bool:
        return self.operation.body_schema is not None

    def valid_body(self) -> bytes:
        schema = self.operation.body_schema
        if schema is None:
            return b"{}"
        body: bytes = self.draw(oracle_bodies.written(oracle_bodies.values(schema, self.port)))
        return body


def plain(drawing: Drawing) -> Request:
    """A request as the contract describes it."""
    operation = drawing.operation
    node = drawing.one(_IDS) if drawing.one([True, True, False]) else drawing.one(_UNKNOWN_IDS)
    path = operation.template.replace("{mediaNodeId}", node).encode()
    request = Request(operation.method, path, _plain_query(drawing), ((b"accept", b"*/*"),))
    request = request.with_header(b"authorization", AUTHORIZATION)
    if drawing.takes_body and (operation.body_required or drawing.one([True, True, False])):
        return replace(request.with_header(TYPE, _JSON), body=drawing.valid_body())
    return request.with_header(TYPE, _JSON) if drawing.takes_body else request


def _plain_query(drawing: Drawing) -> bytes:
    names = drawing.draw(st.lists(st.sampled_from([*drawing.operation.query, ""]), unique=True))
    pairs = []
    for name in filter(None, names):
        schema = drawing.operation.query[name]
        others = [*_IDS, *_UNKNOWN_IDS] if "pattern" in schema else ["true", "false"]
        value = drawing.one(schema.get("enum", others))
        pairs.append(f"{name}={value}")
    return "&".join(pairs).encode()


def add_to_query(request: Request, pair: bytes, *, before: bool = False) -> Request:
    parts = [pair, request.query] if before else [request.query, pair]
    return replace(request, query=b"&".join(filter(None, parts)))


def with_body(drawing: Drawing, request: Request, body: bytes) -> Request:
    return replace(request.with_header(TYPE, _JSON), body=body)


def ensure_body(drawing: Drawing, request: Request) -> Request:
    return request if request.body else with_body(drawing, request, drawing.valid_body())


def anything(_: Operation) -> bool:
    return True


def takes_body(operation: Operation) -> bool:
    return operation.body_schema is not None


def changes(operation: Operation) -> bool:
    return operation.method != "GET"


def takes_no_body(operation: Operation) -> bool:
    return operation.body_schema is None


def may_lack_body(operation: Operation) -> bool:
    return takes_body(operation) and not operation.body_required


def takes_strangers(operation: Operation) -> bool:
    """Members that are not described are ignored."""
    return (operation.body_schema or {}).get("additionalProperties") is True


def takes_texts(operation: Operation) -> bool:
    """A member of the body has a pattern."""
    parts = (operation.body_schema or {}).get("properties", {})
    return any("pattern" in resolve(part) for part in parts.values())


def has_flags(operation: Operation) -> bool:
    return bool(operation.flags)


def names_node(operation: Operation) -> bool:
    return "{" in operation.template
