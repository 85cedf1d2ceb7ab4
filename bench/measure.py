"""The rounds: every server in turn, an idle moment and then load; medians over the rounds."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.checks import Checks, Lengths, Node, WrongPeerError
from bench.fleet import COLLECTION, fleet
from bench.load import Measured, Order
from bench.peers import AUTHORIZATION, MEDIAFLEET, Peer
from bench.processes import ROOT, Process, ServerFailedError, cores, cpu_ns, pin, pss_mb, started

_WARM_UP_S = 0.4
_AT_LEAST = 24
_LENGTH_VARIES = 0.03  # Mediafleet's nodes change their load meanwhile: "9.5" becomes "10.25"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked for.

    Attributes:
        key: Name in the JSON output.
        title: Name in the tables.
        nodes: Members of the cluster, all connected.
        connections: Requests under way at any time.
    """

    key: str
    title: str
    nodes: int
    connections: int

    def targets(self, nodes: Sequence[Node]) -> list[str]:
        """Request targets, asked in turn."""
        paths = [COLLECTION] if self is LIST else [f"{COLLECTION}/{node['id']}" for node in nodes]
        return [f"{path}?sessions=false&extra-info=false" for path in paths]


ONE = Scenario("one", "GET one of 20 Media Nodes", nodes=20, connections=16)
LIST = Scenario("list", "GET the list of 1,000 Media Nodes", nodes=1000, connections=4)


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one server.

    Attributes:
        cpu_us: CPU time of the server for each request, in microseconds, without what it would
            have used without requests.
        rate: Requests per second.
        idle_share: CPU time of the server without requests, as a share of that time.
        generator_share: CPU time of the load generator, as a share of the time.
        answer_bytes: Length of an answer's body.
    """

    cpu_us: float
    rate: float
    idle_share: float
    generator_share: float
    answer_bytes: int


@dataclass(frozen=True, slots=True)
class Row:
    """All rounds of one server."""

    peer: Peer
    samples: list[Sample]
    memory_mb: float

    @property
    def cpu_us(self) -> float:
        return median(sample.cpu_us for sample in self.samples)

    @property
    def rate(self) -> float:
        return median(sample.rate for sample in self.samples)

    def times(self, other: "Row") -> float:
        """How much less CPU time this server takes than another; both in the same rounds."""
        pairs = zip(other.samples, self.samples, strict=True)
        return median(theirs.cpu_us / ours.cpu_us for theirs, ours in pairs)

    def as_json(self) -> dict[str, Any]:
        return {
            "server": self.peer.key,
            "cpu_us": round(self.cpu_us, 2),
            "requests_per_second": round(self.rate, 1),
            "memory_mb": round(self.memory_mb, 1),
            "rounds": [asdict(sample) for sample in self.samples],
        }


@dataclass(frozen=True, slots=True)
class Running:
    """A server under measurement."""

    peer: Peer
    process: Process
    port: int
    lengths: Lengths


def measure(
    scenario: Scenario,
    peers: Sequence[Peer],
    *,
    rounds: int,
    seconds: float,
    log: Callable[[str], None],
) -> list[Row]:
    """Measure servers in turn, round by round.

    A server that is wrong or fails is logged and left out.

    Raises:
        WrongPeerError: Mediafleet itself does not keep the contract.
        ServerFailedError: Mediafleet itself does not run.
    """
    aside = cores()[1]
    checks = Checks()
    with contextlib.ExitStack() as stack:
        log(f"{scenario.title}: starting")
        process, port = stack.enter_context(fleet(scenario.nodes, core=aside))
        nodes = checks.fetch(port)
        lengths = checks.require(port, nodes)
        running = [Running(MEDIAFLEET, process, port, lengths)]
        file = stack.enter_context(_kept(nodes))
        for peer in peers:
            if peer == MEDIAFLEET:
                continue
            try:
                running.append(stack.enter_context(_peer(peer, file, aside, checks, nodes)))
            except (WrongPeerError, ServerFailedError) as error:
                log(f"  left out: {peer.key}: {error}")
        samples: dict[str, list[Sample]] = {each.peer.key: [] for each in running}
        for number in range(1, rounds + 1):
            for each in running:
                sample = _sample(each, scenario, nodes, seconds)
                samples[each.peer.key].append(sample)
                log(
                    f"  round {number}: {each.peer.key:20} {sample.cpu_us:10.1f} us CPU "
                    f"{sample.rate:10.1f}/s  generator {sample.generator_share:4.0%}"
                )
        rows = [
            Row(each.peer, samples[each.peer.key], pss_mb(each.process.pid)) for each in running
        ]
    return [row for row in rows if row.peer in peers]


def _sample(each: Running, scenario: Scenario, nodes: list[Node], seconds: float) -> Sample:
    here, aside = cores()
    pin(each.process.pid, here)
    idle_share = idle(each.process.pid, seconds / 2)
    measured = _load(each, scenario, nodes, seconds)
    pin(each.process.pid, aside)
    used_ns = measured.server_ns - idle_share * measured.seconds * 1e9
    return Sample(
        cpu_us=used_ns / measured.requests / 1e3,
        rate=measured.requests / measured.seconds,
        idle_share=idle_share,
        generator_share=measured.generator_share,
        answer_bytes=measured.answer_bytes,
    )


def idle(pid: int, seconds: float) -> float:
    """CPU time a process uses while it is left alone, as a share of that time."""
    before, began = cpu_ns(pid), time.perf_counter()
    time.sleep(seconds)
    return (cpu_ns(pid) - before) / 1e9 / (time.perf_counter() - began)


def _load(each: Running, scenario: Scenario, nodes: list[Node], seconds: float) -> Measured:
    shortest, longest = each.lengths.listing if scenario is LIST else each.lengths.one
    order = Order(
        core=cores()[1],
        pid=each.process.pid,
        port=each.port,
        targets=scenario.targets(nodes),
        authorization=AUTHORIZATION,
        connections=scenario.connections,
        warm_up=_WARM_UP_S,
        seconds=seconds,
        at_least=_AT_LEAST,
        shortest=int(shortest * (1 - _LENGTH_VARIES)),
        longest=int(longest * (1 + _LENGTH_VARIES)),
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=300,
    )
    if done.returncode != 0:
        raise ServerFailedError(f"{each.peer.key}: {done.stderr.strip()[-500:]}")
    return Measured(**json.loads(done.stdout))


@contextlib.contextmanager
def _peer(
    peer: Peer, file: Path, core: int, checks: Checks, nodes: list[Node]
) -> Iterator[Running]:
    environment = {"BENCH_NODES": str(file)}
    with started(peer.key, ["-m", "bench.serve", peer.key], environment) as process:
        pin(process.pid, core)
        (port,) = process.printed(r"port (\d+)")
        yield Running(peer, process, int(port), checks.require(int(port), nodes))


@contextlib.contextmanager
def _kept(nodes: list[Node]) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile("w", prefix="bench-", suffix=".json") as file:
        json.dump(nodes, file)
        file.flush()
        yield Path(file.name)
