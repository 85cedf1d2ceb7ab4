"""A scenario of a cluster whose server may be killed at any moment, and what must hold then.

The driver sends requests. When the server is killed during a request, the driver starts it again,
reads the state of the cluster, and goes on from there.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import httpx

from support import histories
from support.kurento_wire import Wire, open_wire, wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

SECRET = "a-secret-of-the-tests"
NODES = "/pro/media-nodes"
TIMEOUT_S = 40.0
_POLL_S = 0.02
_URL = re.compile(r"serves (http\S+)")
Json = dict[str, Any]


class KillEnvironment(Protocol):
    """Where the machines of a scenario are.

    Attributes:
        name: Of the environment.
        launches: The server launches the machines.
        environ: Configuration of the server, as variables.
    """

    @property
    def name(self) -> str: ...
    @property
    def launches(self) -> bool: ...
    @property
    def environ(self) -> Mapping[str, str]: ...

    async def machines(self) -> Sequence[str]:
        """Environment ids of all machines there are, not asked through the server."""

    def made(self) -> Mapping[str, int]:
        """How often a machine was made for each node, as the machines' side has it."""

    def new_node(self) -> Json:
        """The body of a request for one more node."""


class ServerKilledError(Exception):
    """The server was killed before it answered."""


@contextmanager
def fork_server() -> Iterator[subprocess.Popen[str]]:
    """The process that servers are forked from."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", "support.kill_fork_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@dataclass
class Scenario:
    """One cluster, from its first start to its end.

    Attributes:
        fork_server: Forks servers.
        folder: Of all files.
        environment: The machines.
        fatal: Points to be killed at, of the first server, the second, and so on.
        kept: Ids of members that were acknowledged and that nobody asked to leave.
        asked: Ids of members that somebody asked to leave.
        evicted: Ids of members that had to leave a session behind; one each.
    """

    fork_server: subprocess.Popen[str]
    folder: Path
    environment: KillEnvironment
    fatal: Sequence[str]
    kept: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    evicted: set[str] = field(default_factory=set)
    starts: int = 0
    pid: int = 0
    _api: httpx.AsyncClient | None = None

    @property
    def database(self) -> Path:
        return self.folder / "data" / "mediafleet.db"

    def points(self, start: int = 1) -> list[str]:
        """All points that a server passed, in order."""
        return self._journal("point", start)

    def launched(self) -> Mapping[str, set[str]]:
        """Environment ids of machines that launches brought, by node."""
        found: dict[str, set[str]] = defaultdict(set)
        for start in range(1, self.starts + 1):
            for line in self._journal("launched", start):
                node_id, environment_id = line.split()
                found[node_id].add(environment_id)
        return found

    def _journal(self, what: str, start: int) -> list[str]:
        lines = (self.folder / f"journal{start}").read_text().splitlines()
        return [line.removeprefix(f"{what} ") for line in lines if line.startswith(f"{what} ")]

    async def start(self) -> None:
        """Start the server."""
        self.starts += 1
        log = self.folder / f"log{self.starts}"
        dotenv = self.folder / ".env"
        dotenv.touch()
        order = {
            "arguments": [
                *("--port", "0"),
                *("--data-dir", str(self.folder / "data")),
                *("--env-file", str(dotenv)),
            ],
            "environ": {"OPENVIDU_SECRET": SECRET, **self.environment.environ},
            "log": str(log),
            "journal": str(self.folder / f"journal{self.starts}"),
            "fatal": self.fatal[self.starts - 1] if self.starts <= len(self.fatal) else "",
        }
        assert self.fork_server.stdin is not None
        assert self.fork_server.stdout is not None
        self.fork_server.stdin.write(json.dumps(order) + "\n")
        self.fork_server.stdin.flush()
        self.pid = int(self.fork_server.stdout.readline())
        deadline = time.monotonic() + TIMEOUT_S
        while not (found := _URL.search(_read(log))):
            if not self.is_running():
                raise ServerKilledError(_read(log))
            assert time.monotonic() < deadline, _read(log)
            await anyio.sleep(_POLL_S)
        self._api = httpx.AsyncClient(
            base_url=found[1], auth=("OPENVIDUAPP", SECRET), timeout=TIMEOUT_S
        )

    def is_running(self) -> bool:
        with suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return True
        return False

    async def ask(self, method: str, path: str, **question: Any) -> httpx.Response:
        """Send a request.

        Raises:
            ServerKilledError: It was killed before it answered.
        """
        assert self._api is not None
        try:
            return await self._api.request(method, path, **question)
        except httpx.TransportError as error:
            with anyio.fail_after(TIMEOUT_S):
                while self.is_running():
                    await anyio.sleep(_POLL_S)
            raise ServerKilledError from error

    async def members(self) -> dict[str, Json]:
        answer = await self.ask("GET", NODES, params={"sessions": "true"})
        return {node["id"]: node for node in answer.json()["content"]}

    async def until(self, holds: Callable[[dict[str, Json]], bool]) -> dict[str, Json]:
        members: dict[str, Json] = {}
        with anyio.move_on_after(TIMEOUT_S):
            while not holds(members := await self.members()):
                await anyio.sleep(_POLL_S)
            return members
        raise AssertionError(f"after {TIMEOUT_S} s still {members}\n{self.logs()}")

    async def reach(self, goal: Callable[[], Awaitable[None]]) -> None:
        """Go for a goal until it is reached, starting the server again when it is killed."""
        while True:
            try:
                await goal()
            except ServerKilledError:
                await self.restart()
            else:
                return

    async def restart(self) -> None:
        while True:
            with suppress(ServerKilledError):
                await self.start()
                return
            assert self.starts < 4, self.logs()

    async def end(self) -> None:
        """End the server as its operator would."""
        if self._api is not None:
            await self._api.aclose()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with anyio.fail_after(TIMEOUT_S):
            while self.is_running():
                await anyio.sleep(_POLL_S)

    def logs(self) -> str:
        return "\n".join(_read(self.folder / f"log{n}") for n in range(1, self.starts + 1))


def running(members: Mapping[str, Json]) -> set[str]:
    return {node_id for node_id, node in members.items() if node["status"] == "running"}


class Steps:
    """The steps: grow, cancel a launch, run, drain, restart with a new configuration, terminate."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.drained: str | None = None
        self.victim: str | None = None
        self.wire: Wire | None = None
        self.session: str | None = None

    async def play(self) -> None:
        for goal in (
            self.grown_to_one,
            self.launch_cancelled,
            self.drained_to_the_last_session,
            self.restarted_with_two,
            self.terminated_at_once,
            self.settled,
        ):
            await self.scenario.reach(goal)
        if self.wire is not None:
            await self.wire.connection.close()

    async def grown_to_one(self) -> None:
        if not self.scenario.starts:
            await self.scenario.start()
        if not self.scenario.environment.launches and not await self.scenario.members():
            await self.add()
        members = await self.scenario.until(
            lambda members: len(running(members)) == len(members) > 0
        )
        self.scenario.kept |= set(members)

    async def add(self) -> str:
        answer = await self.scenario.ask("POST", NODES, json=self.scenario.environment.new_node())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def launch_cancelled(self) -> None:
        scenario = self.scenario
        extra = set(await scenario.members()) - scenario.kept - scenario.asked
        if not extra and not scenario.asked:
            extra = {await self.add()}
        for node_id in extra:
            scenario.asked.add(node_id)
        for node_id in scenario.asked & set(await scenario.members()):
            cancelled = await scenario.ask(
                "PATCH", f"{NODES}/{node_id}", json={"status": "canceled"}
            )
            if cancelled.status_code == 400:  # it runs already, or is on its way out
                await scenario.ask("DELETE", f"{NODES}/{node_id}")
        await scenario.until(lambda members: not scenario.asked & set(members))

    async def drained_to_the_last_session(self) -> None:
        scenario = self.scenario
        if self.drained is None:
            self.drained = next(iter(scenario.kept))
            scenario.kept.discard(self.drained)
            scenario.asked.add(self.drained)
        members = await scenario.members()
        if self.drained in members and self.wire is None:
            self.wire = await open_wire(members[self.drained]["uri"])
            self.session = await self.wire.create("MediaPipeline")
        if self.drained in members and self.session is not None:
            drained = self.drained
            await scenario.until(lambda members: len(members[drained]["sessions"]) == 1)
            answer = await scenario.ask(
                "DELETE", f"{NODES}/{drained}", params={"deletion-strategy": "when-no-sessions"}
            )
            assert answer.status_code == 202, answer.text
            await self.session_must_exist()
            assert self.wire is not None
            await self.wire.call("release", object=self.session)
            self.session = None
        await scenario.until(lambda members: self.drained not in members)

    async def session_must_exist(self) -> None:
        assert self.wire is not None
        await self.wire.call("describe", object=self.session)

    async def restarted_with_two(self) -> None:
        scenario = self.scenario
        answer = await scenario.ask(
            "POST", "/pro/restart", json={"OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 2}
        )
        assert answer.status_code == 200, answer.text
        while not scenario.environment.launches and len(await scenario.members()) < 2:
            await self.add()
        members = await scenario.until(lambda members: len(running(members)) == len(members) == 2)
        scenario.kept |= set(members)

    async def terminated_at_once(self) -> None:
        scenario = self.scenario
        if self.victim is None:
            self.victim = min(scenario.kept)
            scenario.kept.discard(self.victim)
            scenario.asked.add(self.victim)
        await self.session_on(self.victim)
        answer = await scenario.ask(
            "DELETE",
            f"{NODES}/{self.victim}",
            params={"deletion-strategy": "now", "wait": "true"},
        )
        assert answer.status_code in (204, 404, 502), answer.text  # 502: it is tried again
        await scenario.until(lambda members: self.victim not in members)

    async def session_on(self, victim: str) -> None:
        """Have a session on a node that is to go at once, unless it had one already."""
        members = await self.scenario.members()
        if victim in members and victim not in self.scenario.evicted:
            async with wire(members[victim]["uri"]) as client:
                await client.create("MediaPipeline")
            self.scenario.evicted.add(victim)
        if members.get(victim, {}).get("status") == "running":
            await self.scenario.until(lambda members: len(members[victim]["sessions"]) == 1)

    async def settled(self) -> None:
        await self.scenario.until(lambda members: len(running(members)) == len(members))


async def faults(scenario: Scenario) -> list[str]:
    """Everything that is wrong after a scenario, in words; empty when all is well."""
    members = await scenario.members()
    found = []
    if lost := scenario.kept - set(members):
        found.append(f"lost: {lost}")
    if ghosts := scenario.asked & set(members):
        found.append(f"still there: {ghosts}")
    found += await _faults_of_machines(scenario, members)
    stored = histories.read_members(scenario.database)
    events = histories.read_events(scenario.database)
    found += histories.faults(events, stored)
    ends = Counter(event["node"] for event in events if event["name"] == "sessionDestroyed")
    if ends != Counter(scenario.evicted):
        found.append(f"ends of sessions were emitted for {ends}, not for {scenario.evicted}")
    if stored != {node_id: node["status"] for node_id, node in members.items()}:
        found.append(f"stored {stored}, shown {members}")
    return found


async def _faults_of_machines(scenario: Scenario, members: Mapping[str, Json]) -> list[str]:
    found = []
    machines = sorted(await scenario.environment.machines())
    known = sorted(node["environmentId"] for node in members.values())
    if scenario.environment.launches and machines != known:
        found.append(f"machines {machines}, members' {known}")
    launched, made = scenario.launched(), scenario.environment.made()
    for node_id, environment_ids in launched.items():
        if len(environment_ids) > 1:
            found.append(f"{node_id} was launched as {environment_ids}")
    for node_id in launched.keys() | made.keys():
        times = made.get(node_id, 0)
        if scenario.environment.launches and times != 1:
            found.append(f"{times} machines were made for {node_id}")
    return found


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
