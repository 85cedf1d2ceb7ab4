"""What becomes of calls and their browsers when Media Nodes leave; live, without real media."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from mediafleet.kurento.session_watcher import OWNER_TAG
from support import histories, live
from support.cluster_client import (
    Json,
    add,
    delete,
    drain,
    get,
    until,
    until_gone,
    until_measured,
    until_status,
)
from support.kurento_wire import wire
from support.media import offer
from support.rpc_browser import Browser, RpcFailureError, browser
from support.rpc_calls import joining, published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from mediafleet.emulator import EmulatedCluster

pytestmark = pytest.mark.anyio

NO_MEDIA_NODE = 204
SESSIONS = "/openvidu/api/sessions"


@dataclass
class Server:
    """A server with two nodes, and browsers that are closed with it."""

    api: httpx.AsyncClient
    first: Json
    second: Json
    stack: AsyncExitStack

    async def join(self, session_id: str) -> tuple[Browser, Json]:
        """Join as a new browser; return it and the result of joinRoom."""
        created = await self.api.post(SESSIONS, json={"customSessionId": session_id})
        assert created.status_code in {200, 409}, created.text
        answer = await self.api.post(f"{SESSIONS}/{session_id}/connection")
        assert answer.status_code == 200, answer.text
        page = await self.stack.enter_async_context(browser(str(self.api.base_url)))
        joined = await page.call("joinRoom", **joining(answer.json()["token"]))
        return page, joined

    async def node_of(self, session_id: str) -> str | None:
        """Id of the node that shows a session."""
        for node in (self.first, self.second):
            answer = await self.api.get(f"/pro/media-nodes/{node['id']}?sessions=true")
            sessions = answer.json().get("sessions", []) if answer.status_code == 200 else []
            if session_id in {each["sessionId"] for each in sessions}:
                return str(node["id"])
        return None


async def publish(page: Browser) -> Json:
    return await page.call("publishVideo", **published())


@asynccontextmanager
async def opened(
    data_dir: Path, fleet: EmulatedCluster, **properties: Any
) -> AsyncIterator[Server]:
    async with (
        live.mediafleet(data_dir, **properties) as api,
        AsyncExitStack() as stack,
    ):
        nodes = [await add(api, fleet.uri(number)) for number in range(2)]
        for node in nodes:
            await until_measured(api, node["id"])
        yield Server(api, *nodes, stack)


@pytest.fixture
async def server(tmp_path: Path, fleet: EmulatedCluster) -> AsyncIterator[Server]:
    async with opened(tmp_path, fleet) as server:
        yield server


def ends(database: Path, node_id: str) -> list[str]:
    """What ended on a node, in words, with its status in between."""
    return [
        f"{event['name']} {event.get('reason') or event.get('newStatus')}"
        for event in histories.read_events(database)
        if event["node"] == node_id and (event.get("reason") or event.get("newStatus"))
    ]


async def test_a_node_shows_a_call_as_the_session_itself_is_shown(server: Server) -> None:
    page, joined = await server.join("room")
    await publish(page)
    node_id = str(await server.node_of("room"))

    for nodes, sessions in (
        ("/pro/media-nodes", "/api/sessions"),
        ("/openvidu/api/media-nodes", "/openvidu/api/sessions"),
    ):
        node = await server.api.get(f"{nodes}/{node_id}?sessions=true")
        session = await server.api.get(f"{sessions}/room")
        assert node.json()["sessions"] == [session.json()]
        (connection,) = session.json()["connections"]["content"]
        assert connection["connectionId"] == joined["id"]
        assert len(connection["publishers"]) == 1
    progress = await server.api.put(f"/fleet/media-nodes/{node_id}/drain?dry-run=true")
    assert progress.json()["sessionIds"] == ["room"]


async def test_a_removal_now_evicts_browsers_after_the_node_terminates(
    server: Server, database: Path
) -> None:
    (one, _), (two, _) = await server.join("room"), await server.join("room")
    stream = await publish(one)
    await two.call("receiveVideoFrom", sender=stream["id"], sdpOffer=offer("subscribe"))
    node_id = await server.node_of("room")
    assert node_id is not None

    assert (await delete(server.api, node_id, deletion_strategy="now")).status_code == 204
    for page in (one, two):
        evicted = await page.notification("participantEvicted")
        assert evicted["reason"] == "mediaServerDisconnect"
        await page.closed()
    await until_gone(server.api, node_id)

    terminating, *of_call, terminated = ends(database, node_id)[2:]
    assert terminating == "mediaNodeStatusChanged terminating"
    assert terminated == "mediaNodeStatusChanged terminated"
    kinds = [each.partition(" ")[0] for each in of_call]
    assert sorted(kinds[:-1]) == ["participantLeft"] * 2 + ["webrtcConnectionDestroyed"] * 2
    assert kinds[-1] == "sessionDestroyed"
    assert {each.partition(" ")[2] for each in of_call} == {"mediaServerDisconnect"}
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []


async def test_a_node_with_a_call_is_not_removed_and_one_being_removed_takes_no_call(
    server: Server,
) -> None:
    page, _ = await server.join("room")
    hosting = str(await server.node_of("room"))
    (other,) = {str(server.first["id"]), str(server.second["id"])} - {hosting}

    assert (await delete(server.api, hosting)).status_code == 409
    assert (await drain(server.api, hosting, force="true")).status_code == 201
    await server.join("next")
    assert await server.node_of("next") == other
    await server.join("room")
    assert await server.node_of("room") == hosting

    assert (await drain(server.api, other, force="true")).status_code == 201
    with pytest.raises(RpcFailureError) as raised:
        await server.join("late")
    assert raised.value.code == NO_MEDIA_NODE
    assert (await get(server.api, hosting))["status"] == "waiting-idle-to-terminate"
    await page.call("leaveRoom")
    assert await server.node_of("room") == hosting


async def test_a_drained_node_goes_when_the_last_participant_has_left(server: Server) -> None:
    page, _ = await server.join("room")
    node_id = str(await server.node_of("room"))
    assert (await drain(server.api, node_id, force="true")).status_code == 201
    assert (await get(server.api, node_id))["status"] == "waiting-idle-to-terminate"

    await page.call("leaveRoom")

    await until_gone(server.api, node_id)


async def test_a_drain_that_moves_calls_empties_a_node_and_nobody_leaves(
    server: Server, database: Path
) -> None:
    page, _ = await server.join("room")
    await publish(page)
    node_id = str(await server.node_of("room"))
    url = f"/fleet/media-nodes/{node_id}/drain"

    assert (await server.api.put(url, json={"move": True})).status_code == 201
    await until_gone(server.api, node_id)

    assert await server.node_of("room") not in {None, node_id}
    assert [each for each in ends(database, node_id) if "mediaNode" not in each] == []
    await page.call("ping")


async def test_joins_and_drains_at_once_leave_no_call_on_a_node_that_went(
    server: Server, database: Path
) -> None:
    joined: list[str] = []

    async def join(session_id: str) -> None:
        try:
            await server.join(session_id)
        except RpcFailureError as failure:
            assert failure.code == NO_MEDIA_NODE  # noqa: PT017 - the message names the request
        else:
            joined.append(session_id)

    async with anyio.create_task_group() as racing:
        for number in range(12):
            racing.start_soon(join, f"room-{number}")
            if number == 4:
                racing.start_soon(delete, server.api, server.first["id"])
            if number == 8:
                racing.start_soon(delete, server.api, server.second["id"])

    for session_id in joined:
        assert await server.node_of(session_id) is not None
    reasons = {each.partition(" ")[2] for each in ends(database, str(server.first["id"]))}
    assert "mediaServerDisconnect" not in reasons
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []


@pytest.mark.slow
@pytest.mark.parametrize("failover", [False, True])
async def test_a_crash_evicts_browsers_or_moves_their_call(
    tmp_path: Path, fleet: EmulatedCluster, database: Path, *, failover: bool
) -> None:
    async with opened(
        tmp_path,
        fleet,
        MEDIAFLEET_SESSION_FAILOVER=str(failover).lower(),
        OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT="3",
    ) as server:
        page, joined = await server.join("room")
        await publish(page)
        node_id = str(await server.node_of("room"))
        fleet.nodes[0 if node_id == server.first["id"] else 1].hang()

        await until(server.api, node_id, lambda node: node is None, limit=15)

        names = ends(database, node_id)
        assert names[-1] == "mediaNodeStatusChanged terminated"
        if failover:
            assert await server.node_of("room") not in {None, node_id}
            assert "sessionDestroyed nodeCrashed" not in names
            assert await page.closed() == (1012, "connect again")
            async with browser(str(server.api.base_url)) as again:
                await again.call("connect", sessionId=joined["sessionId"])
        else:
            assert (await page.notification("participantEvicted"))["reason"] == "nodeCrashed"
            await page.closed()
            assert names.index("mediaNodeStatusChanged terminating") < names.index(
                "participantLeft nodeCrashed"
            )
            assert "sessionDestroyed nodeCrashed" in names


async def test_what_a_killed_server_did_not_release_is_released_at_the_next_start(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    """Killed after it created a pipeline and before it stored that, or after a call has ended."""
    async with opened(tmp_path, fleet) as server:
        page, _ = await server.join("room")
        node_id, on = await server.node_of("room"), fleet.nodes
        host = on[0] if node_id == server.first["id"] else on[1]
        async with wire(host.uri) as application:
            (pipeline,) = host.pipelines
            owner = await application.invoke(pipeline, "getTag", key=OWNER_TAG)
            await page.call("leaveRoom")
    async with wire(host.uri) as application:
        left = await application.create("MediaPipeline")
        await application.invoke(left, "setName", name="room")
        await application.invoke(left, "addTag", key=OWNER_TAG, value=owner)
        async with live.mediafleet(tmp_path) as api:
            with anyio.fail_after(5):
                while left in host.pipelines:
                    await anyio.sleep(0.01)
            await until_status(api, str(node_id), "running")
            assert (await delete(api, str(node_id))).status_code == 204


async def test_after_a_restart_of_the_media_server_participants_stay_and_publish_anew(
    server: Server, fleet: EmulatedCluster, database: Path
) -> None:
    page, joined = await server.join("room")
    other, _ = await server.join("room")
    first = await publish(page)
    await other.call("receiveVideoFrom", sender=first["id"], sdpOffer=offer("subscribe"))
    node_id = await server.node_of("room")
    host = fleet.nodes[0 if node_id == server.first["id"] else 1]

    host.crash()
    host.restart()
    for each in (page, other):
        ended = await each.notification("participantUnpublished")
        assert ended == {"connectionId": joined["id"], "reason": "mediaServerReconnect"}
    again = await publish(page)
    assert again["id"] != first["id"]
    await other.call("receiveVideoFrom", sender=again["id"], sdpOffer=offer("subscribe"))
    assert await server.node_of("room") == node_id
    assert (
        ends(database, str(node_id))[-2:] == ["webrtcConnectionDestroyed mediaServerReconnect"] * 2
    )
