"""An HTTP server that takes what Elasticsearch 8 takes, and refuses what that refuses.

It stands in for the part that Mediafleet uses: bulk requests, index templates, the list of indices
and their deletion.
"""

from __future__ import annotations

import base64
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from aiohttp import web

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

_JSON = "application/vnd.elasticsearch+json"
_LINES = "application/vnd.elasticsearch+x-ndjson"
_COMPATIBLE = "compatible-with=8"
_INDEX = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}")


class RefusedError(Exception):
    """What Elasticsearch answers to a request that it does not take."""

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(status, kind)
        self.status, self.kind = status, kind


@dataclass
class Elasticsearch:
    """What is stored, and how requests are answered.

    Attributes:
        port: It listens on 127.0.0.1.
        indices: Documents by index and id.
        templates: By name.
        requests: Method and path of each request.
        bulks: How many documents each bulk request had.
        user: Name and password that are required; ``None``: none.
        failing: Status of all answers; ``None``: as it should be.
        item_status: Status of each document in a bulk request; ``None``: as it should be.
        product: Of the header that the client library verifies.
        delay: Seconds before each answer.
    """

    port: int = 0
    indices: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    bulks: list[int] = field(default_factory=list)
    user: tuple[str, str] | None = None
    failing: int | None = None
    item_status: int | None = None
    product: str | None = "Elasticsearch"
    delay: float = 0.0

    def documents(self, kind: str) -> list[dict[str, Any]]:
        """Return all documents of a kind."""
        found = [each for index in self.indices.values() for each in index.values()]
        return [each for each in found if each["elastic_type"] == kind]

    async def until(self, condition: Callable[[], Any], limit_s: float = 10.0) -> None:
        """Wait for something."""
        with anyio.fail_after(limit_s):
            while not condition():
                await anyio.sleep(0.005)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((request.method, request.path))
        await anyio.sleep(self.delay)
        try:
            self._check_head(request)
            status, answer = 200, self._handle(request, body)
        except RefusedError as error:
            status = error.status
            answer = {"error": {"type": error.kind, "reason": "as it is"}, "status": status}
        headers = {"Content-Type": f"{_JSON};{_COMPATIBLE}"}
        if self.product is not None:
            headers["X-Elastic-Product"] = self.product
        return web.Response(status=status, body=json.dumps(answer), headers=headers)

    def _check_head(self, request: web.Request) -> None:
        if self.user is not None:
            code = base64.b64encode(":".join(self.user).encode()).decode()
            if request.headers.get("Authorization") != f"Basic {code}":
                raise RefusedError(401, "security_exception")
        if self.failing is not None:
            raise RefusedError(self.failing, "unavailable_shards_exception")
        if request.query.get("format") != "json":
            _check_type(request.headers.get("Accept", ""), _JSON, 406)
        if request.can_read_body:
            is_bulk = request.path == "/_bulk"
            _check_type(request.headers.get("Content-Type", ""), _LINES if is_bulk else _JSON, 415)

    def _handle(self, request: web.Request, body: bytes) -> Any:
        match request.method, request.path.split("/")[1:]:
            case "PUT", ["_bulk"]:
                return self._bulk(body)
            case "POST", ["_bulk"]:
                return self._bulk(body)
            case "PUT", ["_index_template", name]:
                template = json.loads(body)
                if set(template) - {"index_patterns", "template", "priority", "version"}:
                    raise RefusedError(400, "x_content_parse_exception")
                self.templates[name] = template
                return {"acknowledged": True}
            case "GET", ["_cat", "indices", patterns]:
                wanted = [re.escape(each).replace(r"\*", ".*") for each in patterns.split(",")]
                names = [
                    name
                    for name in self.indices
                    if any(re.fullmatch(pattern, name) for pattern in wanted)
                ]
                return [{"index": name} for name in names]
            case "DELETE", [name] if _INDEX.fullmatch(name):
                if self.indices.pop(name, None) is None:
                    raise RefusedError(404, "index_not_found_exception")
                return {"acknowledged": True}
        raise RefusedError(400, "illegal_argument_exception")

    def _bulk(self, body: bytes) -> Any:
        if not body.endswith(b"\n"):
            raise RefusedError(400, "illegal_argument_exception")
        lines = body[:-1].split(b"\n")
        items = []
        for action, source in zip(lines[::2], lines[1::2], strict=True):
            ((verb, place),) = json.loads(action).items()
            if verb != "index" or set(place) - {"_index", "_id"}:
                raise RefusedError(400, "illegal_argument_exception")
            items.append({"index": self._index(place, json.loads(source))})
        self.bulks.append(len(items))
        return {
            "took": 1,
            "errors": any("error" in each["index"] for each in items),
            "items": items,
        }

    def _index(self, place: dict[str, str], document: dict[str, Any]) -> dict[str, Any]:
        name, identifier = place["_index"], place.get("_id")
        if _INDEX.fullmatch(name) is None:
            return _refused(400, "invalid_index_name_exception")
        if self.item_status is not None:
            return _refused(self.item_status, "es_rejected_execution_exception")
        if type(document.get("timestamp")) is not int:
            return _refused(400, "document_parsing_exception")
        index = self.indices.setdefault(name, {})
        identifier = identifier or f"made-{len(index)}"
        is_new = identifier not in index
        index[identifier] = document
        return {"_index": name, "_id": identifier, "status": 201 if is_new else 200}


def _check_type(value: str, kind: str, status: int) -> None:
    """Elasticsearch wants the version with its own types, and takes no other of them."""
    plain = kind.replace("vnd.elasticsearch+", "")
    name, _, version = value.partition(";")
    if name.strip() == kind and version.strip() == _COMPATIBLE:
        return
    if name.strip() != plain:
        raise RefusedError(status, "media_type_header_exception")


def _refused(status: int, kind: str) -> dict[str, Any]:
    return {"status": status, "error": {"type": kind, "reason": "as it is"}}


@asynccontextmanager
async def elasticsearch(
    tls: ssl.SSLContext | None = None, port: int = 0, **options: Any
) -> AsyncIterator[Elasticsearch]:
    """Serve on a free port, or on the one given."""
    server = Elasticsearch(**options)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = server.answer
    app = web.Application(client_max_size=10 * 1024**2)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
