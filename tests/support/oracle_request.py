"""Requests and answers of the oracle: as ASGI sees them, made by hand so that odd ones can be said.

No socket and no HTTP library is in between; what only such a thing can get wrong (framing, request
lines that are none) is tested with raw sockets elsewhere.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

import anyio

from mediafleet.contract.responses import reason_phrase

LIMIT_S = 20.0
COMPARED_HEADERS = ("content-type", "allow", "www-authenticate", "retry-after", "location")
_SHOWN_BYTES = 300
_ERROR_KEYS = {"timestamp", "status", "error", "message", "path"}
_LINE_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def basic(user: str, secret: str) -> bytes:
    """The value of an Authorization header."""
    return b"Basic " + base64.b64encode(f"{user}:{secret}".encode())


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request.

    Attributes:
        path: As sent, percent-encoded.
        query: As sent, without the question mark.
        headers: Names in lower case; those that frame the body are not among them.
        body: ``None`` for a request that announces none.
        chunked: The body comes in chunks, without a Content-Length.
    """

    method: str
    path: bytes
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes | None = None
    chunked: bool = False

    @property
    def decoded_path(self) -> str:
        """The path as an ASGI server hands it over."""
        return unquote(self.path.decode("ascii"))

    def all(self, name: bytes) -> list[bytes]:
        """The values of one header."""
        return [value for known, value in self.headers if known == name]

    def without(self, *names: bytes) -> "Request":
        """The same request without some headers."""
        return replace(self, headers=tuple(h for h in self.headers if h[0] not in names))

    def with_header(self, name: bytes, value: bytes) -> "Request":
        """The same request with this header once, whatever it had before."""
        return replace(self.without(name), headers=(*self.without(name).headers, (name, value)))

    def scope(self) -> dict[str, Any]:
        """A fresh ASGI scope, as uvicorn makes it."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.decoded_path,
            "raw_path": self.path,
            "query_string": self.query,
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1:4443"), *self.headers, *self._framing()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 4443),
            "state": {},
        }

    def messages(self) -> list[dict[str, Any]]:
        """The body as an ASGI server hands it over."""
        body = self.body or b""
        parts = [body[:7], body[7:], b""] if self.chunked else [body]
        last = len(parts) - 1
        return [
            {"type": "http.request", "body": part, "more_body": number < last}
            for number, part in enumerate(parts)
        ]

    def _framing(self) -> list[tuple[bytes, bytes]]:
        if self.body is None:
            return []
        if self.chunked:
            return [(b"transfer-encoding", b"chunked")]
        return [(b"content-length", b"%d" % len(self.body))]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis shows: not a megabyte."""
        printer.text(repr(self))

    def __repr__(self) -> str:
        lines = [f"{self.method} {self.path!r} ?{self.query!r}"]
        lines += [f"  {name.decode()}: {value!r}" for name, value in self.headers]
        if self.body is not None:
            framing = "chunked" if self.chunked else "with its length"
            lines.append(f"  body of {len(self.body)} bytes, {framing}: {_cut(self.body)}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as far as the two applications are held to agree on it.

    Attributes:
        headers: Those of ``COMPARED_HEADERS`` that there are; of a challenge the scheme alone, of
            ``Allow`` the methods in their order.
        body: Of an error what does not depend on time, place and wording; else all of it.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def with_headers(self, **changes: str | None) -> "Answer":
        """The same answer with some headers set, or taken away by ``None``."""
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        kept = {name: value for name, value in self.headers.items() if name not in named}
        new = {name: value for name, value in named.items() if value is not None}
        return replace(self, headers=kept | new)

    def __str__(self) -> str:
        return f"{self.status} {dict(self.headers)} {self.body[:2000]}"


def refusal(status: int, request: Request, **headers: str) -> Answer:
    """The error answer that the contract documents for a status."""
    body = json.dumps({"error": reason_phrase(status), "status": status})
    body = "" if request.method == "HEAD" else body
    return Answer(status, {"content-type": "application/json"}, body).with_headers(**headers)


async def ask(app: Any, request: Request) -> tuple[Answer, dict[str, Any] | None]:
    """Have an application answer a request whose client stays on the line.

    Returns:
        The answer, and the error body with all its members if it is one.

    Raises:
        TimeoutError: No answer came.
    """
    incoming = request.messages()
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop(0)
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    with anyio.fail_after(LIMIT_S):
        await app(request.scope(), receive, send)
    assert not sent[-1].get("more_body"), "the answer has no end"
    status = sent[0]["status"]
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return _answer(request, status, headers, b"" if request.method == "HEAD" else body)


def _answer(
    request: Request, status: int, headers: dict[str, str], body: bytes
) -> tuple[Answer, dict[str, Any] | None]:
    compared = {name: headers[name] for name in COMPARED_HEADERS if name in headers}
    if "www-authenticate" in compared:
        compared["www-authenticate"] = compared["www-authenticate"].split()[0]
    if not body:
        return Answer(status, compared), None
    if not compared.get("content-type", "").startswith("application/json"):
        return Answer(status, compared, body.decode("latin-1")), None
    value = json.loads(body)
    if status < 400:
        return Answer(status, compared, json.dumps(value, sort_keys=True)), None
    kept = {name: value[name] for name in value if name not in ("timestamp", "message", "path")}
    return Answer(status, compared, json.dumps(kept, sort_keys=True)), value


def check_form(request: Request, status: int, error: dict[str, Any] | None) -> None:
    """Hold an error body of ours against what the contract says of it."""
    if error is None:
        return
    assert set(error) == _ERROR_KEYS, error
    assert error["status"] == status, error
    assert error["timestamp"] > 0, error
    assert 0 < len(error["message"]) <= 8192, error
    assert not _LINE_BREAKING.search(error["message"] + error["path"]), error
    if request.decoded_path.isascii() and request.decoded_path.isprintable():
        assert request.decoded_path.startswith(error["path"].removesuffix("…")), error


def _cut(body: bytes) -> str:
    more = "…" if len(body) > _SHOWN_BYTES else ""
    return f"{body[:_SHOWN_BYTES]!r}{more}"
