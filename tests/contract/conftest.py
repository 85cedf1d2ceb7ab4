import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator

import anyio
import pytest

from support import fuzz_hooks, fuzz_verdict, fuzzing
from support.emulator_control import PROGRAM, ControlClient
from support.fuzzing import fuzz

assert fuzz_hooks.after_call  # importing it registers the hooks

_TURN_S = 0.02
_TURNS_OF_A_REMOVAL = 10


def pytest_configure(config: pytest.Config) -> None:
    """A commit has the same cases everywhere, and a seed that is given chooses others."""
    chosen = config.getoption("--hypothesis-seed")
    if chosen is not None:
        fuzz.seed = int(chosen)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if fuzz_verdict.reports:
        terminalreporter.section("contract fuzz")
        for line in fuzz_verdict.reports:
            terminalreporter.line(line)
        terminalreporter.line(f"the same cases again: --hypothesis-seed {fuzz.seed}")


@pytest.fixture(scope="session", autouse=True)
def emulated_nodes() -> Iterator[None]:
    """Live nodes in a process of their own; some of them always host a session."""
    command = [*PROGRAM, str(fuzzing.NODES), str(fuzzing.NODE_PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(fuzzing.LIVE_URIS[-1] in line for line in process.stdout)
        end = threading.Event()
        keeper = threading.Thread(target=anyio.run, args=(_keep_busy, end))
        keeper.start()
        yield
        end.set()
        keeper.join()
        process.terminate()


async def _keep_busy(end: threading.Event) -> None:
    """Give sessions back to nodes that lost theirs; to members not before a removal is through."""
    empty_for: Counter[int] = Counter()
    async with ControlClient(fuzzing.NODE_PORT) as control:
        while not end.is_set():
            for number in fuzzing.BUSY_NODES:
                node = await control.describe(number)
                empty_for[number] = 0 if node["pipelines"] else empty_for[number] + 1
                if empty_for[number] >= (_TURNS_OF_A_REMOVAL if node["connections"] else 1):
                    await control.create_pipeline(number, f"room-{number}")
            await anyio.sleep(_TURN_S)


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest, emulated_nodes: None) -> Iterator[fuzzing.Run]:
    """What the tests of one module met; reported even if they fail."""
    fuzz.run = fuzzing.Run()
    began = time.monotonic()
    yield fuzz.run
    name = request.module.__name__.rpartition("test_")[2].replace("_", " ")
    fuzz_verdict.report(name, fuzz.run, time.monotonic() - began)
