"""A hypothesis state machine asks a live server for every verb, in any order, and kills it too."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_as_test

from mediafleet.domain.media_node import REQUESTABLE, MediaNodeStatus
from mediafleet.emulator import address_of
from support import histories, processes
from support.emulator_control import ControlClient

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

S = MediaNodeStatus
T = TypeVar("T")
NODES = 2
SETTLED_IN_S = 15
UNKNOWN = "kms_Unknown1"
ANY_ORDER = settings(
    max_examples=6,
    stateful_step_count=25,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

numbers = st.integers(0, NODES - 1)
families = st.sampled_from(["/pro", "/openvidu/api"])
strategies = st.sampled_from(["now", "if-no-sessions", "when-no-sessions"])


@dataclass(frozen=True)
class MediaServers:
    """The media servers of all walks, in a process of their own."""

    portal: BlockingPortal
    port: int
    control: ControlClient

    def call(self, command: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        return self.portal.call(command, *arguments)


@dataclass
class Expected:
    """What must be true of one media server and of its Media Node.

    Attributes:
        id: The member's; ``None`` while it is none.
        quarantined: It goes when its last session ends.
        sessions: Object ids of the pipelines on it.
    """

    id: str | None = None
    quarantined: bool = False
    sessions: list[str] = field(default_factory=list)

    @property
    def status(self) -> MediaNodeStatus:
        return S.WAITING_IDLE_TO_TERMINATE if self.quarantined else S.RUNNING

    def leave(self, *, evicting: bool = False) -> None:
        self.id, self.quarantined = None, False
        if evicting:
            self.sessions.clear()

    def settle(self) -> None:
        """The last session of a quarantined node is its own."""
        if self.quarantined and not self.sessions:
            self.leave()


class LiveLifeCycle(RuleBasedStateMachine):
    """Every verb, asked for at any moment; sessions, media servers and the server come and go."""

    def __init__(self, media_servers: MediaServers) -> None:
        super().__init__()
        self.world = media_servers
        self.folder = tempfile.TemporaryDirectory(prefix="mediafleet-life-")
        self.nodes = [Expected() for _ in range(NODES)]
        self.start_server()

    def start_server(self) -> None:
        context = processes.server(Path(self.folder.name))
        self.serving = self.world.portal.wrap_async_context_manager(context)
        self.running, self.api = self.serving.__enter__()

    def ask(self, method: str, path: str, **query: str) -> httpx.Response:
        return self.world.portal.call(lambda: self.api.request(method, path, params=query))

    def send(self, method: str, path: str, body: dict[str, Any], **query: str) -> httpx.Response:
        return self.world.portal.call(
            lambda: self.api.request(method, path, params=query, json=body)
        )

    @rule(number=numbers, family=families)
    def add(self, number: int, family: str) -> None:
        node = self.nodes[number]
        uri = f"ws://{address_of(number)}:{self.world.port}/kurento"

        answer = self.send("POST", f"{family}/media-nodes", {"uri": uri}, wait="true")

        if node.id is None:
            assert (answer.status_code, answer.json()["status"]) == (200, "running")
            node.id = answer.json()["id"]
        else:
            assert answer.status_code == 409

    @rule(number=numbers, strategy=strategies, wait=st.booleans(), family=families)
    def remove(self, number: int, strategy: str, wait: bool, family: str) -> None:
        node = self.nodes[number]
        stays = bool(node.sessions) and strategy == "when-no-sessions"
        answer = self.ask(
            "DELETE",
            f"{family}/media-nodes/{node.id or UNKNOWN}",
            **{"deletion-strategy": strategy, "wait": str(wait and not stays).lower()},
        )

        if node.id is None:
            assert answer.status_code == 404
        elif node.sessions and strategy == "if-no-sessions":
            assert answer.status_code == 409
        elif stays:
            assert answer.status_code == 202
            node.quarantined = True
        else:
            begun = 200 if family != "/pro" and not wait else 204
            assert answer.status_code == begun
            node.leave(evicting=True)

    @rule(number=numbers, status=st.sampled_from(S), family=families)
    def ask_for_a_status(self, number: int, status: MediaNodeStatus, family: str) -> None:
        node = self.nodes[number]
        path = f"{family}/media-nodes/{node.id or UNKNOWN}"

        answer = self.send("PATCH", path, {"status": status})

        if status in (S.FAILED, S.TERMINATED):
            assert answer.status_code in (400, 404)
        elif node.id is None:
            assert answer.status_code == 404
        elif status is node.status:
            assert answer.status_code == 204
        elif status not in REQUESTABLE[node.status]:
            assert answer.status_code == 400
        else:
            assert (answer.status_code, answer.json()["status"]) == (200, status)
            node.quarantined = status is S.WAITING_IDLE_TO_TERMINATE
            if status is S.TERMINATING:
                node.leave(evicting=True)
            node.settle()

    @rule(number=numbers)
    def begin_a_session(self, number: int) -> None:
        control = self.world.control
        self.nodes[number].sessions.append(self.world.call(control.create_pipeline, number))

    @precondition(lambda self: any(node.sessions for node in self.nodes))
    @rule(data=st.data())
    def end_a_session(self, data: st.DataObject) -> None:
        busy = [number for number, node in enumerate(self.nodes) if node.sessions]
        number = data.draw(st.sampled_from(busy))
        object_id = data.draw(st.sampled_from(self.nodes[number].sessions))
        self.world.call(self.world.control.release_pipeline, number, object_id)
        self.nodes[number].sessions.remove(object_id)
        self.nodes[number].settle()

    @rule(number=numbers)
    def replace_the_media_server(self, number: int) -> None:
        """It is killed and started again: another process, without the sessions."""
        self.world.call(self.world.control.crash, number)
        self.world.call(self.world.control.restart, number)
        self.nodes[number].sessions.clear()
        self.nodes[number].settle()

    @rule(number=numbers)
    def cut_the_connections(self, number: int) -> None:
        self.world.call(self.world.control.disconnect, number)

    @rule(family=families)
    def discover(self, family: str) -> None:
        answer = self.ask("PUT", f"{family}/media-nodes")
        assert (answer.status_code, answer.json()["content"]) == (200, [])

    @rule(family=families, value=st.booleans())
    def restart_with_a_new_configuration(self, family: str, value: bool) -> None:
        assert self.send("POST", f"{family}/restart", {"OPENVIDU_CDR": value}).status_code == 200
        assert self.ask("GET", f"{family}/config").json()["OPENVIDU_CDR"] is value

    @rule()
    def kill_the_server(self) -> None:
        self.running.kill()
        self.serving.__exit__(None, None, None)
        self.start_server()

    @invariant()
    def the_cluster_comes_to_be_as_it_must(self) -> None:
        self.world.portal.call(self.until_settled)

    async def until_settled(self) -> None:
        expected = {
            node.id: (node.status, True, set(node.sessions)) for node in self.nodes if node.id
        }
        found: dict[str, Any] = {}
        with anyio.move_on_after(SETTLED_IN_S):
            while (found := await self.members()) != expected:
                await anyio.sleep(0.02)
        assert found == expected

    async def members(self) -> dict[str, Any]:
        answer = await self.api.get("/pro/media-nodes", params={"sessions": "true"})
        assert answer.status_code == 200
        return {
            node["id"]: (
                node["status"],
                node["connected"],
                {session["sessionId"] for session in node["sessions"]},
            )
            for node in answer.json()["content"]
        }

    def teardown(self) -> None:
        self.serving.__exit__(None, None, None)
        database = Path(self.folder.name) / "mediafleet.db"
        events, members = histories.read_events(database), histories.read_members(database)
        for number in range(NODES):
            self.world.call(self.world.control.crash, number)
            self.world.call(self.world.control.restart, number)
        self.folder.cleanup()
        assert histories.faults(events, members) == []


@pytest.fixture(scope="module")
def media_servers() -> Iterator[MediaServers]:
    @asynccontextmanager
    async def emulated() -> AsyncIterator[tuple[int, ControlClient]]:
        async with processes.emulator(NODES) as (_, port), ControlClient(port) as control:
            yield port, control

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(emulated()) as (port, control),
    ):
        yield MediaServers(portal, port, control)


def test_no_order_of_verbs_crashes_and_sessions_loses_a_node(media_servers: MediaServers) -> None:
    run_as_test(lambda: LiveLifeCycle(media_servers), settings=ANY_ORDER)
