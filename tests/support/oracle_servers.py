"""The two applications over the same handlers, and the cluster behind them.

There is one cluster: real services, a real store, emulated Media Nodes; the stock application gets
the very handlers, credentials and table of errors that the program hands to its own layer. The
wall clock stands still, so answers compare whole. Each application is asked while the cluster is in
the same prepared state: three nodes (one idle, one that hosts a session, one in quarantine with a
session) and the configuration as it was read. Whatever a request changed is noted as its effect,
which must be alike too, and is then undone; requests that change nothing cost no such pause.
"""

import functools
import json
import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import anyio

from mediafleet import contract
from mediafleet.app import create_app
from mediafleet.clock import SystemClock
from mediafleet.domain import identifiers
from mediafleet.domain.errors import NotFoundError
from mediafleet.emulator import EmulatedCluster
from support import live
from support.oracle_contract import operations
from support.oracle_request import Answer, Request, ask, check_form
from support.oracle_stock import stock_app

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
DEADLINE_S = 20.0
_ID = re.compile(r"kms_[A-Za-z0-9]{8}")


class StandingClock(SystemClock):
    """The wall clock stands still; what is measured goes on."""

    def now(self) -> datetime:
        return MOMENT


@dataclass(frozen=True, slots=True)
class Planned:
    """A Media Node of the prepared state.

    Attributes:
        id: Its id, made from a seed of its own.
        number: Of its emulated node.
        session: The name of the session that it hosts.
    """

    id: str
    number: int
    session: str | None = None
    status: str = "running"


def _planned_id(number: int) -> str:
    return identifiers.media_node_id(random.Random(number))


IDLE, BUSY, DRAINING = (
    Planned(_planned_id(0), 0),
    Planned(_planned_id(1), 1, "physics-101"),
    Planned(_planned_id(2), 2, "room", "waiting-idle-to-terminate"),
)
PLAN = (IDLE, BUSY, DRAINING)
FREE_NODE = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request.

    Attributes:
        answer: To the client.
        call: The handler that was called and with what; empty if none was.
        effect: The cluster once it has settled.
    """

    answer: Answer
    call: str
    effect: str


class Calls:
    """Notes what reaches the handlers; of a body only the members that the contract describes."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def through(self, name: str, handler: contract.Handler) -> contract.Handler:
        """The same handler, its calls noted."""
        schemas = {operation.name: operation.body_schema for operation in operations()}
        described = (schemas[name] or {}).get("properties", {})

        @functools.wraps(handler)
        async def handle(*arguments: Any, **named: Any) -> Any:
            shown = dict(named)
            if isinstance(named.get("body"), dict):
                shown["body"] = {k: v for k, v in named["body"].items() if k in described}
            self.noted.append(f"{name} {arguments} {sorted(shown.items())}")
            return await handler(*arguments, **named)

        return handle


def decoding(handler: contract.Handler) -> contract.Handler:
    """The same handler for who knows no bodies that are JSON already, and no typed text."""

    @functools.wraps(handler)
    async def handle(*arguments: Any, **named: Any) -> Any:
        body, *rest = await handler(*arguments, **named)
        if isinstance(body, str):
            return body
        return (json.loads(body) if isinstance(body, contract.EncodedJson) else body, *rest)

    return handle


class Servers:
    """Both applications and what is behind them; made by :func:`running`."""

    def __init__(
        self,
        fleet: EmulatedCluster,
        ours: Any,
        given: Mapping[str, Any],
        calls: Calls,
        source: random.Random,
    ) -> None:
        self.fleet = fleet
        self.ours = ours
        self.stock = stock_app(given)
        self._do = given["handlers"]
        self._settings = given["authenticate"].__self__
        self._first_settings = self._settings.value
        self._calls = calls
        self._source = source
        self.port = fleet.port
        self.prepared = ""

    async def prepare(self) -> None:
        """Make the prepared state for the first time."""
        self._first_settings = self._settings.value
        await self._restore()

    async def outcome(self, app: Any, request: Request) -> Outcome:
        """Ask one application, in the prepared state, and leave that state behind.

        Raises:
            TimeoutError: No answer came.
        """
        restarts = await self._restarts()
        self._calls.noted.clear()
        answer, error = await ask(app, request)
        call = "; ".join(self._calls.noted)
        if app is self.ours:
            check_form(request, answer.status, error)
        answer = Answer(answer.status, answer.headers, _with_known_ids(answer.body))
        effect = await self._settled()
        restarted = await self._restarts() - restarts
        if effect != self.prepared:
            await self._restore()
        return Outcome(answer, call, f"{restarted} {effect}" if restarted else effect)

    async def _restarts(self) -> int:
        health, *_ = await self._do["get_health"]()
        return int(health["restartCounter"])

    async def _picture(self) -> tuple[list[dict[str, Any]], str]:
        listed, _ = await self._do["list_media_nodes"](sessions=True)
        config, _ = await self._do["get_config"]()
        nodes = sorted(listed["content"], key=lambda node: str(node["uri"]))
        shown = {**config, "KMS_URIS": sorted(config["KMS_URIS"]), "nodes": nodes}
        shown["limits"] = [await self._limit_of(node) for node in nodes]
        return nodes, _with_known_ids(json.dumps(shown, sort_keys=True))

    async def _limit_of(self, node: Mapping[str, Any]) -> list[Any]:
        """What limits the drain of a node, as far as time does not change it."""
        with suppress(NotFoundError):
            drain, _ = await self._do["get_media_node_drain"](node["id"])
            return [drain["deadline"], drain["atDeadline"]]
        return []

    async def _settled(self) -> str:
        """The cluster as it is once nothing in it moves by itself."""
        with anyio.fail_after(DEADLINE_S):
            while True:
                nodes, picture = await self._picture()
                if picture == self.prepared or all(map(_at_rest, nodes)):
                    return picture
                await anyio.sleep(0.002)

    async def _restore(self) -> None:
        self._settings.value = self._first_settings
        (self._first_settings.data_dir / ".env").unlink(missing_ok=True)
        await self._settled()
        nodes, _ = await self._picture()
        for node in nodes:
            if node["id"] not in {planned.id for planned in PLAN}:
                await self._remove(node["id"])
        for planned in PLAN:
            await self._restore_node(planned)
        picture = await self._settled()
        self.prepared = self.prepared or picture
        assert picture == self.prepared, f"not restored:\n{picture}\n{self.prepared}"

    async def _remove(self, node_id: str) -> None:
        await self._do["remove_media_node"](node_id, deletion_strategy="now", wait=True)

    async def _restore_node(self, planned: Planned) -> None:
        emulated = self.fleet.nodes[planned.number]
        listed, _ = await self._do["list_media_nodes"]()
        status = {node["id"]: node["status"] for node in listed["content"]}.get(planned.id)
        if status is None:
            self._source.seed(planned.number)
            await self._do["add_media_node"]({"uri": emulated.uri}, wait=True)
            status = "running"
        if planned.session and planned.session not in emulated.pipelines.values():
            emulated.create_pipeline(planned.session)
        await self._await_sessions(planned)
        if status != planned.status:
            await self._do["modify_media_node"](planned.id, {"status": planned.status})
        elif status == DRAINING.status:
            await self._do["drain_media_node"](planned.id)

    async def _await_sessions(self, planned: Planned) -> None:
        with anyio.fail_after(DEADLINE_S):
            while True:
                node, _ = await self._do["get_media_node"](planned.id, sessions=True)
                known = [session["sessionId"] for session in node["sessions"]]
                if node["connected"] and known == ([planned.session] if planned.session else []):
                    return
                await anyio.sleep(0.002)


def _at_rest(node: Mapping[str, Any]) -> bool:
    quarantined = node["status"] == "waiting-idle-to-terminate" and node["sessions"]
    return node["connected"] and (node["status"] == "running" or bool(quarantined))


def _with_known_ids(text: str) -> str:
    known = {planned.id for planned in PLAN}
    return _ID.sub(lambda found: found[0] if found[0] in known else "kms_new", text)


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Servers]:
    """Both applications over one cluster in its prepared state."""
    source, calls, given = random.Random(0), Calls(), dict[str, Any]()
    make_app = contract.create_app

    def listen(specification: Any, handlers: Any, **others: Any) -> Any:
        noted = {name: calls.through(name, handler) for name, handler in handlers.items()}
        decoded = {name: decoding(handler) for name, handler in noted.items()}
        given.update(specification=specification, handlers=decoded, **others)
        return make_app(specification, noted, **others)

    with mock.patch.object(contract, "create_app", listen):
        ours = create_app(live.configuration(data_dir), clock=StandingClock(), random=source)
    clock = StandingClock()
    async with (
        EmulatedCluster(nodes=FREE_NODE + 1, random=random.Random(7), clock=clock) as fleet,
        given["lifespan"](ours),
    ):
        for node in fleet.nodes:
            node.set_load(None)
        servers = Servers(fleet, ours, given, calls, source)
        await servers.prepare()
        yield servers
