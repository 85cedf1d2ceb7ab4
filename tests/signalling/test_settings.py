"""Every property about calls does what it says, seen from outside."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from websockets.exceptions import InvalidStatus

from mediafleet.emulator import EmulatedCluster
from mediafleet.services import call_recovery
from support.kurento_wire import Wire, wire
from support.rpc_calls import SESSIONS, Server, calls, joining, new_session, new_token

pytestmark = pytest.mark.anyio

VIDEO = "OPENVIDU_STREAMS_VIDEO_{}_BANDWIDTH"
LIMITS = ("MAX_RECV", "MIN_RECV", "MAX_SEND", "MIN_SEND")


async def limits_of(application: Wire, name: str) -> list[int]:
    """The limits of the endpoint of a stream."""
    pipelines = await application.invoke("manager_ServerManager", "getPipelines")
    for pipeline in pipelines:
        for element in await application.invoke(pipeline, "getChildren"):
            if await application.invoke(element, "getName") == name:
                getters = [
                    f"get{bound.title()}Video{way.title()}Bandwidth"
                    for bound, way in (each.split("_") for each in LIMITS)
                ]
                return [await application.invoke(element, each) for each in getters]
    raise AssertionError(f"there is no {name}")


async def test_bandwidths_are_those_of_the_configuration_and_of_the_token(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    configured = {VIDEO.format(each): 1001 + at for at, each in enumerate(LIMITS)}
    own = {"kurentoOptions": {"videoMaxRecvBandwidth": 0, "videoMinSendBandwidth": 7}}
    async with calls(tmp_path, fleet, **configured) as server, wire(fleet.uri(0)) as application:
        session_id = await new_session(server.api)
        one = await server.join(session_id)
        two = await server.join(session_id, **own)
        for each, limits in ((one, [1001, 1002, 1003, 1004]), (two, [0, 1002, 1003, 7])):
            stream = await each.publish()
            assert await limits_of(application, stream["id"]) == limits

        changed = {VIDEO.format(each): 2001 for each in LIMITS}
        assert (await server.api.post("/pro/restart", json=changed)).status_code == 200
        three = await server.join(session_id)
        stream = await three.publish()
        assert await limits_of(application, stream["id"]) == [2001] * 4


async def sessions(server: Server) -> set[str]:
    listed = (await server.api.get(SESSIONS)).json()
    return {each["id"] for each in listed["content"]}


async def test_unused_sessions_are_removed_by_interval_and_threshold_also_new_ones(
    tmp_path: Path, fleet: EmulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_recovery, "BEAT_S", 0.2)
    async with calls(tmp_path, fleet) as server:
        unused, used = [await new_session(server.api) for _ in range(2)]
        await server.join(used)
        garbage = {
            "OPENVIDU_SESSIONS_GARBAGE_INTERVAL": 1,
            "OPENVIDU_SESSIONS_GARBAGE_THRESHOLD": 1,
        }
        assert (await server.api.post("/pro/restart", json=garbage)).status_code == 200
        with anyio.fail_after(10):
            while unused in await sessions(server):
                await anyio.sleep(0.05)
        assert await sessions(server) == {used}


async def test_sessions_participants_and_sockets_are_limited(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    most: dict[str, Any] = {
        "MEDIAFLEET_SESSIONS": 1,
        "MEDIAFLEET_SESSION_PARTICIPANTS": 1,
        "MEDIAFLEET_SIGNALLING_SOCKETS": 2,
    }
    async with calls(tmp_path, fleet, **most) as server:
        session_id = await new_session(server.api)
        refused = await server.api.post(SESSIONS)
        assert refused.status_code == 503
        assert "MEDIAFLEET_SESSIONS" in refused.json()["message"]
        await server.join(session_id)
        page = await server.open()
        token = await new_token(server.api, session_id)
        assert await page.code_of("joinRoom", **joining(token)) == 204
        with pytest.raises(InvalidStatus, match="403"):
            await server.open()


async def test_sockets_of_one_address_are_limited(tmp_path: Path, fleet: EmulatedCluster) -> None:
    async with calls(tmp_path, fleet, MEDIAFLEET_SIGNALLING_SOCKETS_PER_ADDRESS=1) as server:
        await server.open()
        with pytest.raises(InvalidStatus, match="403"):
            await server.open()
