"""A WebRTC peer for tests, of the crypto libraries alone: it sends and receives RTP in ms."""

import asyncio
import binascii
import hashlib
import hmac
import re
import secrets
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import anyio
import pylibsrtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from support.kurento_wire import TIMEOUT_S, Wire

PROFILE = b"SRTP_AES128_CM_SHA1_80"
COOKIE = 0x2112A442
AUDIO, VIDEO = 111, 96
PAYLOAD_TYPES = {"audio": AUDIO, "video": VIDEO}
CANDIDATE = re.compile(r"candidate:\S+ 1 UDP \d+ (\S+) (\d+) typ host")


@cache
def certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    return builder.sign(key, hashes.SHA256()), key


def candidate(text: str, line: int = 0) -> dict[str, Any]:
    """A candidate as `addIceCandidate` takes it."""
    kind = {"__module__": "kurento", "__type__": "IceCandidate"}
    return {**kind, "candidate": text, "sdpMid": str(line), "sdpMLineIndex": line}


def binding_request(
    username: str,
    password: str,
    *,
    nominates: bool = True,
    transaction: bytes | None = None,
    checksum: bool = True,
) -> bytes:
    """A binding request as a browser sends it."""

    def attribute(kind: int, value: bytes) -> bytes:
        return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)

    transaction = transaction or secrets.token_bytes(12)
    body = attribute(0x0006, username.encode()) + attribute(0x0024, struct.pack("!I", 1))
    body += attribute(0x802A, secrets.token_bytes(8))
    body += attribute(0x0025, b"") if nominates else b""

    def head(more: int) -> bytes:
        return struct.pack("!HHI", 0x0001, len(body) + more, COOKIE) + transaction

    body += attribute(0x0008, hmac.new(password.encode(), head(24) + body, hashlib.sha1).digest())
    if checksum:
        crc = binascii.crc32(head(8) + body) ^ 0x5354554E
        body += attribute(0x8028, struct.pack("!I", crc))
    return head(0) + body


class MediaPeer(asyncio.DatagramProtocol):
    """One side of a call: a UDP socket, ICE checks, a DTLS client and SRTP.

    Attributes:
        rtp: The RTP packets received, decrypted.
        rtcp: The compound RTCP packets received, decrypted.
        responses: The STUN responses received.
        lost: DTLS datagrams that get lost on their way to it.
    """

    def __init__(self, direction: str, *, video: str = "VP8/90000") -> None:
        self.direction = direction
        self.video = video
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.ssrcs = {"audio": secrets.randbits(31) + 1, "video": secrets.randbits(31) + 1}
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.responses: list[bytes] = []
        self.answer = ""
        self.was_refused = False
        self.lost = 0
        self.remote: tuple[str, int] = ("", 0)
        self.arrived = anyio.Event()
        self.transport: asyncio.DatagramTransport | None = None
        self.inbound: pylibsrtp.Session | None = None
        self.outbound: pylibsrtp.Session | None = None
        cert, key = certificate()
        self.fingerprint = cert.fingerprint(hashes.SHA256()).hex(":").upper()
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(cert)
        context.use_privatekey(key)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_tlsext_use_srtp(PROFILE)
        self.dtls = SSL.Connection(context, None)
        self.dtls.set_connect_state()

    # SDP.

    def offer(self) -> str:
        lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
        names = {"audio": "opus/48000/2", "video": self.video}
        for mid, (kind, number) in enumerate(PAYLOAD_TYPES.items()):
            lines += [
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}",
                "c=IN IP4 0.0.0.0",
                f"a=mid:{mid}",
                f"a={self.direction}",
                "a=rtcp-mux",
                f"a=ice-ufrag:{self.ufrag}",
                f"a=ice-pwd:{self.password}",
                f"a=fingerprint:sha-256 {self.fingerprint}",
                "a=setup:actpass",
                f"a=rtpmap:{number} {names[kind]}",
                f"a=ssrc:{self.ssrcs[kind]} cname:peer",
            ]
        return "\r\n".join([*lines, ""])

    def attribute(self, name: str) -> str:
        """An attribute of the answer."""
        found = re.search(rf"^a={name}:(\S+)", self.answer, re.MULTILINE)
        assert found is not None
        return found.group(1)

    @property
    def username(self) -> str:
        return f"{self.attribute('ice-ufrag')}:{self.ufrag}"

    def remote_ssrc(self, kind: str) -> int:
        found = re.findall(r"^a=ssrc:(\d+)", self.answer, re.MULTILINE)
        return int(found[list(PAYLOAD_TYPES).index(kind)])

    # The network.

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )

    def datagram_received(self, data: bytes, _address: Any) -> None:
        if data[0] < 4:
            self.responses.append(data)
        elif data[0] < 64:
            self.receive_dtls(data)
        elif 192 <= data[1] <= 223:
            assert self.inbound is not None
            self.rtcp.append(self.inbound.unprotect_rtcp(data))
        else:
            assert self.inbound is not None
            self.rtp.append(self.inbound.unprotect(data))
        arrived, self.arrived = self.arrived, anyio.Event()
        arrived.set()

    def error_received(self, _error: Exception) -> None:
        """The node's port is closed."""

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.sendto(data, self.remote)

    async def until(self, condition: Callable[[], Any], seconds: float = TIMEOUT_S) -> None:
        """Wait until something that arrives makes a condition true."""
        with anyio.fail_after(seconds):
            while not condition():
                await self.arrived.wait()

    async def check(self) -> None:
        """Send a binding request and wait for its response."""
        self.send(binding_request(self.username, self.attribute("ice-pwd")))
        count = len(self.responses)
        await self.until(lambda: len(self.responses) > count)

    async def connect(self, answer: str, candidate: str) -> None:
        """ICE and DTLS; afterwards media can be sent and received."""
        self.answer = answer
        match = CANDIDATE.fullmatch(candidate)
        assert match is not None
        self.remote = (match.group(1), int(match.group(2)))
        await self.check()
        self.shake()
        await self.until(lambda: self.inbound is not None or self.was_refused)
        assert not self.was_refused, "the node ended the handshake"

    def receive_dtls(self, data: bytes) -> None:
        if self.lost:
            self.lost -= 1
            return
        self.dtls.bio_write(data)
        if self.inbound is None:
            self.shake()

    def shake(self) -> None:
        try:
            self.dtls.do_handshake()
        except SSL.WantReadError:
            pass
        except SSL.Error:
            self.was_refused = True
        else:
            self.derive()
        self.flush()

    def derive(self) -> None:
        secret = self.dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)
        policy = pylibsrtp.Policy
        own, other = secret[:16] + secret[32:46], secret[16:32] + secret[46:60]
        self.outbound = pylibsrtp.Session(policy(key=own, ssrc_type=policy.SSRC_ANY_OUTBOUND))
        self.inbound = pylibsrtp.Session(policy(key=other, ssrc_type=policy.SSRC_ANY_INBOUND))

    def forget_replays(self) -> None:
        """Accept packets again that were received already."""
        self.derive()

    def flush(self) -> None:
        try:
            data = self.dtls.bio_read(65536)
        except SSL.Error:
            return
        while data:
            size = 13 + int.from_bytes(data[11:13], "big")
            self.send(data[:size])
            data = data[size:]

    # Media.

    def send_rtp(
        self, kind: str, sequence: int, payload: bytes, *, extension: bool = False
    ) -> None:
        assert self.outbound is not None
        first = 0x90 if extension else 0x80
        timestamp = sequence * 1000
        head = struct.pack(
            "!BBHII", first, PAYLOAD_TYPES[kind], sequence, timestamp, self.ssrcs[kind]
        )
        middle = struct.pack("!HHI", 0xBEDE, 1, 0x10FF0000) if extension else b""
        self.send(self.outbound.protect(head + middle + payload))

    def send_rtcp(self, packet: bytes) -> None:
        assert self.outbound is not None
        self.send(self.outbound.protect_rtcp(packet))

    async def close(self) -> None:
        if self.transport is not None:
            self.transport.close()
            await asyncio.sleep(0)  # asyncio closes the socket in the next turn of the loop


class Call:
    """Endpoints of one node and their peers."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.pipeline = ""
        self.peers: list[MediaPeer] = []
        self.seen: list[dict[str, Any]] = []

    async def endpoint(self, peer: MediaPeer, *events: str) -> str:
        """Create an endpoint, negotiate and connect a peer to it; the endpoint."""
        element = await self.subscribed_endpoint(*events)
        await self.connect(peer, element)
        return element

    async def subscribed_endpoint(self, *events: str) -> str:
        """Create an endpoint and subscribe to its events."""
        if not self.pipeline:
            self.pipeline = await self.wire.create("MediaPipeline")
        element = await self.wire.create("WebRtcEndpoint", mediaPipeline=self.pipeline)
        for event in ("IceCandidateFound", *events):
            await self.wire.subscribe(event, element)
        return element

    async def connect(self, peer: MediaPeer, element: str) -> None:
        self.peers.append(peer)
        await peer.open()
        answer = await self.wire.invoke(element, "processOffer", offer=peer.offer())
        await self.wire.invoke(element, "gatherCandidates")
        found = await self.event("IceCandidateFound", element)
        await peer.connect(answer, found["candidate"]["candidate"])

    async def event(self, kind: str, element: str | None = None) -> dict[str, Any]:
        """The data of the next event of a kind; all are in `seen`."""
        with anyio.fail_after(TIMEOUT_S):
            while True:
                event = await self.wire.event()
                self.seen.append(event)
                if event["type"] == kind and element in {None, event["object"]}:
                    data: dict[str, Any] = event["data"]
                    return data


@asynccontextmanager
async def calls(wire: Wire) -> AsyncIterator[Call]:
    """Calls over a connection to a node; the peers are closed at the end."""
    call = Call(wire)
    try:
        yield call
    finally:
        for peer in call.peers:
            await peer.close()
