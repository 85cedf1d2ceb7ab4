"""Media Nodes that forward media: peers send RTP through a node and get it, on real sockets."""

import struct
from collections.abc import AsyncIterator
from random import Random

import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster, EmulatorSettings
from support.kurento_wire import RefusedError, Wire, open_wire
from support.media_peer import AUDIO, VIDEO, Call, MediaPeer, calls

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cluster() -> AsyncIterator[EmulatedCluster]:
    async with EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as cluster:
        yield cluster


@pytest.fixture
async def wire(cluster: EmulatedCluster) -> AsyncIterator[Wire]:
    wire = await open_wire(cluster.uri(0))
    yield wire
    await wire.connection.close()


@pytest.fixture
async def call(wire: Wire) -> AsyncIterator[Call]:
    async with calls(wire) as call:
        yield call


async def linked(call: Call) -> tuple[MediaPeer, MediaPeer, str, str]:
    """A publisher and a subscriber, linked as OpenVidu links them; peers and endpoints."""
    publisher, subscriber = MediaPeer("sendonly"), MediaPeer("recvonly")
    source = await call.endpoint(publisher)
    through = await call.wire.create("PassThrough", mediaPipeline=call.pipeline)
    await call.wire.invoke(source, "connect", sink=through)
    sink = await call.endpoint(subscriber)
    await call.wire.invoke(through, "connect", sink=sink)
    return publisher, subscriber, source, sink


async def test_packets_reach_the_subscriber_under_its_own_source(call: Call) -> None:
    publisher, subscriber, _, _ = await linked(call)

    publisher.send_rtp("audio", 7, b"sound", extension=True)
    publisher.send_rtp("video", 9, b"picture")
    await subscriber.until(lambda: len(subscriber.rtp) == 2)

    heads = [struct.unpack("!BBHII", packet[:12]) for packet in subscriber.rtp]
    assert heads == [
        (0x80, AUDIO, 7, 7000, subscriber.remote_ssrc("audio")),
        (0x80, VIDEO, 9, 9000, subscriber.remote_ssrc("video")),
    ]
    assert [packet[12:] for packet in subscriber.rtp] == [b"sound", b"picture"]


async def test_a_released_pipeline_frees_the_port(cluster: EmulatedCluster, call: Call) -> None:
    await linked(call)
    media = cluster.nodes[0]._server.media
    assert media is not None
    assert len(media.sessions) == 2

    await call.wire.call("release", object=call.pipeline)

    assert not media.sessions
    assert media.address[1] == 0


async def test_without_media_an_offer_is_rejected_with_what_to_install() -> None:
    settings = EmulatorSettings(media=False)
    async with EmulatedCluster(
        nodes=1, settings=settings, random=Random(7), clock=SystemClock()
    ) as cluster:
        wire = await open_wire(cluster.uri(0))
        pipeline = await wire.create("MediaPipeline")
        endpoint = await wire.create("WebRtcEndpoint", mediaPipeline=pipeline)
        with pytest.raises(RefusedError, match=r"install mediafleet\[media\]") as refused:
            await wire.invoke(endpoint, "processOffer", offer=MediaPeer("sendonly").offer())
        await wire.connection.close()
    assert refused.value.code == 40006
