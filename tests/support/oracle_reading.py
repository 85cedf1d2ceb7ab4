"""What the contract says about one request, read anew: nothing of the contract layer is used."""

import base64
import json
import math
import re
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from support.oracle_contract import Operation, is_id, keeps, operations, template_of
from support.oracle_request import Request

PREFIXES = ("/pro", "/openvidu/api", "/fleet")
MAX_BODY = 1 << 20
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PLAIN_JSON = re.compile(rb"application/json(;\s*charset=(?i:utf-8))?")
_STRICT_BASIC = re.compile(rb"(?i:basic) +[A-Za-z0-9+/]+={0,2} *")
_DEEP = 500
_MOST_DIGITS = 4300
_NOT_AN_OBJECT: dict[str, Any] = {}


class Reading:
    """A request, and what the contract says about it."""

    def __init__(self, request: Request, authorization: bytes, members: frozenset[str]) -> None:
        """Read a request.

        Args:
            request: Any.
            authorization: The right Authorization header.
            members: Ids of the Media Nodes that are in the cluster.
        """
        self.request = request
        self.path = request.decoded_path
        self._right = _credentials(authorization)
        self._members = members

    @cached_property
    def template(self) -> str | None:
        return template_of(self.path.split("/"))

    @cached_property
    def protected(self) -> bool:
        """Nothing is told about the path without credentials."""
        below = any(f"{self.path}/".startswith(f"{prefix}/") for prefix in PREFIXES)
        return below or (self.template is not None and not self.open)

    @cached_property
    def open(self) -> bool:
        """The path's operations want no credentials."""
        return any(operation.open for operation in self.methods.values())

    @cached_property
    def methods(self) -> dict[str, Operation]:
        """What is served on the path, HEAD included, OPTIONS not."""
        found = {o.method: o for o in operations() if o.template == self.template}
        return found | ({"HEAD": found["GET"]} if "GET" in found else {})

    @cached_property
    def allow(self) -> str:
        return ", ".join(sorted({*self.methods, "OPTIONS"}))

    @cached_property
    def operation(self) -> Operation | None:
        return self.methods.get(self.request.method)

    @cached_property
    def authorized(self) -> bool:
        """Exactly one Authorization header, well-formed and right, where credentials are wanted."""
        if self.open:
            return True
        headers = self.request.all(b"authorization")
        well_formed = len(headers) == 1 and _STRICT_BASIC.fullmatch(headers[0])
        return bool(well_formed and _credentials(headers[0]) == self._right)

    @cached_property
    def nearly_authorized(self) -> bool:
        """A sloppy reader takes the first Authorization header for the right one."""
        headers = self.request.all(b"authorization")
        return bool(headers) and _credentials(headers[0]) == self._right

    @cached_property
    def foreign(self) -> bool:
        """A web page of another origin wants to change something."""
        own = {b"http://127.0.0.1:4443", b"https://127.0.0.1:4443"}
        sites, origins = self.request.all(b"sec-fetch-site"), self.request.all(b"origin")
        strange = set(sites) - {b"same-origin", b"none"} if sites else set(origins) - own
        return self.request.method not in ("GET", "HEAD", "OPTIONS") and bool(strange)

    @cached_property
    def served(self) -> bool:
        """The request gets as far as its operation."""
        return self.operation is not None and self.authorized and not self.foreign

    @cached_property
    def takes_body(self) -> bool:
        return self.served and self.operation is not None and self.operation.body_schema is not None

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.request.query.decode("latin-1"), keep_blank_values=True)

    @cached_property
    def parameters_right(self) -> bool:
        """Path and query keep the contract."""
        assert self.operation is not None
        schemas = self.operation.query
        names = [name for name, _ in self.pairs]
        return (
            _BAD_PERCENT.search(self.request.query) is None
            and len(set(names)) == len(names)
            and set(names) <= set(schemas)
            and all(keeps(schemas[name], value) for name, value in self.pairs)
            and (self.id_segment is None or is_id(self.id_segment))
        )

    @cached_property
    def named_member(self) -> str | None:
        """Id of the Media Node that the path names, if it is in the cluster."""
        return self.id_segment if self.id_segment in self._members else None

    @cached_property
    def id_segment(self) -> str | None:
        """What stands in the path where its template has a parameter."""
        pairs = zip((self.template or "").split("/"), self.path.split("/"), strict=False)
        return next((found for wanted, found in pairs if wanted[:1] == "{"), None)

    @cached_property
    def types(self) -> list[bytes]:
        return self.request.all(b"content-type")

    @cached_property
    def declared_json(self) -> bool:
        """One Content-Type, and it says JSON in some spelling, in whatever charset."""
        if len(self.types) != 1:
            return False
        return self.types[0].split(b";")[0].strip().lower() == b"application/json"

    @cached_property
    def plainly_json(self) -> bool:
        return len(self.types) == 1 and _PLAIN_JSON.fullmatch(self.types[0]) is not None

    @cached_property
    def charset(self) -> str:
        for parameter in self.types[0].decode("latin-1").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"').lower()
        return "utf-8"

    @cached_property
    def read_body(self) -> bytes:
        return self.request.body or b""

    @cached_property
    def body_asked_for(self) -> bool:
        """A body stands where one belongs, and nothing before it is wrong."""
        return self.takes_body and self.parameters_right and bool(self.read_body)

    @cached_property
    def tidy_body(self) -> bool:
        """The body is a JSON object that has what is required, sent as everybody sends it."""
        plain = self.plainly_json and not self.request.chunked and len(self.read_body) <= MAX_BODY
        if not plain or self.request.all(b"content-encoding") or self.json_trouble:
            return False
        assert self.operation is not None
        required = self.operation.body_schema.get("required", [])
        return self.members is not _NOT_AN_OBJECT and set(required) <= set(self.members)

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the body's JSON object, if it is one."""
        try:
            value = None if self.json_trouble else json.loads(self.read_body)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else _NOT_AN_OBJECT

    @cached_property
    def json_trouble(self) -> str | None:
        """Why a body is no JSON although a lenient parser takes it, or chokes on it.

        Returns:
            ``"chokes"``, ``"takes"``, or ``None`` for JSON and for what no parser takes.
        """
        return _json_trouble(self.read_body)


def _credentials(header: bytes) -> str | None:
    """What a sloppy reader makes of an Authorization header."""
    scheme, _, token = header.decode("latin-1").strip().partition(" ")
    if "\t" in scheme:
        scheme, _, token = scheme.partition("\t")
    try:
        return base64.b64decode(token).decode("latin-1") if scheme.lower() == "basic" else None
    except ValueError:
        return None


def badly_encoded(path: bytes) -> bool:
    """Not properly percent-encoded UTF-8."""
    if _BAD_PERCENT.search(path):
        return True
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return True
    return False


def _json_trouble(body: bytes) -> str | None:
    found: list[str] = []

    def number(text: str) -> float:
        if len(text) > _MOST_DIGITS:
            found.append("chokes")
        elif not math.isfinite(float(text)):
            found.append("takes")
        return 0.0

    try:
        text = body.decode()
        if _depth(text) > _DEEP:
            return "chokes"
        value = json.loads(
            text,
            parse_int=number,
            parse_float=number,
            parse_constant=lambda _: found.append("takes"),
        )
    except UnicodeDecodeError:
        return "chokes"
    except ValueError:
        return None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        found.append("takes")
    return min(found) if found else None


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in re.findall(r'"(?:\\.|[^"\\])*"|([\[\]{}])', text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket, 0)
        deepest = max(deepest, depth)
    return deepest
