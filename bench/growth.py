"""``python -m bench fleet``: what adding, keeping and finding again cost as the cluster grows."""

import argparse
import asyncio
import json
import math
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from statistics import median

import httpx
from bench.fleet import ADDED_AT_ONCE, COLLECTION, free_port
from bench.machine import describe, load_average
from bench.peers import SECRET, USER
from bench.processes import ROOT, Process, ServerFailedError, cores, cpu_ns, pin, pss_mb, started

LAST = 100
"""So many nodes are added last, and their additions are what is compared."""
IDLE_S = 12.0
GETS_S = 6.0
METRICS = 50
READY_S = 300.0
PAGES = (ROOT / "docs" / "performance.md", ROOT / "bench" / "performance.template.md")
PLOT = ROOT / "docs" / "fleet.svg"
BEGIN, END = "<!-- fleet -->\n", "<!-- end of fleet -->\n"


@dataclass(frozen=True, slots=True)
class Growth:
    """One size of the cluster; seconds, MB and shares of one core.

    Attributes:
        nodes: Members, all connected.
        first_answer: From the start of the process, without nodes, to its first answer.
        empty_mb: Memory without nodes.
        add_ms: Time for each of the last additions, in milliseconds, 32 at once.
        add_cpu_ms: CPU time for each of them until they are connected, less the idle cost.
        idle_share: CPU time without requests.
        node_kb: Memory for each node, in kB.
        list_ms: Time for the list, in milliseconds; median.
        metrics_ms: CPU time for the metrics, less the idle cost, in milliseconds.
        get_p99_ms: Of a GET of one node every 20 ms without other requests, in milliseconds.
        adding_p99_ms: The same while 100 further nodes are added.
        rejoined: From the start of the process to the moment when all nodes are connected again.
    """

    nodes: int
    first_answer: float
    empty_mb: float
    add_ms: float
    add_cpu_ms: float
    idle_share: float
    node_kb: float
    list_ms: float
    metrics_ms: float
    get_p99_ms: float
    adding_p99_ms: float
    rejoined: float

    @property
    def idle_of_1000(self) -> float:
        """Idle cost for each 1,000 nodes, in percent of a core."""
        return self.idle_share * 100 * 1000 / self.nodes


def main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    load = load_average()
    log(f"{describe()}; load average {load:.2f}")
    try:
        rows = [measure(nodes) for nodes in options.nodes]
    except ServerFailedError as error:
        sys.exit(str(error))
    table = as_markdown(rows, load)
    print(json.dumps([asdict(row) for row in rows], indent=2) if options.json else table)
    if options.write:
        PLOT.write_text(plot(rows), "utf-8")
        for page in PAGES:
            before, _, rest = page.read_text("utf-8").partition(BEGIN)
            after = rest.partition(END)[2]
            page.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{after}", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench fleet", description=__doc__)
    parser.add_argument(
        "--nodes",
        type=lambda text: [int(each) for each in text.split(",")],
        default=[100, 1000, 4000],
        help="sizes, separated by commas; 100 or more; 100,1000,4000 if not given",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and plot")
    return parser


def log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measure(nodes: int) -> Growth:
    """Run a server of its own and let it grow to a number of nodes."""
    here, aside = cores()
    count = nodes + LAST
    emulator = ["-m", "mediafleet", "emulator", "--nodes", str(count), "--port", "0"]
    with tempfile.TemporaryDirectory(prefix="bench-") as data, started("emulator", emulator) as own:
        pin(own.pid, aside)
        uris = own.printed(r"wss?://\S+", count=count, timeout=READY_S)[:count]
        with tempfile.TemporaryDirectory(prefix="bench-") as empty, server(empty, here):
            pass  # compiles the programs and reads them from the disk
        with server(data, here) as (process, port, first_answer):
            growth = asyncio.run(_grow(process, port, uris[:nodes]))
        began = time.perf_counter()
        with server(data, here) as (process, port, _):
            asyncio.run(_rejoin(process, port))
            rejoined = time.perf_counter() - began
            growth["adding_p99_ms"] = asyncio.run(_ask_while_adding(process, port, uris[nodes:]))
    row = Growth(nodes=nodes, first_answer=first_answer, rejoined=rejoined, **growth)
    log(f"{row}")
    return row


@contextmanager
def server(data: str, core: int) -> Iterator[tuple[Process, int, float]]:
    """Run ``mediafleet serve``; the third value is how long it took until the first answer."""
    port = free_port()
    command = ["-m", "mediafleet", "serve", "--port", str(port), "--data-dir", data]
    properties = {"OPENVIDU_SECRET": SECRET, "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise"}
    began = time.perf_counter()
    with started("mediafleet", [*command, "--log-format", "json"], properties) as process:
        pin(process.pid, core)
        while True:
            process.require_alive()
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=READY_S)
                break
            except httpx.TransportError:
                if time.perf_counter() - began > READY_S:
                    raise process.failure("did not answer") from None
                time.sleep(0.005)
        yield process, port, time.perf_counter() - began


async def _grow(process: Process, port: int, uris: Sequence[str]) -> dict[str, float]:
    async with _client(port) as client:
        await asyncio.sleep(2)
        empty_mb = pss_mb(process.pid)
        ids = await _add(process, client, uris[:-LAST])
        await _until_connected(process, client, ids)
        before = await _idle(process)
        used, began = cpu_ns(process.pid), time.perf_counter()
        ids = await _add(process, client, uris[-LAST:])
        lasted = time.perf_counter() - began
        await _until_connected(process, client, ids)
        spent = (cpu_ns(process.pid) - used) / 1e9 - before * (time.perf_counter() - began)
        await asyncio.sleep(6)  # until each is measured once
        idle_share = await _idle(process)
        quiet: list[float] = []
        async with _asking(process, port, ids[0], quiet):
            await asyncio.sleep(GETS_S)
        lists = []
        for _ in range(5):
            begin = time.perf_counter()
            (await client.get(COLLECTION)).raise_for_status()
            lists.append(time.perf_counter() - begin)
            await asyncio.sleep(0.3)
        used, began = cpu_ns(process.pid), time.perf_counter()
        for _ in range(METRICS):
            (await client.get("/metrics")).raise_for_status()
        metrics_s = (cpu_ns(process.pid) - used) / 1e9
        metrics_s -= idle_share * (time.perf_counter() - began)
        return {
            "metrics_ms": metrics_s / METRICS * 1e3,
            "empty_mb": empty_mb,
            "add_ms": lasted / LAST * 1e3,
            "add_cpu_ms": spent / LAST * 1e3,
            "idle_share": idle_share,
            "node_kb": (pss_mb(process.pid) - empty_mb) * 1e3 / len(uris),
            "list_ms": median(lists) * 1e3,
            "get_p99_ms": _p99(quiet) * 1e3,
        }


async def _add(process: Process, client: httpx.AsyncClient, uris: Sequence[str]) -> list[str]:
    waiting, ids = iter(uris), []

    async def add() -> None:
        for uri in waiting:
            answer = await client.post(COLLECTION, json={"uri": uri})
            if answer.status_code != httpx.codes.OK:
                raise process.failure(f"answered {answer.status_code} to {uri}: {answer.text}")
            ids.append(answer.json()["id"])

    await asyncio.gather(*(add() for _ in range(ADDED_AT_ONCE)))
    return ids


async def _until_connected(process: Process, client: httpx.AsyncClient, ids: Sequence[str]) -> None:
    """Ask for one after the other, so that waiting costs as much in a large cluster as in a small."""
    deadline = time.monotonic() + READY_S
    for node_id in ids:
        while True:
            node = (await client.get(f"{COLLECTION}/{node_id}")).json()
            if node["connected"] and node["status"] == "running":
                break
            process.require_alive()
            if time.monotonic() > deadline:
                raise process.failure(f"{node_id} was not connected within {READY_S} s")
            await asyncio.sleep(0.05)


async def _rejoin(process: Process, port: int) -> None:
    async with _client(port) as client:
        while True:
            process.require_alive()
            nodes = (await client.get(COLLECTION)).json()["content"]
            if all(node["connected"] for node in nodes):
                return
            await asyncio.sleep(0.25)


async def _ask_while_adding(process: Process, port: int, uris: Sequence[str]) -> float:
    """Return the 99th percentile of a GET of one node, in milliseconds."""
    answers: list[float] = []
    async with _client(port) as client:
        (node, *_) = (await client.get(COLLECTION)).json()["content"]
        async with _asking(process, port, node["id"], answers):
            ids = await _add(process, client, uris)
            await _until_connected(process, client, ids)
    return _p99(answers) * 1e3


async def _idle(process: Process) -> float:
    used, began = cpu_ns(process.pid), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    return (cpu_ns(process.pid) - used) / 1e9 / (time.perf_counter() - began)


@asynccontextmanager
async def _asking(
    process: Process, port: int, node_id: str, answers: list[float]
) -> AsyncIterator[None]:
    """Ask for a node every 20 ms; keep how long each answer took."""
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.probe", str(port), f"{COLLECTION}/{node_id}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        yield
    finally:
        printed, _ = await probe.communicate(b"")  # the end of its input ends it
    if probe.returncode != 0:
        raise process.failure("did not answer the probe")
    answers += json.loads(printed)


def _client(port: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=ADDED_AT_ONCE)
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", auth=(USER, SECRET), timeout=READY_S, limits=limits
    )


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(len(values) * 0.99) - 1] if values else math.nan


def as_markdown(rows: Sequence[Growth], load: float) -> str:
    lines = [
        "| Media Nodes | an addition, ms | its CPU, ms | idle CPU per 1,000 nodes "
        "| memory per node, kB | list, ms | CPU of /metrics, ms | GET of a node p99, ms "
        "| the same while adding, ms | all connected after a restart, s |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.nodes:,} | {row.add_ms:.1f} | {row.add_cpu_ms:.1f} | {row.idle_of_1000:.1f} % "
        f"| {row.node_kb:.1f} | {row.list_ms:.1f} | {row.metrics_ms:.1f} | {row.get_p99_ms:.1f} "
        f"| {row.adding_p99_ms:.1f} | {row.rejoined:.1f} |"
        for row in rows
    ]
    ratio = rows[-1].add_cpu_ms / rows[0].add_cpu_ms
    first, empty = (
        median(getattr(row, name) for row in rows) for name in ("first_answer", "empty_mb")
    )
    return "\n".join(
        [
            *lines,
            "",
            f"An addition to {rows[-1].nodes:,} nodes takes {ratio:.2f} times the CPU time of one "
            f"to {rows[0].nodes:,}. A server without nodes answers {first:.2f} s after its start "
            f"and takes {empty:.0f} MB. The load average was {load:.1f} when this began.",
        ]
    )


def plot(rows: Sequence[Growth]) -> str:
    """Three charts side by side, each over the number of nodes."""
    charts = [
        ("CPU of an addition, ms", [row.add_cpu_ms for row in rows]),
        ("idle CPU per 1,000 nodes, % of a core", [row.idle_of_1000 for row in rows]),
        ("all connected after a restart, s", [row.rejoined for row in rows]),
    ]
    drawn = [
        _chart(title, [row.nodes for row in rows], values, left=20 + 270 * number)
        for number, (title, values) in enumerate(charts)
    ]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" width="830" height="220" '
            'font-family="sans-serif" font-size="11">',
            '<rect width="830" height="220" fill="white"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _chart(title: str, nodes: Sequence[int], values: Sequence[float], *, left: int) -> str:
    width, top, bottom = 230, 40, 190
    most, largest = max(nodes), max(values) * 1.15
    points = [
        (left + width * n / most, bottom - (bottom - top) * v / largest)
        for n, v in zip(nodes, values, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{v:.3g}</text>'
        f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{n:,}</text>'
        for (x, y), n, v in zip(points, nodes, values, strict=True)
    )
    return (
        f'<g><text x="{left}" y="20" font-weight="bold">{title}</text>'
        f'<path d="M{left} {top}V{bottom}H{left + width}" fill="none" stroke="gray"/>'
        f'<polyline points="{line}" fill="none" stroke="black"/>{marks}</g>'
    )
