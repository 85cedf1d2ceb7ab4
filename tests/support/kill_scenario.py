"""A scripted life of a cluster whose server may be killed at any moment, and what must hold then.

The driver asks the server for things as a person with patience would: when the server dies under a
question it starts it again, looks at what has become of the matter, and goes on from there.
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
PATIENCE_S = 40.0
_LOOK_AGAIN_S = 0.02
_URL = re.compile(r"serves (http\S+)")
Json = dict[str, Any]


class Ground(Protocol):
    """Where the machines of a life are.

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


class ServerDiedError(Exception):
    """The server was gone when it was asked."""


@contextmanager
def zygote() -> Iterator[subprocess.Popen[str]]:
    """The process that servers are forked from."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", "support.kill_zygote"],
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
class Life:
    """One cluster, from its first start to its end.

    Attributes:
        zygote: Forks servers.
        folder: Of all files.
        ground: The machines.
        fatal: Points to be killed at, of the first server, the second, and so on.
        kept: Ids of members that were acknowledged and that nobody asked to leave.
        asked: Ids of members that somebody asked to leave.
        evicted: Ids of members that had to leave a session behind; one each.
    """

    zygote: subprocess.Popen[str]
    folder: Path
    ground: Ground
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
            "environ": {"OPENVIDU_SECRET": SECRET, **self.ground.environ},
            "log": str(log),
            "journal": str(self.folder / f"journal{self.starts}"),
            "fatal": self.fatal[self.starts - 1] if self.starts <= len(self.fatal) else "",
        }
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps(order) + "\n")
        self.zygote.stdin.flush()
        self.pid = int(self.zygote.stdout.readline())
        deadline = time.monotonic() + PATIENCE_S
        while not (found := _URL.search(_read(log))):
            if not self.lives():
                raise ServerDiedError(_read(log))
            assert time.monotonic() < deadline, _read(log)
            await anyio.sleep(_LOOK_AGAIN_S)
        self._api = httpx.AsyncClient(
            base_url=found[1], auth=("OPENVIDUAPP", SECRET), timeout=PATIENCE_S
        )

    def lives(self) -> bool:
        with suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return True
        return False

    async def ask(self, method: str, path: str, **question: Any) -> httpx.Response:
        """Ask the server.

        Raises:
            ServerDiedError: It died before it answered.
        """
        assert self._api is not None
        try:
            return await self._api.request(method, path, **question)
        except httpx.TransportError as error:
            with anyio.fail_after(PATIENCE_S):
                while self.lives():
                    await anyio.sleep(_LOOK_AGAIN_S)
            raise ServerDiedError from error

    async def members(self) -> dict[str, Json]:
        answer = await self.ask("GET", NODES, params={"sessions": "true"})
        return {node["id"]: node for node in answer.json()["content"]}

    async def until(self, holds: Callable[[dict[str, Json]], bool]) -> dict[str, Json]:
        members: dict[str, Json] = {}
        with anyio.move_on_after(PATIENCE_S):
            while not holds(members := await self.members()):
                await anyio.sleep(_LOOK_AGAIN_S)
            return members
        raise AssertionError(f"after {PATIENCE_S} s still {members}\n{self.logs()}")

    async def reach(self, goal: Callable[[], Awaitable[None]]) -> None:
        """Go for a goal until it is reached, starting the server again when it dies."""
        while True:
            try:
                await goal()
            except ServerDiedError:
                await self.restart()
            else:
                return

    async def restart(self) -> None:
        while True:
            with suppress(ServerDiedError):
                await self.start()
                return
            assert self.starts < 4, self.logs()

    async def end(self) -> None:
        """End the server as its operator would."""
        if self._api is not None:
            await self._api.aclose()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with anyio.fail_after(PATIENCE_S):
            while self.lives():
                await anyio.sleep(_LOOK_AGAIN_S)

    def logs(self) -> str:
        return "\n".join(_read(self.folder / f"log{n}") for n in range(1, self.starts + 1))


def running(members: Mapping[str, Json]) -> set[str]:
    return {node_id for node_id, node in members.items() if node["status"] == "running"}


class Script:
    """The life: grow, cancel a launch, run, drain, restart with a new configuration, terminate."""

    def __init__(self, life: Life) -> None:
        self.life = life
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
            await self.life.reach(goal)
        if self.wire is not None:
            await self.wire.connection.close()

    async def grown_to_one(self) -> None:
        if not self.life.starts:
            await self.life.start()
        if not self.life.ground.launches and not await self.life.members():
            await self.add()
        members = await self.life.until(lambda members: len(running(members)) == len(members) > 0)
        self.life.kept |= set(members)

    async def add(self) -> str:
        answer = await self.life.ask("POST", NODES, json=self.life.ground.new_node())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def launch_cancelled(self) -> None:
        life = self.life
        extra = set(await life.members()) - life.kept - life.asked
        if not extra and not life.asked:
            extra = {await self.add()}
        for node_id in extra:
            life.asked.add(node_id)
        for node_id in life.asked & set(await life.members()):
            cancelled = await life.ask("PATCH", f"{NODES}/{node_id}", json={"status": "canceled"})
            if cancelled.status_code == 400:  # it runs already, or is on its way out
                await life.ask("DELETE", f"{NODES}/{node_id}")
        await life.until(lambda members: not life.asked & set(members))

    async def drained_to_the_last_session(self) -> None:
        life = self.life
        if self.drained is None:
            self.drained = next(iter(life.kept))
            life.kept.discard(self.drained)
            life.asked.add(self.drained)
        members = await life.members()
        if self.drained in members and self.wire is None:
            self.wire = await open_wire(members[self.drained]["uri"])
            self.session = await self.wire.create("MediaPipeline")
        if self.drained in members and self.session is not None:
            drained = self.drained
            await life.until(lambda members: len(members[drained]["sessions"]) == 1)
            answer = await life.ask(
                "DELETE", f"{NODES}/{drained}", params={"deletion-strategy": "when-no-sessions"}
            )
            assert answer.status_code == 202, answer.text
            await self.session_must_live()
            assert self.wire is not None
            await self.wire.call("release", object=self.session)
            self.session = None
        await life.until(lambda members: self.drained not in members)

    async def session_must_live(self) -> None:
        assert self.wire is not None
        await self.wire.call("describe", object=self.session)

    async def restarted_with_two(self) -> None:
        life = self.life
        answer = await life.ask(
            "POST", "/pro/restart", json={"OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 2}
        )
        assert answer.status_code == 200, answer.text
        while not life.ground.launches and len(await life.members()) < 2:
            await self.add()
        members = await life.until(lambda members: len(running(members)) == len(members) == 2)
        life.kept |= set(members)

    async def terminated_at_once(self) -> None:
        life = self.life
        if self.victim is None:
            self.victim = min(life.kept)
            life.kept.discard(self.victim)
            life.asked.add(self.victim)
        await self.session_on(self.victim)
        answer = await life.ask(
            "DELETE",
            f"{NODES}/{self.victim}",
            params={"deletion-strategy": "now", "wait": "true"},
        )
        assert answer.status_code in (204, 404, 502), answer.text  # 502: it is tried again
        await life.until(lambda members: self.victim not in members)

    async def session_on(self, victim: str) -> None:
        """Have a session on a node that is to go at once, unless it had one already."""
        members = await self.life.members()
        if victim in members and victim not in self.life.evicted:
            async with wire(members[victim]["uri"]) as client:
                await client.create("MediaPipeline")
            self.life.evicted.add(victim)
        if members.get(victim, {}).get("status") == "running":
            await self.life.until(lambda members: len(members[victim]["sessions"]) == 1)

    async def settled(self) -> None:
        await self.life.until(lambda members: len(running(members)) == len(members))


async def faults(life: Life) -> list[str]:
    """Everything that is wrong after a life, in words; empty when all is well."""
    members = await life.members()
    found = []
    if lost := life.kept - set(members):
        found.append(f"lost: {lost}")
    if ghosts := life.asked & set(members):
        found.append(f"still there: {ghosts}")
    found += await _faults_of_machines(life, members)
    stored = histories.read_members(life.database)
    events = histories.read_events(life.database)
    found += histories.faults(events, stored)
    ends = Counter(event["node"] for event in events if event["name"] == "sessionDestroyed")
    if ends != Counter(life.evicted):
        found.append(f"ends of sessions were told of {ends}, not of {life.evicted}")
    if stored != {node_id: node["status"] for node_id, node in members.items()}:
        found.append(f"stored {stored}, shown {members}")
    return found


async def _faults_of_machines(life: Life, members: Mapping[str, Json]) -> list[str]:
    found = []
    machines = sorted(await life.ground.machines())
    known = sorted(node["environmentId"] for node in members.values())
    if life.ground.launches and machines != known:
        found.append(f"machines {machines}, members' {known}")
    launched, made = life.launched(), life.ground.made()
    for node_id, environment_ids in launched.items():
        if len(environment_ids) > 1:
            found.append(f"{node_id} was launched as {environment_ids}")
    for node_id in launched.keys() | made.keys():
        times = made.get(node_id, 0)
        if life.ground.launches and times != 1:
            found.append(f"{times} machines were made for {node_id}")
    return found


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
