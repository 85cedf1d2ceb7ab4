"""``python -m bench calls``: what the signalling of calls costs, with participants that send no media.

Participants speak JSON-RPC over WebSockets, as the SDK does: a ping every 5 s, one connection each,
16 candidates for each endpoint. Media Nodes are emulated.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
import uvloop
from bench.fleet import fleet
from bench.machine import describe, load_average
from bench.peers import SECRET, USER
from bench.processes import ROOT, Process, ServerFailedError, cores, cpu_ns, pin, pss_mb
from tests.support.signalling_peer import Peer, RequestFailedError

PAGES = (ROOT / "docs" / "performance.md", ROOT / "bench" / "performance.template.md")
BEGIN, END = "<!-- calls -->\n", "<!-- end of calls -->\n"
NODES = 4
PING_S = 5.0
CANDIDATES = 16


@dataclass(slots=True)
class Times:
    """Seconds that participants measured.

    Attributes:
        published: From the request to join to the answer to the request to publish.
        subscribed: From the request to receive to its answer.
        pongs: From each ping to its answer.
        missed: Pings without an answer when the next one was due.
    """

    published: list[float] = field(default_factory=list)
    subscribed: list[float] = field(default_factory=list)
    pongs: list[float] = field(default_factory=list)
    missed: int = 0


class Participant(Peer):
    """One browser, without media."""

    def __init__(self, url: str, session: str, token: str, times: Times) -> None:
        super().__init__(url, self._hear)
        self._session = session
        self._token = token
        self._times = times
        self._publishes = False
        self._group: asyncio.TaskGroup
        self._pinging: asyncio.Task[None]

    async def enter(self, group: asyncio.TaskGroup, *, publish: bool) -> None:
        """Connect, ping from now on and join; publish and receive everybody if wanted.

        Raises:
            RequestFailedError: A request was refused or took longer than the SDK waits.
        """
        self._group = group
        await self.open(group)
        self._pinging = group.create_task(self._ping())
        self._publishes = publish
        began = time.perf_counter()
        joined = await self.join(self._token, self._session)
        if not publish:
            return
        await self.publish()
        self._times.published.append(time.perf_counter() - began)
        group.create_task(self.trickle(joined["id"], CANDIDATES))
        for other in joined["value"]:
            for stream in other.get("streams", []):
                group.create_task(self._subscribe(other["id"], stream["id"]))

    async def leave(self) -> None:
        """Leave the session and close the socket."""
        await self.ask("leaveRoom")
        self._pinging.cancel()
        await self.close()

    def _hear(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "participantPublished" and self._publishes:
            (stream,) = parameters["streams"]
            self._group.create_task(self._subscribe(parameters["id"], stream["id"]))

    async def _subscribe(self, connection: str, stream: str) -> None:
        began = time.perf_counter()
        await self.receive(stream)
        self._times.subscribed.append(time.perf_counter() - began)
        await self.trickle(connection, CANDIDATES)

    async def _ping(self) -> None:
        parameters: dict[str, Any] = {"interval": int(PING_S * 1000)}
        while True:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(PING_S):
                    await self.ask("ping", **parameters)
                self._times.pongs.append(time.perf_counter() - began)
            except TimeoutError:
                self._times.missed += 1
            parameters = {}
            await asyncio.sleep(began + PING_S - time.perf_counter())


@dataclass(frozen=True, slots=True)
class Joins:
    """Many calls that begin; milliseconds, and CPU time of the server's process.

    Attributes:
        sessions: How many, with *participants* in each.
        rate: Participants that join each second; ``None`` if all join at once.
        published_ms: From the request to join to the answer to the request to publish: median,
            99th percentile, longest.
        subscribed_ms: From the request to receive to its answer: the same.
        pings: How many were answered.
        missed: How many were not, within 5 s.
        pong_ms: The longest time to an answer.
        cpu_ms: For each participant, until all receive each other.
    """

    sessions: int
    participants: int
    rate: float | None
    published_ms: tuple[float, float, float]
    subscribed_ms: tuple[float, float, float]
    pings: int
    missed: int
    pong_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class IdleSockets:
    """Participants that only ping.

    Attributes:
        sockets: How many, two in each session.
        kb: Memory for each, session included; in kB.
        share: CPU time of all pings, less that of the server without them; of one core.
        pings: How many were answered.
        missed: How many were not, within 5 s.
    """

    sockets: int
    kb: float
    share: float
    pings: int
    missed: int


class Calls:
    """A server under measurement, and its REST API."""

    def __init__(self, process: Process, port: int, client: httpx.AsyncClient) -> None:
        self.process = process
        self._url = f"ws://127.0.0.1:{port}/openvidu"
        self._client = client

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(f"/openvidu/api/{path}", json=body)
        if answer.status_code != httpx.codes.OK:
            raise self.process.failure(f"answered {answer.status_code} to {path}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    async def people(self, sessions: int, each: int, times: Times) -> list[Participant]:
        """Participants with tokens, in the order in which they join: all sessions grow alike."""
        ids = [(await self._post("sessions", {}))["id"] for _ in range(sessions)]
        made = []
        for _ in range(each):
            for session in ids:
                token = (await self._post("tokens", {"session": session}))["token"]
                url = f"{self._url}?sessionId={session}"
                made.append(Participant(url, session, token, times))
        return made


async def measure_joins(calls: Calls, sessions: int, each: int, rate: float | None) -> Joins:
    times = Times()
    people = await calls.people(sessions, each, times)
    legs = sessions * each * (each - 1)
    pause = 0.0 if rate is None else 1 / rate
    async with asyncio.TaskGroup() as group:

        async def arrive(person: Participant, after: float) -> None:
            await asyncio.sleep(after)
            await person.enter(group, publish=True)

        used, began = cpu_ns(calls.process.pid), time.perf_counter()
        for number, person in enumerate(people):
            group.create_task(arrive(person, number * pause))
        while len(times.subscribed) < legs:
            if time.perf_counter() - began > len(people) * pause + 60:
                raise ServerFailedError(f"{len(times.subscribed)} of {legs} streams are received")
            await asyncio.sleep(0.05)
        used = cpu_ns(calls.process.pid) - used
        await asyncio.sleep(2 * PING_S)
        for person in people:
            await person.leave()
    return Joins(
        sessions=sessions,
        participants=each,
        rate=rate,
        published_ms=_spread(times.published),
        subscribed_ms=_spread(times.subscribed),
        pings=len(times.pongs),
        missed=times.missed,
        pong_ms=max(times.pongs) * 1000,
        cpu_ms=used / len(people) / 1e6,
    )


async def measure_idle(calls: Calls, sockets: int, seconds: float) -> IdleSockets:
    pid = calls.process.pid
    # The first of all calls loads what the others share.
    (first,) = await calls.people(1, 1, Times())
    async with asyncio.TaskGroup() as group:
        await first.enter(group, publish=False)
        await first.leave()
    before = await _share(pid, seconds)
    memory = pss_mb(pid)
    times = Times()
    people = await calls.people(sockets // 2, 2, times)
    async with asyncio.TaskGroup() as group:
        for person in people:
            await person.enter(group, publish=False)
            await asyncio.sleep(0.01)  # the pings spread over their interval
        await asyncio.sleep(2 * PING_S)
        kb = (pss_mb(pid) - memory) * 1000 / len(people)
        share = await _share(pid, seconds) - before
        for person in people:
            await person.leave()
    return IdleSockets(
        sockets=len(people), kb=kb, share=share, pings=len(times.pongs), missed=times.missed
    )


async def _share(pid: int, seconds: float) -> float:
    used, began = cpu_ns(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    return (cpu_ns(pid) - used) / 1e9 / (time.perf_counter() - began)


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return tuple(ordered[round(last * part)] * 1000 for part in (0.5, 0.99, 1))  # type: ignore[return-value]


def as_markdown(all_joins: Sequence[Joins], idle: IdleSockets, load: float) -> str:
    """Both tables."""
    first = all_joins[0]
    rows = [
        f"{first.sessions} sessions of {first.participants}, in ms:",
        "",
        "| joins | to the answer to publishing: median | 99 of 100 | longest"
        " | to the answer to receiving: median | 99 of 100 | longest"
        " | CPU time of the server for each participant | slowest pong |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for joins in all_joins:
        name = "all at once" if joins.rate is None else f"{joins.rate:g} each second"
        times = (*joins.published_ms, *joins.subscribed_ms, joins.cpu_ms, joins.pong_ms)
        rows.append(f"| {name} | {' | '.join(f'{each:.0f}' for each in times)} |")
    pings, missed = (sum(getattr(each, name) for each in all_joins) for name in ("pings", "missed"))
    rows += [
        "",
        f"{missed} of {pings + missed:,} pings were missed.",
        "",
        f"{idle.sockets} participants that only ping take {idle.kb:.1f} kB of memory each, sessions"
        f" included, and {idle.share:.1%} of a core together, with a ping every {PING_S:g} s;"
        f" {idle.missed} of {idle.pings + idle.missed:,} pings were missed. The load average was"
        f" {load:.1f} when this began.",
    ]
    return "\n".join(rows)


async def _measure(
    process: Process, port: int, work: Callable[[Calls], Coroutine[Any, Any, Any]]
) -> Any:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", auth=(USER, SECRET), timeout=30
    ) as client:
        return await work(Calls(process, port, client))


def main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    load = load_average()
    print(f"{describe()}; load average {load:.2f}", file=sys.stderr, flush=True)
    here, aside = cores()
    results: list[Any] = []
    size = options.sessions, options.participants
    try:
        for work in (
            lambda calls: measure_joins(calls, *size, options.rate),
            lambda calls: measure_joins(calls, *size, None),
            lambda calls: measure_idle(calls, options.sockets, options.seconds),
        ):
            with fleet(NODES, core=aside) as (process, port):
                pin(process.pid, here)
                results.append(uvloop.run(_measure(process, port, work)))
            print(f"{results[-1]}", file=sys.stderr, flush=True)
    except* (ServerFailedError, RequestFailedError) as errors:
        sys.exit(str(errors.exceptions[0]))
    *joins, idle = results
    table = as_markdown(joins, idle, load)
    print(json.dumps([*map(asdict, results)], indent=2) if options.json else table)
    if options.write:
        for page in PAGES:
            before, _, rest = page.read_text("utf-8").partition(BEGIN)
            after = rest.partition(END)[2]
            page.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{after}", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench calls", description=__doc__)
    parser.add_argument("--sessions", type=int, default=50, help="50 if not given")
    parser.add_argument("--participants", type=int, default=3, help="in each; 3 if not given")
    parser.add_argument(
        "--rate", type=float, default=10.0, help="joins each second; 10 if not given; then at once"
    )
    parser.add_argument("--sockets", type=int, default=500, help="idle ones; 500 if not given")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="of each idle measurement; 20 if not given"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    return parser
