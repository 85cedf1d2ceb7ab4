"""``python -m bench.attacks``: what clients without credentials can do to the server, in figures.

Starts the server as a process, attacks it from another one on loopback, and meanwhile asks it as
an honest client does: on one connection that is kept, and on a new one each time. Every count and
time is bounded. ``--python`` names the interpreter of another installation to compare with.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import trustme
from bench.peers import AUTHORIZATION, SECRET
from bench.processes import ROOT, Process, started

REGISTRAR_TOKEN = "a-token-of-the-benchmark"
NODES = 20
TARGET = "/pro/media-nodes"
HONEST_TIMEOUT_S = 30.0
HONEST_PAUSE_S = 0.02
OPEN_FILES = 20_000


def request(
    target: str, *headers: str, method: str = "GET", body: bytes = b"", good: bool = False
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if good:
        lines.append(f"Authorization: {AUTHORIZATION}")
    return "\r\n".join([*lines, "", ""]).encode() + body


HEALTH = request("/health")
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
HANDSHAKE = (*UPGRADE, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Content-Length: 5")
HANDSHAKES = (
    request("/", *HANDSHAKE),
    request("/registrar/x", *HANDSHAKE),
    request("/", *HANDSHAKE, method="POST"),
    request("/registrar/x", *UPGRADE, "Transfer-Encoding: chunked"),
)


class Client(asyncio.Protocol):
    """One connection of an attacker; reads unless told otherwise, and comes back when it is lost."""

    def __init__(self, said: bytes, *, reads: bool = True) -> None:
        self.said = said
        self.reads = reads
        self.writable = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        if not self.reads:
            transport.pause_reading()
        self.writable.set()
        transport.write(self.said)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        pass

    def connection_lost(self, exc: Exception | None) -> None:
        self.writable.set()
        if not self.lost.done():
            self.lost.set_result(None)


async def crowd(
    port: int,
    count: int,
    say: Callable[[int], bytes],
    *,
    reads: bool = True,
    again_s: float | None = None,
) -> None:
    """Keep that many connections open, each of which says something, and again every so often."""
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(200)

    async def one(number: int) -> None:
        while True:
            client = Client(say(number), reads=reads)
            try:
                async with places:
                    await loop.create_connection(lambda made=client: made, "127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.2)
                continue
            while not client.lost.done():
                await asyncio.wait([client.lost], timeout=again_s)
                if client.transport is not None and not client.lost.done():
                    client.transport.write(client.said)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(one(number))


async def upgrades(port: int, node: str) -> None:
    await crowd(port, 2_000, lambda number: HANDSHAKES[number % len(HANDSHAKES)])


async def pipelines(port: int, node: str) -> None:
    """20 connections of 18 MB of requests each, none of which is read."""
    loop = asyncio.get_running_loop()
    chunk = HEALTH * 1_000

    async def one() -> None:
        client = Client(b"", reads=False)
        with contextlib.suppress(OSError):
            await loop.create_connection(lambda: client, "127.0.0.1", port)
        for _ in range(18_000_000 // len(chunk)):
            await client.writable.wait()
            if client.lost.done() or client.transport is None:
                return
            client.transport.write(chunk)
        await client.lost

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(one())


async def silent_tls(port: int, node: str) -> None:
    await crowd(port, 17_500, lambda _: b"")


async def keep_alive(port: int, node: str) -> None:
    await crowd(port, 2_000, lambda _: HEALTH, again_s=25)


async def waits(port: int, node: str) -> None:
    """The only one with credentials: removals that wait for the end of sessions."""
    target = f"{TARGET}/{node}?wait=true&deletion-strategy=when-no-sessions"
    await crowd(port, 2_000, lambda _: request(target, method="DELETE", good=True))


async def unread(port: int, node: str) -> None:
    await crowd(port, 40, lambda _: request("/nothing") * 20_000, reads=False)


async def passwords(port: int, node: str) -> None:
    wrong = request(TARGET, "Authorization: Basic T1BFTlZJRFVBUFA6d3Jvbmc=")
    await crowd(port, 20, lambda _: wrong * 100, again_s=0.01)


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    run: Callable[[int, str], Awaitable[None]]
    seconds: float = 15.0
    tls: bool = False


ATTACKS = {
    attack.name: attack
    for attack in (
        Attack("nothing", pipelines, seconds=8.0),
        Attack("upgrades", upgrades),
        Attack("pipelines", pipelines),
        Attack("silent TLS", silent_tls, tls=True),
        Attack("keep-alive", keep_alive),
        Attack("waits", waits),
        Attack("unread", unread, seconds=50.0),
        Attack("passwords", passwords, seconds=10.0),
    )
}


@dataclass
class Watch:
    """What the server takes, sampled."""

    pid: int
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def sample(self) -> None:
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
            self.memory.append(pages * resource.getpagesize() / 1e6)
            self.files.append(sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir()))


async def honest(
    port: int, tls: ssl.SSLContext | None, times: list[float], failed: list[str], *, keeps: bool
) -> None:
    """Ask again and again; a request that is lost on a kept connection is asked once more, as HTTP
    clients do."""
    data = request(TARGET, good=True)
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while True:
        began = time.perf_counter()
        reused = streams is not None
        try:
            async with asyncio.timeout(HONEST_TIMEOUT_S):
                if streams is None:
                    streams = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
                streams[1].write(data)
                head = await streams[0].readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                await streams[0].readexactly(length)
            if not head.startswith(b"HTTP/1.1 200 "):
                failed.append(head[9:12].decode())
                streams = None
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            streams = None
            if reused:
                continue
            failed.append(type(error).__name__)
        times.append(time.perf_counter() - began)
        if streams is not None and not keeps:
            streams[1].close()
            streams = None
        await asyncio.sleep(HONEST_PAUSE_S)


def connections(port: int) -> int:
    """Established connections of the server."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    return sum(f":{port:04X}" in line.split()[1] and line.split()[3] == "01" for line in lines)


async def measure(
    attack: Attack, server: Process, port: int, node: str, tls: ssl.SSLContext | None
) -> dict[str, object]:
    watch = Watch(server.pid)
    times: list[float] = []
    failed: list[str] = []
    clients = [
        asyncio.create_task(honest(port, tls, times, failed, keeps=keeps))
        for keeps in (True, False)
    ]
    await asyncio.sleep(1)
    watch.sample()
    times.clear()
    failed.clear()
    attacker = None
    if attack.name != "nothing":
        command = [sys.executable, "-m", "bench.attacks", "--run", attack.name]
        command += ["--port", str(port), "--node", node]
        attacker = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    ends = time.monotonic() + attack.seconds
    while time.monotonic() < ends:
        await asyncio.sleep(0.1)
        watch.sample()
    left = connections(port)
    if attacker is not None:
        attacker.kill()
        await attacker.wait()
    answers = sorted(times)
    pending = sum(not client.done() for client in clients)
    await asyncio.sleep(3)
    watch.sample()
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    percentiles = quantiles(answers, n=100) if len(answers) > 1 else [float("inf")] * 99
    assert pending == 2
    return {
        "attack": attack.name,
        "answers": len(answers),
        "failed": len(failed),
        "why": sorted(set(failed)),
        "p50_ms": round(percentiles[49] * 1e3, 1),
        "p99_ms": round(percentiles[98] * 1e3, 1),
        "max_ms": round(max(answers, default=float("inf")) * 1e3, 1),
        "memory_mb": [
            round(each) for each in (watch.memory[0], max(watch.memory), watch.memory[-1])
        ],
        "files": [watch.files[0], max(watch.files), watch.files[-1]],
        "connections_at_the_end": left,
    }


@contextlib.contextmanager
def served(
    python: str, attack: Attack
) -> Iterator[tuple[Process, int, str, ssl.SSLContext | None]]:
    emulator = ["-m", "mediafleet", "emulator", "--nodes", str(NODES), "--port", "0"]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as data,
        started("emulator", [*emulator, "--sessions", "1"], python=python) as own,
    ):
        uris = own.printed(r"wss?://\S+", count=NODES)
        properties = {
            "OPENVIDU_SECRET": SECRET,
            "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
            "KMS_URIS": json.dumps(uris),
            "MEDIAFLEET_REGISTRAR_TOKEN": REGISTRAR_TOKEN,
            "MEDIAFLEET_REGISTRAR_NETWORKS": '["127.0.0.0/8"]',
            "DOTENV_PATH": data,
        }
        serve = ["-m", "mediafleet", "serve", "--port", "0", "--data-dir", data]
        tls = None
        if attack.tls:
            authority = trustme.CA()
            issued = authority.issue_cert("127.0.0.1")
            issued.private_key_and_cert_chain_pem.write_to_path(f"{data}/server.pem")
            serve += ["--tls-cert", f"{data}/server.pem", "--tls-key", f"{data}/server.pem"]
            tls = ssl.create_default_context()
            authority.configure_trust(tls)
        with started("mediafleet", serve, properties, python=python) as server:
            (url,) = server.printed(r"serves (https?://[0-9.:]+)")
            port = int(url.rpartition(":")[2])
            yield server, port, asyncio.run(_first_node(port, tls)), tls


async def _first_node(port: int, tls: ssl.SSLContext | None) -> str:
    """Wait until all nodes are connected; the id of one."""
    for _ in range(300):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        writer.write(request(TARGET, "Connection: close", good=True))
        body = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
        writer.close()
        if all(node["connected"] for node in body["content"]):
            return str(body["content"][0]["id"])
        await asyncio.sleep(0.1)
    sys.exit("the nodes were not connected in time")


def as_markdown(rows: list[dict[str, object]]) -> str:
    lines = [
        "| attack | honest answers | failed | p50 ms | p99 ms | max ms | memory MB: before, most, after | open files: before, most, after |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        memory, files = (", ".join(map(str, row[key])) for key in ("memory_mb", "files"))  # type: ignore[call-overload]
        cells = [row[key] for key in ("attack", "answers", "failed", "p50_ms", "p99_ms", "max_ms")]
        lines.append("| " + " | ".join([*map(str, cells), memory, files]) + " |")
    return "\n".join(lines)


def allow_open_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.attacks", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(ATTACKS), help="may be repeated")
    parser.add_argument("--python", default=sys.executable, help="whose mediafleet is attacked")
    parser.add_argument("--run", choices=list(ATTACKS), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--node", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        allow_open_files()
        asyncio.run(ATTACKS[options.run].run(options.port, options.node))  # type: ignore[arg-type]
        return
    rows = []
    for name in options.only or ATTACKS:
        attack = ATTACKS[name]
        with served(options.python, attack) as (server, port, node, tls):
            row = asyncio.run(measure(attack, server, port, node, tls))
            row["tracebacks"] = server.count("Traceback")
        print(json.dumps(row), file=sys.stderr, flush=True)
        rows.append(row)
    print(as_markdown(rows))


if __name__ == "__main__":
    main()
