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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
COMES_BACK_S = 5.0


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
SIGNALLING = request("/openvidu", *UPGRADE, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")


def join(token: str) -> bytes:
    """A frame that joins a call, as browsers send it; its mask is 0."""
    params = {"token": f"ws://127.0.0.1?sessionId=a&token={token}", "session": "a"}
    params |= {"platform": "", "metadata": "", "secret": "", "recorder": False}
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "joinRoom", "params": params}).encode()
    return b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text


class Client(asyncio.Protocol):
    """One connection of an attacker; reads by default, and says more after the first answer."""

    def __init__(self, said: bytes, *, reads: bool = True, then: bytes = b"") -> None:
        self.said = said
        self.then = then
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
        if self.then and self.transport is not None:
            self.transport.write(self.then)
            self.then = b""

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
    then: bytes = b"",
    again_s: float | None = None,
) -> None:
    """Keep that many connections open, each of which says something, and again every so often."""
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(200)

    async def one(number: int) -> None:
        while True:
            client = Client(say(number), reads=reads, then=then)
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
            await asyncio.sleep(COMES_BACK_S)

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


async def idle_tls(port: int, node: str) -> None:
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


async def sockets(port: int, node: str) -> None:
    await crowd(port, 2_000, lambda _: SIGNALLING)


async def tokens(port: int, node: str) -> None:
    """Each socket tries as many tokens as it may before it is closed."""
    guesses = b"".join(join(f"tok_{number:016d}") for number in range(100))
    await crowd(port, 500, lambda _: SIGNALLING, then=guesses)


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
        Attack("idle TLS", idle_tls, tls=True),
        Attack("keep-alive", keep_alive),
        Attack("waits", waits),
        Attack("unread", unread, seconds=50.0),
        Attack("passwords", passwords, seconds=10.0),
        Attack("sockets", sockets),
        Attack("tokens", tokens),
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


class Honest:
    """Sends requests with good credentials all the time; *keeps* its connection or opens new ones.

    A request that is lost on a kept connection is repeated once, as HTTP clients do.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None, *, keeps: bool) -> None:
        self._port = port
        self._tls = tls
        self._keeps = keeps
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._began = 0.0
        self.times: list[float] = []
        self.failed: list[str] = []

    async def run(self) -> None:
        while True:
            self._began = time.perf_counter()
            failure = await self._ask()
            if failure is None:
                self.times.append(time.perf_counter() - self._began)
            else:
                self.failed.append(failure)
            self._began = 0.0
            if not self._keeps or failure is not None:
                self._drop()
            await asyncio.sleep(HONEST_PAUSE_S)

    def reset(self) -> None:
        """Forget what was measured so far."""
        self.times.clear()
        self.failed.clear()

    def all_times(self) -> list[float]:
        """Seconds that answers took, and so far of the one that is still waited for."""
        return [*self.times, *([time.perf_counter() - self._began] if self._began else [])]

    async def _ask(self) -> str | None:
        was_kept = self._streams is not None
        try:
            async with asyncio.timeout(HONEST_TIMEOUT_S):
                return await self._exchange()
        except (OSError, asyncio.IncompleteReadError) as error:
            self._drop()
            return await self._ask() if was_kept else type(error).__name__

    async def _exchange(self) -> str | None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)
        reader, writer = self._streams
        writer.write(request(TARGET, good=True))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(length)
        return None if head.startswith(b"HTTP/1.1 200 ") else head[9:12].decode()

    def _drop(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


def connections(port: int) -> int:
    """Established connections of the server."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    return sum(f":{port:04X}" in line.split()[1] and line.split()[3] == "01" for line in lines)


@contextlib.asynccontextmanager
async def attacking(attack: Attack, port: int, node: str) -> AsyncIterator[None]:
    """Have another process attack until the block is left."""
    if attack.name == "nothing":
        yield
        return
    command = ["-m", "bench.attacks", "--run", attack.name, "--port", str(port), "--node", node]
    attacker = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            attacker.kill()
        await attacker.wait()


async def measure(
    attack: Attack, server: Process, port: int, node: str, tls: ssl.SSLContext | None
) -> dict[str, object]:
    watch = Watch(server.pid)
    clients = [Honest(port, tls, keeps=keeps) for keeps in (True, False)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.run()) for client in clients]
        await asyncio.sleep(1)
        watch.sample()
        for client in clients:
            client.reset()
        async with attacking(attack, port, node):
            ends = time.monotonic() + attack.seconds
            while time.monotonic() < ends:
                await asyncio.sleep(0.1)
                watch.sample()
            left = connections(port)
            answers = [seconds for client in clients for seconds in client.all_times()]
            failed = [why for client in clients for why in client.failed]
        await asyncio.sleep(3)
        watch.sample()
        for task in tasks:
            task.cancel()
    percentiles = (
        quantiles(answers, n=100, method="inclusive") if len(answers) > 1 else [float("inf")] * 99
    )
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
        Path(data, ".env").touch()  # or one in the working directory would count
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
