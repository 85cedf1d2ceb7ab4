"""``python -m bench placements``: what a placement costs, and how long a burst of them takes."""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median

from bench.fleet import fleet
from bench.load import Measured, Order
from bench.machine import describe, load_average
from bench.measure import idle
from bench.peers import AUTHORIZATION
from bench.processes import ROOT, Process, ServerFailedError, cores, pin

SIZES = (10, 1000)
PAGES = (ROOT / "docs" / "performance.md", ROOT / "bench" / "performance.template.md")
BEGIN, END = "<!-- placements -->\n", "<!-- end of placements -->\n"
BODY = '{"ttl":1}'
"""Reservations expire at once, as there are no sessions that would take their place."""
BURST, BURST_NODES, BURST_CONNECTIONS = 500, 50, 50
BETWEEN_BURSTS_S = 1.5
"""Longer than a reservation lasts."""


def main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    load = load_average()
    print(f"{describe()}; load average {load:.2f}", file=sys.stderr, flush=True)
    rows: dict[int, list[tuple[float, float]]] = {nodes: [] for nodes in SIZES}
    bursts: list[tuple[float, int]] = []
    try:
        with fleet(BURST_NODES, core=cores()[1]) as (process, port):
            pin(process.pid, cores()[0])
            for _ in range(options.rounds):
                bursts.append(asyncio.run(_burst(port)))
                print(f"  burst: {bursts[-1]}", file=sys.stderr, flush=True)
                time.sleep(BETWEEN_BURSTS_S)
        with contextlib.ExitStack() as stack:
            servers = {nodes: stack.enter_context(fleet(nodes, core=cores()[1])) for nodes in SIZES}
            for _ in range(options.rounds):
                for nodes, (process, port) in servers.items():
                    rows[nodes].append(_sample(process, port, options.seconds))
                    print(f"  {nodes}: {rows[nodes][-1]}", file=sys.stderr, flush=True)
    except ServerFailedError as error:
        sys.exit(str(error))
    table = as_markdown(rows, bursts, load)
    print(table)
    if options.write:
        for page in PAGES:
            before, _, rest = page.read_text("utf-8").partition(BEGIN)
            after = rest.partition(END)[2]
            page.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{after}", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench placements", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="for each size; 7 if not given")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="of load in each round; 2 if not given"
    )
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    return parser


def as_markdown(
    rows: dict[int, list[tuple[float, float]]], bursts: list[tuple[float, int]], load: float
) -> str:
    """The table, the quotient of the CPU times of both sizes in the same rounds, and the burst."""
    lines = ["| Media Nodes | CPU µs per placement | placements/s |", "|---:|---:|---:|"]
    for nodes, samples in rows.items():
        cpu, rate = (median(values) for values in zip(*samples, strict=True))
        lines.append(f"| {nodes:,} | {cpu:.0f} | {rate:,.0f} |")
    small, large = (rows[nodes] for nodes in SIZES)
    ratio = median(ours[0] / theirs[0] for theirs, ours in zip(small, large, strict=True))
    lines += [
        "",
        f"A placement on {SIZES[1]:,} nodes takes {ratio:.2f} times the CPU time of one on "
        f"{SIZES[0]}. The load average was {load:.1f} when this began.",
        "",
        f"A burst of {BURST} placements over {BURST_NODES} idle nodes is answered in "
        f"{median(seconds for seconds, _ in bursts) * 1e3:.0f} ms, {BURST_CONNECTIONS} at a time "
        f"(median of {len(bursts)} bursts, the slowest {max(bursts)[0] * 1e3:.0f} ms). No node got "
        f"more than {max(most for _, most in bursts)}; an equal share is {BURST // BURST_NODES}.",
    ]
    return "\n".join(lines)


async def _burst(port: int) -> tuple[float, int]:
    """Seconds until all are answered, and the most that one node got."""
    request = (
        f"POST /fleet/placements HTTP/1.1\r\nHost: bench\r\nAuthorization: {AUTHORIZATION}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
    ).encode()
    chosen = Counter[str]()

    async def place(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(BURST // BURST_CONNECTIONS):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            answer = json.loads(await reader.readexactly(int(length)))
            chosen[answer["mediaNode"]["id"]] += 1

    connections = [
        await asyncio.open_connection("127.0.0.1", port) for _ in range(BURST_CONNECTIONS)
    ]
    began = time.perf_counter()
    await asyncio.gather(*(place(*each) for each in connections))
    seconds = time.perf_counter() - began
    for _, writer in connections:
        writer.close()
    return seconds, max(chosen.values())


def _sample(process: Process, port: int, seconds: float) -> tuple[float, float]:
    """CPU time in microseconds of each placement, less the idle cost, and placements per second."""
    here, aside = cores()
    pin(process.pid, here)
    idle_share = idle(process.pid, seconds / 2)
    order = Order(
        core=aside,
        pid=process.pid,
        port=port,
        method="POST",
        body=BODY,
        targets=["/fleet/placements"],
        authorization=AUTHORIZATION,
        connections=4,  # with more, a fast machine makes more reservations than may exist
        warm_up=0.4,
        seconds=seconds,
        at_least=24,
        shortest=200,
        longest=1000,
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
    pin(process.pid, aside)
    if done.returncode != 0:
        raise ServerFailedError(f"placements: {done.stderr.strip()[-500:]}")
    measured = Measured(**json.loads(done.stdout))
    used_ns = measured.server_ns - idle_share * measured.seconds * 1e9
    return used_ns / measured.requests / 1e3, measured.requests / measured.seconds
