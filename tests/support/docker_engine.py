"""A Docker Engine of the tests' own, and an image for it that no registry is asked for.

The Engine needs root and `dockerd`; where they are missing the tests are skipped with the reason,
except in CI, where that is a failure. It has folders and a bridge of its own: no other Engine of
the machine is touched.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import mediafleet
from support.tools import require, require_tool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

BRIDGE, NETWORK = f"mf{os.getpid()}", f"172.31.{os.getpid() % 250}.1/24"
"""Other ones for each run of the tests, since several may go on at a time."""
IMAGE = "mediafleet/emulated-node:test"
READY_S = 30
_NODE_PROGRAM = '''
"""An emulated Media Node behind a forwarder: it listens on loopback, its clients are elsewhere."""
import asyncio, random, sys
from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster

async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()

async def main():
    async with EmulatedCluster(nodes=1, random=random.Random(), clock=SystemClock()) as cluster:
        async def forward(reader, writer):
            inner = await asyncio.open_connection("127.0.1.1", cluster.port)
            await asyncio.gather(pipe(reader, inner[1]), pipe(inner[0], writer))
        server = await asyncio.start_server(forward, "0.0.0.0", 8888)
        await server.serve_forever()

asyncio.run(main())
'''
_PACKAGES = ("anyio", "idna", "sniffio", "typing_extensions", "websockets")
_LEFT_OUT = {"__pycache__", "test", "tests", "idlelib", "tkinter", "ensurepip", "lib2to3"}


class Engine:
    """A running Engine.

    Attributes:
        url: For MEDIAFLEET_DOCKER_HOST.
        socket: Path of its socket.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = str(folder / "d.sock")
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run dockerd and wait until it answers."""
        (self._folder / "config.json").write_text("{}")
        command = [
            "dockerd",
            f"--config-file={self._folder}/config.json",
            f"--data-root={self._folder}/data",
            f"--exec-root={self._folder}/exec",
            f"--pidfile={self._folder}/d.pid",
            f"--host={self.url}",
            f"--bridge={BRIDGE}",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-masq=false",
            "--ip-forward=false",
            "--log-level=warn",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + READY_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.ask("GET", "/_ping")[0] == 200
        return False

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Ask the Engine; status and body of its answer."""
        with closing(http.client.HTTPConnection("localhost", timeout=READY_S)) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(READY_S)
            connection.sock.connect(self.socket)
            if isinstance(body, dict):
                kind, body = "application/json", json.dumps(body)
            else:
                kind = "application/x-tar"
            headers = {} if body is None else {"Content-Type": kind}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()

    def load(self, image: str, root: bytes, *changes: str) -> None:
        """Make an image of the root of a file system, with instructions as of a Dockerfile."""
        name, _, tag = image.partition(":")
        query = urlencode(
            {"fromSrc": "-", "repo": name, "tag": tag, "changes": changes}, doseq=True
        )
        status, reported = self.ask("POST", f"/images/create?{query}", root)
        assert status == 200, reported

    def containers(self, *, running: bool = True) -> list[dict[str, Any]]:
        """All containers, of any cluster."""
        _, body = self.ask("GET", f"/containers/json?all={'false' if running else 'true'}")
        found: list[dict[str, Any]] = json.loads(body)
        return found

    def created_since(self, moment: int, label: str) -> list[str]:
        """The label of each container that was created, also of those that are gone."""
        filters = json.dumps({"type": ["container"], "event": ["create"]})
        until = int(time.time()) + 1
        query = f"since={moment}&until={until}&filters={quote(filters)}"
        _, body = self.ask("GET", f"/events?{query}")
        events = map(json.loads, body.splitlines())
        return [event["Actor"]["Attributes"].get(label, "") for event in events]

    def clear(self) -> None:
        """Remove every container."""
        for container in self.containers(running=False):
            self.ask("DELETE", f"/containers/{container['Id']}?force=true&v=true")

    def pid_of(self, container_id: str) -> int:
        _, body = self.ask("GET", f"/containers/{container_id}/json")
        return int(json.loads(body)["State"]["Pid"])

    def stop(self) -> None:
        """End the Engine and everything it left mounted."""
        if self._process is not None and self._process.poll() is None:
            self.clear()
            self._process.terminate()
            self._process.wait(READY_S)
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            place = line.split()[1]
            if place.startswith(str(self._folder)):
                subprocess.run(["umount", "-l", place], check=False)


@contextmanager
def private_engine() -> Iterator[Engine]:
    """An Engine with the image; skips where there can be none, and fails there in CI."""
    require(os.geteuid() == 0, "a Docker Engine needs root")
    require_tool("dockerd")
    # Not pytest's folder: the path of a socket has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="mfd-", dir="/tmp"))
    engine = Engine(folder)
    _ip("link", "add", BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", NETWORK, "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        engine.start()
        engine.load(IMAGE, _image(), 'CMD ["/python", "/node.py"]')
        yield engine
    finally:
        engine.stop()
        _ip("link", "del", BRIDGE)
        shutil.rmtree(folder, ignore_errors=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _image() -> bytes:
    """The root of a file system: this interpreter, its library, and an emulated node."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        files = Files(tar)
        files.tree(Path(sysconfig.get_path("stdlib")))
        site = Path(sysconfig.get_path("purelib"))
        for name in _PACKAGES:
            for path in (site / name, site / f"{name}.py"):
                files.tree(path) if path.is_dir() else files.add(path)
        files.tree(Path(mediafleet.__file__).parent)
        interpreter = Path(sys.executable).resolve()
        files.add(interpreter)
        files.link("python", str(interpreter))
        paths = [str(site), str(Path(mediafleet.__file__).parents[1])]
        files.text("node.py", f"import sys; sys.path[:0] = {paths!r}\n{_NODE_PROGRAM}")
        files.text("etc/passwd", "root:x:0:0::/:/\n")
        files.text("etc/hosts", "127.0.0.1 localhost\n")
    return buffer.getvalue()


class Files:
    """Adds files, and the libraries that those need which are loaded by the machine itself."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._added: set[Path] = set()

    def tree(self, folder: Path, left_out: Collection[str] = _LEFT_OUT) -> None:
        for path in folder.rglob("*"):
            parts = path.relative_to(folder).parts
            library = parts[0] == "site-packages" or parts[0].startswith("config-")
            if path.is_file() and not library and not set(left_out).intersection(parts):
                self.add(path)

    def add(self, path: Path, name: str = "") -> None:
        """Add a file under its own path, or another name."""
        if path in self._added or not path.exists():
            return
        self._added.add(path)
        arcname = (name or str(path)).lstrip("/")
        self.folder(str(Path(arcname).parent))
        self._tar.add(path.resolve(), arcname=arcname, recursive=False)
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF":
                self._libraries(path)

    def _libraries(self, path: Path) -> None:
        done = subprocess.run(["ldd", str(path)], check=False, capture_output=True, text=True)
        for word in done.stdout.split():
            if word.startswith("/"):
                self.add(Path(os.path.normpath(word)))  # a library's RPATH may go up and down

    def folder(self, name: str, mode: int = 0o755, owner: int = 0) -> None:
        """Add a folder and those above it, which any user of the container may enter."""
        path = Path("/", name)
        if path in self._added or path == Path("/"):
            return
        self.folder(str(path.parent))
        self._added.add(path)
        entry = tarfile.TarInfo(name.lstrip("/"))
        entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
        self._tar.addfile(entry)

    def text(self, name: str, content: str, mode: int = 0o644) -> None:
        self.folder(str(Path(name).parent))
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content.encode()), mode
        self._tar.addfile(entry, io.BytesIO(content.encode()))

    def link(self, name: str, to: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, to
        self._tar.addfile(entry)
