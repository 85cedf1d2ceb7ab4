"""Browsers that send anything, in any order and role: never an undocumented error or a hang."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from mediafleet.signalling.openrpc import compiled_methods
from support.openrpc_contract import DOCUMENT as OPENRPC
from support.rpc_browser import Browser, RpcFailureError
from support.rpc_calls import SESSIONS, Server, calls, joining, new_session, new_token
from support.rpc_fuzzing import METHODS, WRONG_FRAMES, Id, params_of, wrong_params

pytestmark = pytest.mark.anyio

ROLES = ("SUBSCRIBER", "PUBLISHER", "MODERATOR")
IDS = [Id(number) for number in range(8)]


def steps() -> st.SearchStrategy[tuple[int, str, Any]]:
    """What one browser does next."""
    requests = st.sampled_from(METHODS).flatmap(
        lambda method: st.tuples(
            st.just(method["name"]), params_of(method, IDS) | wrong_params(method, IDS)
        )
    )
    frames = WRONG_FRAMES | st.binary(max_size=50)
    others = st.sampled_from(["cut", "return", "join", "join", "wait"])
    return st.one_of(
        st.tuples(st.integers(0, 2), st.just("request"), requests),
        st.tuples(st.integers(0, 2), others, st.none()),
        st.tuples(st.integers(0, 2), st.just("frame"), frames),
    )


PLANS = st.lists(steps(), min_size=1, max_size=25)
OF_ANY_FRAME = {-32700, -32600, -32601, -1, -32000}
CLOSED = {1000, 1003, 1008, 1009, 4000, 4001}
"""Codes with which the server may close."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with (
        EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as node,
        calls(tmp_path_factory.mktemp("calls"), node) as server,
    ):
        yield server


class Actor:
    """A browser that is not to be trusted.

    Args:
        server: Where it connects.
        session_id: Of the session that it joins.
        role: Of its connections.
        known: Ids of connections and streams; it adds those that it learns.
    """

    def __init__(self, server: Server, session_id: str, role: str, known: list[str]) -> None:
        self._server = server
        self._session_id = session_id
        self._role = role
        self._known = known
        self._page: Browser | None = None
        self._rpc_session = "unknown"
        self._pending: list[int] = []

    async def act(self, action: str, payload: Any) -> None:
        """Take a step; ids of the plan become real ones."""
        page = self._page = self._page or await self._server.open(first_id=1_000_000)
        with suppress(ConnectionClosed):
            if action == "request":
                method, params = payload
                self._pending.append(await page.send(method, self._with_ids(params)))
            elif action == "frame":
                await page.socket.send(payload)
            elif action == "return":
                params = {"sessionId": self._rpc_session}
                self._pending.append(await page.send("connect", params))
            elif action == "join":
                # It may be over, as its last participant has left.
                await self._server.api.post(SESSIONS, json={"customSessionId": self._session_id})
                token = await new_token(self._server.api, self._session_id, role=self._role)
                self._pending.append(await page.send("joinRoom", joining(token)))
        if action in ("join", "wait", "return"):
            await self.settle()
        elif action == "cut":
            await page.socket.close()
            self._forget()

    async def settle(self) -> None:
        """Wait for all answers; each comes, or the socket is closed."""
        page = self._page
        if page is None:
            return
        try:
            for request_id in self._pending:
                with suppress(RpcFailureError):
                    self._learn(await page.answer(request_id))
        except ConnectionClosed:
            self._forget()
            assert page.socket.close_code in CLOSED
        assert OF_ANY_FRAME.issuperset(page.errors)
        self._pending.clear()

    def _with_ids(self, params: Any) -> Any:
        if not isinstance(params, dict):
            return params
        return {
            name: self._known[-1 - value % len(self._known)] if isinstance(value, Id) else value
            for name, value in params.items()
        }

    def _learn(self, result: dict[str, Any]) -> None:
        self._rpc_session = result.get("sessionId", self._rpc_session)
        if "id" in result:
            self._known.append(result["id"])

    def _forget(self) -> None:
        self._page = None
        self._pending.clear()


async def _play(server: Server, plan: list[tuple[int, str, Any]]) -> None:
    session_id = await new_session(server.api)
    known: list[str] = ["con_unknown", "str_CAM_A1b2_con_unknown"]
    actors = [Actor(server, session_id, role, known) for role in ROLES]
    for number, action, payload in plan:
        await actors[number].act(action, payload)
    for actor in actors:
        await actor.settle()
    await server.stack.aclose()
    with anyio.fail_after(10):
        await server.api.delete(f"/openvidu/api/sessions/{session_id}")


FUZZED = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZED
@given(plan=PLANS)
async def test_whatever_browsers_send_is_answered_as_documented(
    server: Server, caplog: pytest.LogCaptureFixture, plan: list[tuple[int, str, Any]]
) -> None:
    await _play(server, plan)
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(FUZZED, max_examples=500)
@given(plan=PLANS)
async def test_whatever_browsers_send_is_answered_as_documented_at_length(
    server: Server, caplog: pytest.LogCaptureFixture, plan: list[tuple[int, str, Any]]
) -> None:
    await _play(server, plan)
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_what_is_drawn_keeps_the_contract() -> None:
    """The strategies agree with what the server compiles."""
    compiled = compiled_methods(OPENRPC)

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        method = data.draw(st.sampled_from(METHODS))
        params = data.draw(params_of(method, []))
        assert compiled[method["name"]].is_valid(params), (method["name"], params)
        json.dumps(params)

    check()
