"""IP cameras: what of them others see, and what an operator sees when one fails."""

import logging

import pytest

from mediafleet.domain.calls import (
    Camera,
    ConnectionProperties,
    ConnectionType,
    SessionProperties,
)
from mediafleet.domain.media import MediaEvent
from support.call_cluster import FIRST, opened

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("uri", "address", "ending"),
    [
        ("rtsp://admin:pa55@10.0.0.9:554/a-b", "rtsp://10.0.0.9:554/a-b", "10_0_0_9_554_ab"),
        ("rtsp://admin:p@55@cam/live", "rtsp://cam/live", "cam_live"),
        ("rtsp://cam/live?user=admin&password=pa55#x", "rtsp://cam/live", "cam_live"),
        ("file:///opt/a.mp4", "file:///opt/a.mp4", "_opt_a_mp4"),
    ],
)
async def test_credentials_of_a_camera_are_in_no_id_event_or_log(
    uri: str, address: str, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened() as cluster:
        await cluster.calls.create_session(SessionProperties(custom_session_id="room"))
        camera = await cluster.calls.create_connection(
            "room", ConnectionProperties(ConnectionType.IPCAM, camera=Camera(uri))
        )
        await cluster.calls.close_session("room")
        payloads = [event.payload for event in await cluster.store.events(after=4)]

    assert camera.id.endswith(f"_{ending}")
    assert address in {payload.get("rtspUri") for payload in payloads}
    for text in (camera.id, str(payloads), caplog.text):
        assert not any(secret in text for secret in ("a55", "@55", "p55", "admin"))


async def test_a_camera_that_fails_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as cluster:
        await cluster.calls.create_session(SessionProperties(custom_session_id="room"))
        await cluster.join("room", "browser")
        camera = await cluster.calls.create_connection(
            "room", ConnectionProperties(ConnectionType.IPCAM, camera=Camera("rtsp://cam/live"))
        )
        browser = next(
            each for each in cluster.calls.call("room").connections.values() if each is not camera
        )
        for each in (browser, camera):
            assert each.stream is not None
            for kind in ("Error", "EndOfStream"):
                event = MediaEvent(each.stream.endpoint, kind, {"description": "Invalid URI"})
                cluster.rooms.reports.on_media_event(FIRST, event)

    (failed,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert failed.getMessage() == "camera failed"
    assert (
        vars(failed).items()
        >= {
            "session_id": "room",
            "connection_id": camera.id,
            "reason": "Invalid URI",
        }.items()
    )
