"""The command line as its user has it: real processes with a home of their own."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest

from mediafleet.cli import main

START_S = 40.0
COMMAND = (sys.executable, "-m", "mediafleet")


@dataclass
class Finished:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def all(self) -> str:
        return self.out + self.err


@dataclass
class Running:
    """A command that goes on until it is stopped; what it writes is kept."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    _unread: "queue.Queue[str | None]" = field(default_factory=queue.Queue)
    _readers: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            if stream is None:
                continue
            reader = threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))
            self._unread.put(line)
        self._unread.put(None)

    def line(self, pattern: str) -> re.Match[str]:
        """Wait for a line of either stream."""
        deadline = time.monotonic() + START_S
        while True:
            for line in [*self.out, *self.err]:
                found = re.search(pattern, line)
                if found is not None:
                    return found
            try:
                self._unread.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"no line {pattern!r} in:\n{self.text}")
            if self.process.poll() is not None and self._unread.empty():
                self.join()
                if not re.search(pattern, self.text, re.MULTILINE):
                    pytest.fail(f"ended without a line {pattern!r}:\n{self.text}")

    @property
    def url(self) -> str:
        """The URL in the ready line."""
        return self.line(r"^Mediafleet \S+ serves (\S+) ")[1]

    def uris(self, count: int) -> list[str]:
        """The URIs of the nodes of an emulator, when all of them are printed."""
        self.line(rf"^ws://127\.0\.1\.{count}:")
        return [line for line in self.out if line.startswith("ws://")]

    @property
    def access(self) -> dict[str, str]:
        """The variables of a client of this server, which has made its secret itself."""
        secret = Path(self.line(r"cat '(.*/secret)'")[1]).read_text("ascii").strip()
        return {"MEDIAFLEET_URL": self.url, "OPENVIDU_SECRET": secret}

    @property
    def text(self) -> str:
        return "\n".join([*self.out, *self.err])

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(by)
        return self.join()

    def end(self) -> None:
        """Wait for the end that was asked for; kill the process if it does not come."""
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.join()

    def join(self) -> int:
        code = self.process.wait(START_S)
        for reader in self._readers:
            reader.join(START_S)
        return code


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def environ(home: Path) -> dict[str, str]:
    """Nothing of this process's configuration, and directories that end with the test."""
    kept = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", "COLUMNS": "100"}
    kept |= {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise"}
    kept |= {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
    return kept | {"HOME": str(home), "TMPDIR": str(home)}


Run = Callable[..., Finished]
Start = Callable[..., Running]


@pytest.fixture(scope="module")
def run(environ: dict[str, str], home: Path) -> Run:
    """Run a command to its end, with its streams redirected by a shell."""

    def run_command(*arguments: object, redirected: str = "", **variables: str) -> Finished:
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirected}', "sh", *COMMAND, *map(str, arguments)],
            check=False,
            env=environ | variables,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=START_S,
            stdin=subprocess.DEVNULL,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run_command


@pytest.fixture
def run_here(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Run a command to its end in this process, which is faster by a second."""

    def run_command(*arguments: object, **variables: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["mediafleet", *map(str, arguments)])
        monkeypatch.setattr(os, "environ", environ | variables)
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert code is None or isinstance(code, int)
        return Finished(code or 0, *capfd.readouterr())

    return run_command


@pytest.fixture(scope="module")
def start(environ: dict[str, str], home: Path) -> Iterator[Start]:
    """Start a command that goes on; at the end of the module every one is ended."""
    started: list[Running] = []

    def start_command(
        *arguments: object,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = subprocess.PIPE,
        redirected: str = "",
        program: Sequence[object] = COMMAND,
        **variables: str,
    ) -> Running:
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" {redirected}', "sh", *map(str, [*program, *arguments])],
            env=environ | variables,
            cwd=home,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Running(process))
        return started[-1]

    yield start_command
    for each in started:
        each.process.terminate()
    for each in started:
        each.end()
        for stream in (each.process.stdin, each.process.stdout, each.process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def _answering() -> Iterator[Any]:

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.asked.append(dict(self.headers))
            self.send_response(listener.status)
            for name, value in listener.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(listener.body)))
            self.end_headers()
            self.wfile.write(listener.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - as the library wants them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.status, listener.headers, listener.body, listener.asked = 200, {}, b"", []
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        listener.url = f"http://127.0.0.1:{listener.server_port}"
        yield listener
        listener.shutdown()
        thread.join()


@pytest.fixture
def answering_server() -> Iterator[Any]:
    """Answers every request with what a test sets; remembers what it was asked."""
    with _answering() as listener:
        yield listener


@pytest.fixture(scope="module")
def webhook_receiver() -> Iterator[Any]:
    """The same for the events of a server of the module."""
    with _answering() as listener:
        yield listener
