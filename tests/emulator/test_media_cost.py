"""What a call costs: the CPU of an emulator process that forwards it, printed."""

import sys

import anyio
import psutil
import pytest

from support.kurento_wire import open_wire
from support.media_peer import Call, MediaPeer, calls

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SECONDS = 10
# What Chromium sends for 640x480 at 20 frames and 500 kbit/s, with opus.
VIDEO_PER_S, VIDEO_BYTES, AUDIO_PER_S, AUDIO_BYTES = 62, 985, 50, 60


async def talk(peer: MediaPeer) -> None:
    """Send media at the rate of a browser."""
    audio = video = 0
    start = anyio.current_time()
    while (passed := anyio.current_time() - start) < SECONDS:
        while video < passed * VIDEO_PER_S:
            peer.send_rtp("video", video, bytes(VIDEO_BYTES))
            video += 1
        while audio < passed * AUDIO_PER_S:
            peer.send_rtp("audio", audio, bytes(AUDIO_BYTES))
            audio += 1
        await anyio.sleep(0.01)


async def linked(call: Call) -> tuple[MediaPeer, MediaPeer]:
    publisher, subscriber = MediaPeer("sendonly"), MediaPeer("recvonly")
    source, sink = await call.endpoint(publisher), await call.endpoint(subscriber)
    await call.wire.invoke(source, "connect", sink=sink)
    return publisher, subscriber


async def test_a_call_of_two(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "mediafleet", "emulator", "--port", "0", "--nodes", "1"]
    async with await anyio.open_process(command, stderr=None) as process:
        assert process.stdout is not None
        uri = (await process.stdout.receive()).decode().split()[0]
        wire = await open_wire(uri)
        async with calls(wire) as call:
            pairs = [await linked(call), await linked(call)]
            times = psutil.Process(process.pid).cpu_times
            before, start = times(), anyio.current_time()
            async with anyio.create_task_group() as group:
                for publisher, _ in pairs:
                    group.start_soon(talk, publisher)
            after, passed = times(), anyio.current_time() - start
            cpu = after.user + after.system - before.user - before.system
            with capsys.disabled():
                print(f"\na call of two at 640x480: {100 * cpu / passed:.1f} % of a core")
            sent = SECONDS * (VIDEO_PER_S + AUDIO_PER_S)
            for _, subscriber in pairs:
                await subscriber.until(lambda peer=subscriber: len(peer.rtp) >= 0.99 * sent)
        await wire.connection.close()
        process.terminate()
