"""Media Nodes that forward media: peers send RTP through a node and get it, on real sockets."""

import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from emulator.replay import read_transcript
from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster, EmulatorSettings
from mediafleet.emulator.media import MediaPort, rtp
from support.kurento_wire import ManualClock, RefusedError, Wire, open_wire
from support.media_peer import (
    AUDIO,
    VIDEO,
    Call,
    MediaPeer,
    binding_request,
    calls,
    candidate,
)

pytestmark = pytest.mark.anyio


class Second:
    """A cluster on a clock that moves by whole seconds."""

    def __init__(self, cluster: EmulatedCluster, clock: ManualClock) -> None:
        self.cluster = cluster
        self._clock = clock

    def pass_by(self, seconds: float = 1.0) -> None:
        self._clock.move(seconds)
        self.cluster.catch_up()

    @property
    def port(self) -> MediaPort:
        media = self.cluster.nodes[0]._server.media
        assert media is not None
        return media


@asynccontextmanager
async def started(**settings: Any) -> AsyncIterator[Second]:
    clock = ManualClock()
    async with EmulatedCluster(
        nodes=1, settings=EmulatorSettings(**settings), random=Random(7), clock=clock
    ) as cluster:
        yield Second(cluster, clock)


@pytest.fixture
async def node() -> AsyncIterator[Second]:
    async with started() as node:
        yield node


@pytest.fixture
async def wire(node: Second) -> AsyncIterator[Wire]:
    wire = await open_wire(node.cluster.uri(0))
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


async def test_a_peer_that_sees_itself_gets_its_own_packets(call: Call) -> None:
    peer = MediaPeer("sendrecv")
    endpoint = await call.endpoint(peer)
    through = await call.wire.create("PassThrough", mediaPipeline=call.pipeline)
    await call.wire.invoke(endpoint, "connect", sink=through)
    await call.wire.invoke(through, "connect", sink=endpoint)

    peer.send_rtp("video", 1, b"myself")
    await peer.until(lambda: peer.rtp)

    assert peer.rtp[0][12:] == b"myself"


async def test_a_filter_forwards_and_a_disconnected_sink_gets_nothing(call: Call) -> None:
    publisher, subscriber, source, sink = await linked(call)
    other = MediaPeer("recvonly")
    second = await call.endpoint(other)
    effect = await call.wire.create(
        "GStreamerFilter", mediaPipeline=call.pipeline, command="videoflip"
    )
    await call.wire.invoke(source, "connect", sink=effect)
    await call.wire.invoke(effect, "connect", sink=second)
    through = (await call.wire.invoke(sink, "getSourceConnections"))[0]["source"]
    await call.wire.invoke(through, "disconnect", sink=sink)

    publisher.send_rtp("audio", 1, b"filtered")
    await other.until(lambda: other.rtp)

    assert not subscriber.rtp


async def test_media_of_one_kind_is_linked_alone(call: Call) -> None:
    publisher, subscriber = MediaPeer("sendonly"), MediaPeer("recvonly")
    source, sink = await call.endpoint(publisher), await call.endpoint(subscriber)
    await call.wire.invoke(source, "connect", sink=sink, mediaType="AUDIO")

    publisher.send_rtp("video", 1, b"picture")
    publisher.send_rtp("audio", 1, b"sound")
    await subscriber.until(lambda: subscriber.rtp)

    assert [packet[12:] for packet in subscriber.rtp] == [b"sound"]


async def test_a_new_publisher_continues_the_numbers_of_the_old(call: Call, node: Second) -> None:
    publisher, subscriber, source, sink = await linked(call)
    publisher.send_rtp("video", 100, b"old")
    await subscriber.until(lambda: subscriber.rtp)
    through = (await call.wire.invoke(sink, "getSourceConnections"))[0]["source"]

    again = MediaPeer("sendonly")
    replacement = await call.endpoint(again)
    await call.wire.invoke(source, "disconnect", sink=through)
    await call.wire.call("release", object=source)
    await call.wire.invoke(replacement, "connect", sink=through)
    again.send_rtp("video", 5000, b"new")
    await subscriber.until(lambda: len(subscriber.rtp) == 2)

    old, new = (struct.unpack("!BBHII", packet[:12]) for packet in subscriber.rtp)
    assert (new[2], new[4]) == (old[2] + 1, old[4])
    assert len(node.port.sessions) == 2


async def test_codecs_are_matched_by_name_and_profile(call: Call) -> None:
    publisher, subscriber = MediaPeer("sendonly", video="H264/90000"), MediaPeer("recvonly")
    source, sink = await call.endpoint(publisher), await call.endpoint(subscriber)
    await call.wire.invoke(source, "connect", sink=sink)

    publisher.send_rtp("video", 1, b"H264")
    publisher.send_rtp("audio", 1, b"opus")
    await subscriber.until(lambda: subscriber.rtp)

    assert [packet[12:] for packet in subscriber.rtp] == [b"opus"]


# Feedback.


def picture_losses(packets: list[bytes]) -> int:
    return sum(packet[:2] == bytes([0x81, 206]) for packet in packets)


async def test_a_key_frame_is_asked_for_when_a_subscriber_can_decrypt_it(call: Call) -> None:
    publisher, subscriber = MediaPeer("sendonly"), MediaPeer("recvonly")
    source = await call.endpoint(publisher)
    publisher.send_rtp("video", 1, b"")
    await publisher.check()
    sink = await call.wire.create("WebRtcEndpoint", mediaPipeline=call.pipeline)
    await call.wire.subscribe("IceCandidateFound", sink)
    await call.wire.invoke(source, "connect", sink=sink)
    assert picture_losses(publisher.rtcp) == 0

    await call.connect(subscriber, sink)
    await publisher.until(lambda: publisher.rtcp)

    media = struct.unpack("!I", publisher.rtcp[0][8:12])
    assert media == (publisher.ssrcs["video"],)
    assert picture_losses(publisher.rtcp) == 1


async def test_key_frames_are_asked_for_at_most_once_in_an_interval(
    call: Call, node: Second
) -> None:
    publisher, subscriber, _, _ = await linked(call)
    publisher.send_rtp("video", 1, b"")
    await subscriber.until(lambda: subscriber.rtp)
    loss = struct.pack("!BBHII", 0x81, 206, 2, 1, subscriber.remote_ssrc("video"))
    full = struct.pack("!BBHIIII", 0x84, 206, 4, 1, 0, subscriber.remote_ssrc("video"), 0)

    for request in [loss, full, loss]:
        subscriber.send_rtcp(request)
        await subscriber.check()
    await publisher.check()
    assert picture_losses(publisher.rtcp) == 1

    node.pass_by(0.3)
    await publisher.check()
    node.pass_by(0.3)
    await publisher.check()
    assert picture_losses(publisher.rtcp) == 2


async def test_a_sender_report_is_passed_on(call: Call) -> None:
    publisher, subscriber, _, _ = await linked(call)
    publisher.send_rtp("audio", 7, b"sound")
    report = struct.pack(
        "!BBHIIIIII", 0x80, 200, 6, publisher.ssrcs["audio"], 0xAAAA, 0xBBBB, 7000, 9, 9
    )
    publisher.send_rtcp(report)
    await subscriber.until(lambda: subscriber.rtcp)

    ssrc = subscriber.remote_ssrc("audio")
    expected = struct.pack("!BBHIIIIII", 0x80, 200, 6, ssrc, 0xAAAA, 0xBBBB, 7000, 1, 5)
    assert subscriber.rtcp[0][:28] == expected
    assert subscriber.rtcp[0][29] == 202


async def test_reports_and_the_limit_of_the_bitrate_go_out_each_second(
    call: Call, node: Second
) -> None:
    publisher = MediaPeer("sendonly")
    endpoint = await call.endpoint(publisher)
    await call.wire.invoke(endpoint, "setMaxVideoRecvBandwidth", maxVideoRecvBandwidth=1000)
    for sequence in (1, 2, 4):
        publisher.send_rtp("video", sequence, b"")
    await publisher.check()

    for second in (1, 2):
        node.pass_by()
        await publisher.until(lambda second=second: len(publisher.rtcp) == second)

    head, _, ssrc, lost, highest = struct.unpack("!IIIII", publisher.rtcp[0][:20])
    assert head >> 16 == 0x81C9
    assert (ssrc, lost & 0xFFFFFF, highest) == (publisher.ssrcs["video"], 1, 4)
    remb = publisher.rtcp[0][32:]
    assert remb[12:16] == b"REMB"
    exponent, mantissa = remb[17] >> 2, int.from_bytes(remb[17:20]) & 0x3FFFF
    assert 999_000 < mantissa << exponent <= 1_000_000


async def test_a_lost_packet_is_sent_again(call: Call) -> None:
    publisher, subscriber, _, sink = await linked(call)
    for sequence in range(10):
        publisher.send_rtp("video", sequence, b"%d" % sequence)
    await subscriber.until(lambda: len(subscriber.rtp) == 10)
    subscriber.forget_replays()

    nack = struct.pack("!BBHIIHH", 0x81, 205, 3, 1, subscriber.remote_ssrc("video"), 3, 0b10)
    subscriber.send_rtcp(nack)
    await subscriber.until(lambda: len(subscriber.rtp) == 12)

    assert [packet[12:] for packet in subscriber.rtp[10:]] == [b"3", b"5"]
    (stats,) = (await call.wire.invoke(sink, "getStats", mediaType="VIDEO")).values()
    assert stats["nackCount"] == 2


# Events, states and statistics, compared with those recorded from a real server.


async def test_events_come_in_the_order_of_the_real_server(call: Call, node: Second) -> None:
    publisher, subscriber = MediaPeer("sendonly"), MediaPeer("recvonly")
    events = (
        "MediaSessionStarted",
        "IceComponentStateChanged",
        "IceGatheringDone",
        "NewCandidatePairSelected",
        "ConnectionStateChanged",
        "MediaStateChanged",
        "MediaFlowInStateChanged",
        "MediaFlowOutStateChanged",
        "MediaTranscodingStateChanged",
    )
    call.pipeline = await call.wire.create("MediaPipeline")
    source = await call.endpoint(publisher, *events)
    sink = await call.endpoint(subscriber)
    await call.wire.subscribe("MediaFlowInStateChanged", sink)
    await call.wire.invoke(source, "connect", sink=sink)
    publisher.send_rtp("audio", 1, b"")
    publisher.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, publisher.ssrcs["audio"]))
    assert (await call.event("MediaFlowInStateChanged", sink))["state"] == "FLOWING"
    await call.event("MediaStateChanged")

    node.pass_by()
    node.pass_by()
    assert (await call.event("MediaFlowInStateChanged", sink))["state"] == "NOT_FLOWING"

    seen = [summary(event) for event in call.seen if event["object"] == source]
    assert seen == [
        ("MediaSessionStarted",),
        ("IceComponentStateChanged", "GATHERING"),
        ("IceCandidateFound", 0),
        ("IceCandidateFound", 1),
        ("IceGatheringDone",),
        ("IceComponentStateChanged", "CONNECTING"),
        ("NewCandidatePairSelected", "prflx"),
        ("IceComponentStateChanged", "CONNECTED"),
        ("IceComponentStateChanged", "READY"),
        ("ConnectionStateChanged", "DISCONNECTED", "CONNECTED"),
        ("MediaFlowOutStateChanged", "AUDIO", "FLOWING"),
        ("MediaTranscodingStateChanged", "AUDIO", "NOT_TRANSCODING"),
        ("MediaStateChanged", "DISCONNECTED", "CONNECTED"),
        ("MediaFlowOutStateChanged", "AUDIO", "NOT_FLOWING"),
    ]


def summary(event: dict[str, Any]) -> tuple[Any, ...]:
    data = event["data"]
    assert shape(data) == RECORDED[event["type"]]
    values = [data[name] for name in ("mediaType", "oldState", "newState", "state") if name in data]
    if event["type"] == "IceCandidateFound":
        values = [data["candidate"]["sdpMLineIndex"]]
    if event["type"] == "NewCandidatePairSelected":
        values = [data["candidatePair"]["remoteCandidate"].split()[-1]]
    return (event["type"], *values)


def recorded() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the real server sent in a call of two browsers: event types and data, and statistics."""
    for line in read_transcript("25-call-of-two-browsers"):
        frame = line.content.get("frame", {})
        if frame.get("method") == "onEvent":
            yield frame["params"]["value"]["type"], frame["params"]["value"]["data"]
        value = frame.get("result", {}).get("value")
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            yield from ((item["__type__"], item) for item in value if isinstance(item, dict))


def shape(value: Any) -> Any:
    """The names and types of all fields."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return type(value).__name__


RECORDED = {kind: shape(data) for kind, data in recorded()}


async def test_another_nominated_address_is_selected_and_used(call: Call, node: Second) -> None:
    publisher, subscriber, _, sink = await linked(call)
    await call.wire.subscribe("NewCandidatePairSelected", sink)
    request = binding_request(subscriber.username, subscriber.attribute("ice-pwd"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        host, port = other.getsockname()
        text = f"candidate:7 1 udp 5 {host} {port} typ host generation 0 ufrag x"
        await call.wire.invoke(sink, "addIceCandidate", candidate=candidate(text))
        other.sendto(request, node.port.address)
        pair = (await call.event("NewCandidatePairSelected"))["candidatePair"]
        publisher.send_rtp("audio", 1, b"")
        await publisher.check()
        other.settimeout(1)
        assert other.recv(2048)[0] == 1  # the response
        assert other.recv(2048)[0] == 0x80

    assert pair["remoteCandidate"] == text.partition(" generation")[0]
    assert not subscriber.rtp


async def test_a_receiver_shows_the_bitrate_that_it_can_take(call: Call) -> None:
    publisher, subscriber, _, sink = await linked(call)
    publisher.send_rtp("video", 1, b"")
    subscriber.send_rtcp(rtp.maximum_bitrate(1, subscriber.remote_ssrc("video"), 250_000))
    await subscriber.until(lambda: subscriber.rtp)
    await subscriber.check()

    (video,) = (await call.wire.invoke(sink, "getStats", mediaType="VIDEO")).values()
    assert video["remb"] == 250_000


async def test_statistics_have_the_fields_of_the_real_server(call: Call) -> None:
    publisher, subscriber, source, sink = await linked(call)
    assert await call.wire.invoke(source, "getStats") is None
    publisher.send_rtp("audio", 1, b"12345")
    publisher.send_rtp("video", 1, b"123")
    await subscriber.until(lambda: len(subscriber.rtp) == 2)

    received = await call.wire.invoke(source, "getStats")
    sent = await call.wire.invoke(sink, "getStats", mediaType="VIDEO")

    assert {key: value["id"] for key, value in received.items()} == {key: key for key in received}
    assert [shape(value) for value in received.values()] == [
        RECORDED["RTCInboundRTPStreamStats"]
    ] * 2
    assert {(value["ssrc"], value["bytesReceived"]) for value in received.values()} == {
        (str(publisher.ssrcs["audio"]), 5),
        (str(publisher.ssrcs["video"]), 3),
    }
    (video,) = sent.values()
    assert shape(video) == RECORDED["RTCOutboundRTPStreamStats"]
    assert (video["bytesSent"], video["packetsSent"]) == (3, 1)
    with pytest.raises(RefusedError, match="Invalid value for 'MediaType'"):
        await call.wire.invoke(sink, "getStats", mediaType="X")


async def test_states_can_be_read(call: Call) -> None:
    publisher, subscriber, source, _ = await linked(call)
    publisher.send_rtp("audio", 1, b"")
    publisher.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, publisher.ssrcs["audio"]))
    await subscriber.until(lambda: subscriber.rtp)
    await publisher.check()

    async def state(operation: str, **params: Any) -> Any:
        return await call.wire.invoke(source, operation, **params)

    assert await state("getConnectionState") == "CONNECTED"
    assert await state("getMediaState") == "CONNECTED"
    (pair,) = await state("getICECandidatePairs")
    assert shape(pair) == RECORDED["IceCandidatePair"]
    (ice,) = await state("getIceConnectionState")
    assert (shape(ice), ice["state"]) == (RECORDED["IceConnection"], "READY")
    dtls, _ = await state("getDtlsConnectionState")
    assert (shape(dtls), dtls["state"]) == (RECORDED["DtlsConnection"], "CONNECTED")
    assert await state("isMediaFlowingOut", mediaType="AUDIO")
    assert not await state("isMediaFlowingIn", mediaType="AUDIO")
    assert (await state("getLocalSessionDescriptor")).startswith("v=0")
    assert await state("getRemoteSessionDescriptor") == publisher.offer()


# Errors.


async def test_offers_are_refused_as_the_real_server_refuses_them(call: Call) -> None:
    peer = MediaPeer("sendonly")
    endpoint = await call.endpoint(peer)
    fresh = await call.wire.create("WebRtcEndpoint", mediaPipeline=call.pipeline)

    async def code(target: str, operation: str, **params: Any) -> int:
        with pytest.raises(RefusedError) as refused:
            await call.wire.invoke(target, operation, **params)
        return refused.value.code

    assert await code(fresh, "getLocalSessionDescriptor") == 40202
    assert await code(fresh, "getRemoteSessionDescriptor") == 40203
    assert await code(fresh, "processOffer", offer="") == 40201
    assert await code(fresh, "processOffer", offer="rubbish") == 40201
    assert await code(fresh, "processOffer", offer=5) == 40201
    assert await code(fresh, "processOffer") == 40001
    assert await code(fresh, "processAnswer", answer="v=0") == 40209
    assert await code(endpoint, "processOffer", offer=peer.offer()) == 40208
    assert await code(endpoint, "addIceCandidate", candidate="x") == 40001
    assert await code(endpoint, "addIceCandidate", candidate={"candidate": "x"}) == 40001
    assert await code(endpoint, "addIceCandidate", candidate=candidate("x", line=7)) == 40401
    for text in ("", "rubbish", "candidate:1 1 udp 1 abc.local 9 typ host"):
        await call.wire.invoke(endpoint, "addIceCandidate", candidate=candidate(text))


async def test_the_number_of_endpoints_is_limited() -> None:
    async with started(max_media_endpoints=1) as node:
        wire = await open_wire(node.cluster.uri(0))
        async with calls(wire) as call:
            first = await call.endpoint(MediaPeer("sendonly"))
            with pytest.raises(RefusedError) as refused:
                await call.endpoint(MediaPeer("sendonly"))
            assert refused.value.code == 40009
            await call.wire.call("release", object=first)
            await call.endpoint(MediaPeer("sendonly"))
        await wire.connection.close()


async def test_a_node_without_free_descriptors_refuses_the_offer(call: Call) -> None:
    call.pipeline = await call.wire.create("MediaPipeline")
    endpoint = await call.wire.create("WebRtcEndpoint", mediaPipeline=call.pipeline)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4, hard))
    try:
        with pytest.raises(RefusedError) as refused:
            await call.wire.invoke(endpoint, "processOffer", offer=MediaPeer("sendonly").offer())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert refused.value.code == 40009

    await call.connect(MediaPeer("sendonly"), await call.subscribed_endpoint())


# Peers and others that must not be trusted.


async def test_a_request_with_another_password_is_dropped(call: Call) -> None:
    peer = MediaPeer("sendonly")
    await call.endpoint(peer)
    before = len(peer.responses)

    peer.send(binding_request(peer.username, "wrong"))
    peer.send(binding_request(f"{peer.attribute('ice-ufrag')}:other", peer.attribute("ice-pwd")))
    peer.send(binding_request(peer.username, peer.attribute("ice-pwd"), checksum=False))
    peer.send(b"\0\1" + b"x" * 40)
    await peer.check()

    assert len(peer.responses) == before + 1


async def test_packets_of_an_address_that_was_not_checked_are_dropped(
    call: Call, node: Second
) -> None:
    publisher, subscriber, _, _ = await linked(call)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        assert publisher.outbound is not None
        head = struct.pack("!BBHII", 0x80, AUDIO, 1, 0, publisher.ssrcs["audio"])
        other.sendto(publisher.outbound.protect(head + b"stolen"), node.port.address)
        other.sendto(b"\x16\xfe\xff" + b"x" * 40, node.port.address)
    publisher.send_rtp("audio", 2, b"own")
    await subscriber.until(lambda: subscriber.rtp)

    assert [packet[12:] for packet in subscriber.rtp] == [b"own"]


async def test_another_certificate_than_the_offered_is_not_connected(call: Call) -> None:
    peer = MediaPeer("sendonly")
    peer.fingerprint = peer.fingerprint[::-1]
    with pytest.raises(AssertionError, match="the node ended the handshake"):
        await call.endpoint(peer)


async def test_sources_and_packets_are_bounded(call: Call, node: Second) -> None:
    publisher, _, source, _ = await linked(call)
    for number in range(20):
        publisher.ssrcs["audio"] = 1000 + number
        publisher.send_rtp("audio", 1, b"")
        publisher.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 1000 + number))
    await publisher.check()

    assert len(await call.wire.invoke(source, "getStats")) == 4
    (session,) = [found for found in node.port.sessions.values() if found.incoming]
    assert len(session._rtcp_senders) == 8


async def test_too_many_packets_in_a_second_are_dropped(call: Call, node: Second) -> None:
    publisher, subscriber, source, _ = await linked(call)
    (session,) = [s for s in node.port.sessions.values() if s.offer.ufrag == publisher.ufrag]
    while session.takes_packet():
        pass
    publisher.send_rtp("audio", 1, b"too many")
    await publisher.check()
    assert await call.wire.invoke(source, "getStats") is None

    node.pass_by()
    publisher.send_rtp("audio", 2, b"next second")
    await subscriber.until(lambda: subscriber.rtp)
    assert subscriber.rtp[0][12:] == b"next second"


async def test_noise_from_a_peer_harms_nothing(call: Call) -> None:
    publisher, subscriber, _, _ = await linked(call)
    random = Random(3)
    for size in range(1, 1500, 7):
        first = random.choice([0, 20, 22, 64, 128, 144, 191, 255])
        publisher.send(bytes([first]) + random.randbytes(size))
    for size in range(4, 60):
        publisher.send_rtcp(b"\x81\xce" + random.randbytes(4 * size - 2))
    await publisher.check()

    publisher.send_rtp("audio", 1, b"fine")
    await subscriber.until(lambda: subscriber.rtp)


async def test_checks_are_answered_for_the_whole_call(call: Call, node: Second) -> None:
    publisher, _, _, _ = await linked(call)
    for _ in range(60):
        node.pass_by()
        await publisher.check()


async def test_the_addresses_of_a_peer_are_bounded(call: Call, node: Second) -> None:
    peer = MediaPeer("sendonly")
    await call.endpoint(peer)
    request = binding_request(peer.username, peer.attribute("ice-pwd"), nominates=False)
    for _ in range(30):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(request, node.port.address)
            await peer.check()

    (session,) = node.port.sessions.values()
    assert len(session.addresses) == len(node.port._by_address) == 16
    assert session.address in session.addresses


async def test_a_lost_flight_of_the_handshake_is_sent_again() -> None:
    async with EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as cluster:
        wire = await open_wire(cluster.uri(0))
        async with calls(wire) as call:
            peer = MediaPeer("sendonly")
            peer.lost = 1
            await call.endpoint(peer)
        await wire.connection.close()
    assert peer.lost == 0


# The end.


async def test_a_peer_without_rtcp_is_disconnected_after_a_time(call: Call, node: Second) -> None:
    publisher = MediaPeer("sendonly")
    endpoint = await call.endpoint(publisher, "MediaStateChanged")
    publisher.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, publisher.ssrcs["audio"]))
    assert (await call.event("MediaStateChanged"))["newState"] == "CONNECTED"

    for _ in range(26):
        node.pass_by()

    assert (await call.event("MediaStateChanged"))["newState"] == "DISCONNECTED"
    assert await call.wire.invoke(endpoint, "getConnectionState") == "CONNECTED"


async def test_a_released_endpoint_is_silent_and_the_others_go_on(call: Call) -> None:
    publisher, subscriber, source, sink = await linked(call)
    other = MediaPeer("recvonly")
    second = await call.endpoint(other)
    await call.wire.invoke(source, "connect", sink=second)

    await call.wire.call("release", object=sink)
    publisher.send_rtp("audio", 1, b"sound")
    await other.until(lambda: other.rtp)
    subscriber.send(binding_request(subscriber.username, subscriber.attribute("ice-pwd")))
    await other.check()

    assert not subscriber.rtp
    assert len(subscriber.responses) == 1


async def test_a_released_pipeline_frees_the_port(call: Call, node: Second) -> None:
    await linked(call)
    assert len(node.port.sessions) == 2

    await call.wire.call("release", object=call.pipeline)

    assert not node.port.sessions
    assert node.port.address[1] == 0


async def test_the_end_of_a_kurento_session_ends_its_media(call: Call, node: Second) -> None:
    await linked(call)
    await call.wire.request("closeSession")
    await call.wire.reply()
    assert not node.port.sessions


async def test_a_killed_node_moves_no_media(call: Call, node: Second) -> None:
    await linked(call)
    port, address = node.port, node.port.address
    node.cluster.nodes[0].crash()

    assert not port.sessions
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(address)


async def test_a_frozen_node_moves_no_media_until_it_resumes(call: Call, node: Second) -> None:
    publisher, subscriber, _, _ = await linked(call)
    node.cluster.nodes[0].hang()
    publisher.send_rtp("audio", 1, b"kept by the kernel")
    node.pass_by()
    node.cluster.nodes[0].resume()
    publisher.send_rtp("audio", 2, b"later")
    await subscriber.until(lambda: len(subscriber.rtp) == 2)


async def test_a_restarted_node_has_no_media(call: Call, node: Second) -> None:
    await linked(call)
    node.cluster.nodes[0].restart()
    assert not node.port.sessions


async def test_without_media_an_offer_is_rejected_with_what_to_install() -> None:
    async with started(media=False) as node:
        wire = await open_wire(node.cluster.uri(0))
        pipeline = await wire.create("MediaPipeline")
        endpoint = await wire.create("WebRtcEndpoint", mediaPipeline=pipeline)
        with pytest.raises(RefusedError, match=r"install mediafleet\[media\]") as refused:
            await wire.invoke(endpoint, "processOffer", offer=MediaPeer("sendonly").offer())
        await wire.connection.close()
    assert refused.value.code == 40006
