import subprocess
import sys
import threading
from collections.abc import Iterator

import anyio
import pytest

from mediafleet.emulator import Steering
from support import fuzzing

DEFAULT_SEED = "101"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """CI tries the same cases every time; ``--hypothesis-seed N`` chooses others."""
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = DEFAULT_SEED


@pytest.fixture(scope="session", autouse=True)
def emulated_nodes() -> Iterator[None]:
    """Live nodes in a process of their own; some of them always host a session."""
    command = [sys.executable, "-m", "mediafleet", "emulator"]
    options = ["--nodes", str(fuzzing.NODES), "--port", str(fuzzing.NODE_PORT)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(fuzzing.POOL[fuzzing.NODES - 1] in line for line in process.stdout)
        end = threading.Event()
        keeper = threading.Thread(target=anyio.run, args=(_keep_busy, end))
        keeper.start()
        yield
        end.set()
        keeper.join()
        process.terminate()


async def _keep_busy(end: threading.Event) -> None:
    async with Steering(fuzzing.NODE_PORT) as steering:
        while not end.is_set():
            for number in fuzzing.BUSY_NODES:
                if not (await steering.describe(number))["pipelines"]:
                    await steering.create_pipeline(number, f"room-{number}")
            await anyio.sleep(0.05)


@pytest.fixture(scope="module", autouse=True)
def fresh_count() -> None:
    fuzzing.seen.__init__()  # type: ignore[misc]
