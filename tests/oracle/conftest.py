from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from support.oracle_request import Request
from support.oracle_servers import Servers, running
from support.oracle_verdict import Figures, compare

DEFAULT_SEED = 101


@dataclass(frozen=True, slots=True)
class Oracle:
    """Both applications, in an event loop of their own thread: Hypothesis knows no other.

    Attributes:
        port: Of the emulated Media Nodes.
    """

    portal: BlockingPortal
    servers: Servers
    figures: Figures

    @property
    def port(self) -> int:
        return self.servers.port

    def compare(self, request: Request) -> None:
        self.portal.call(compare, self.servers, request, self.figures)


@pytest.fixture
def oracle(tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Oracle]:
    folder = tmp_path_factory.mktemp("oracle")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running(folder)) as servers,
    ):
        yield Oracle(portal, servers, figures)


@pytest.fixture
def seed(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> int:
    """CI tries the same requests every time; ``--hypothesis-seed N`` chooses others."""
    # Left in force, the option would seed every run of the test alike: the same requests again.
    monkeypatch.setattr("hypothesis.core.global_force_seed", None)
    chosen = pytestconfig.getoption("--hypothesis-seed")
    return int(chosen) if chosen else DEFAULT_SEED


@pytest.fixture
def figures(seed: int, tell: Callable[[str], None]) -> Iterator[Figures]:
    """Counted by the test, shown at the end of the run."""
    figures = Figures(seed)
    yield figures
    tell(f"oracle: {figures.table()}")
