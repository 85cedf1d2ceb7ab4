"""The product's own processes, as a user starts them."""

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
from anyio.abc import Process

from support import emulator_control

SECRET = "a-secret-of-the-tests"
MEDIAFLEET = (sys.executable, "-m", "mediafleet")
_URL = re.compile(r"serves (http\S+)")
_NODE = re.compile(r"ws://127\.\d+\.\d+\.\d+:(\d+)/")


@dataclass
class Running:
    """A child process and the value that it printed first."""

    process: Process
    printed: str
    output: list[str]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    async def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """Signal the process and wait for its end; its exit status."""
        self.process.send_signal(by)
        return await self.process.wait()


@asynccontextmanager
async def started(
    pattern: re.Pattern[str],
    *arguments: str,
    program: Sequence[str] = MEDIAFLEET,
    **environment: str,
) -> AsyncIterator[Running]:
    """Run a program with arguments until the block ends; entered when the pattern was seen."""
    process = await anyio.open_process(
        [*program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    output: list[str] = []
    found = anyio.Event()
    printed: list[str] = []

    async def read() -> None:
        assert process.stdout is not None
        rest = ""
        async for chunk in process.stdout:
            *lines, rest = (rest + chunk.decode("utf-8", "replace")).split("\n")
            output.extend(lines)
            match = pattern.search("\n".join(lines))
            if match and not printed:
                printed.append(match[1])
                found.set()
        found.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        try:
            with anyio.fail_after(30):
                await found.wait()
            assert printed, "\n".join(output)
            yield Running(process, printed[0], output)
        finally:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.send_signal(signal.SIGTERM)
                with anyio.move_on_after(10):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                    await process.wait()


@asynccontextmanager
async def emulator(nodes: int) -> AsyncIterator[tuple[Running, int]]:
    """A process with emulated nodes, which a `ControlClient` has fail; with its port."""
    program = emulator_control.PROGRAM
    async with started(_NODE, str(nodes), "0", program=program) as running:
        yield running, int(running.printed)


@asynccontextmanager
async def server(
    data_dir: Path, *arguments: str, authority: Path | None = None, **properties: str
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """A server process, on premises by default; with a client of its credentials.

    Args:
        data_dir: Its data directory.
        arguments: More options of the command.
        authority: What signed its certificate.
        properties: Of its configuration.
    """
    command = ("serve", "--port", "0", "--data-dir", str(data_dir), *arguments)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data_dir / ".env").touch()
    usual = {
        "OPENVIDU_SECRET": SECRET,
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
        "DOTENV_PATH": str(data_dir),
    }
    async with (
        started(_URL, *command, **usual | properties) as running,
        httpx.AsyncClient(
            base_url=running.printed,
            verify=True if authority is None else ssl.create_default_context(cafile=authority),
            auth=("OPENVIDUAPP", SECRET),
            timeout=30,
            limits=httpx.Limits(max_connections=300),
        ) as client,
    ):
        yield running, client
