"""DTLS and SRTP: the keys of a peer, and the encryption of its packets (RFC 5764).

Needs the extra mediafleet[media]; only `port` imports this module, when a node needs it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pylibsrtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

_MTU: Final = 1200
_PROFILE: Final = b"SRTP_AES128_CM_SHA1_80"
_KEY_BYTES: Final = 16
_SALT_BYTES: Final = 14
_LABEL: Final = b"EXTRACTOR-dtls_srtp"
_READ_BYTES: Final = 65_536
_RECORD_HEAD_BYTES: Final = 13
_VALID: Final = timedelta(days=30)
_HASHES: Final = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


def _is_offered(
    connection: SSL.Connection, certificate: crypto.X509, _error: int, depth: int, _ok: int
) -> bool:
    """Whether a certificate is the one of the offer. All are self-signed; no authority is asked."""
    offered: frozenset[tuple[str, str]] = connection.get_app_data()
    found = certificate.to_cryptography()
    return depth == 0 and any(
        found.fingerprint(_HASHES[name]).hex(":").upper() == digest for name, digest in offered
    )


class Certificate:
    """The self-signed certificate of a node and the DTLS settings of its endpoints.

    Attributes:
        fingerprint: Its SHA-256 digest, as an answer names it.
    """

    def __init__(self, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media node")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
            .not_valid_after(now.astimezone(UTC) + _VALID)
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        self._context = SSL.Context(SSL.DTLS_SERVER_METHOD)
        self._context.use_certificate(certificate)
        self._context.use_privatekey(key)
        self._context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
        self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        self._context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _is_offered)
        self._context.set_tlsext_use_srtp(_PROFILE)

    def connection(self, fingerprints: frozenset[tuple[str, str]]) -> SSL.Connection:
        """The server side of a new connection, without a socket.

        Args:
            fingerprints: The digests that the peer offered, as (algorithm, hexadecimal bytes).
        """
        connection = SSL.Connection(self._context, None)
        connection.set_app_data(fingerprints)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(_MTU)
        return connection


class SecureTransport:
    """The server side of DTLS for one peer and, after the handshake, its SRTP.

    Attributes:
        is_open: The handshake is complete, with the certificate that was offered.
        has_failed: The handshake failed or the peer ended the connection; there is no way back.
    """

    def __init__(self, certificate: Certificate, fingerprints: frozenset[tuple[str, str]]) -> None:
        self.is_open = False
        self.has_failed = False
        self._connection = certificate.connection(fingerprints)
        self._inbound: pylibsrtp.Session | None = None
        self._outbound: pylibsrtp.Session | None = None

    def receive(self, datagram: bytes) -> list[bytes]:
        """Process a DTLS datagram; the datagrams to send."""
        if self.has_failed:
            return []
        try:
            self._connection.bio_write(datagram)
            if self.is_open:
                self._connection.recv(_READ_BYTES)
            else:
                self._connection.do_handshake()
                self._finish()
        except SSL.WantReadError:
            pass
        except SSL.Error:  # also the orderly end of the connection by the peer
            self._fail()
        return self._outgoing()

    def retransmit(self) -> list[bytes]:
        """The datagrams of the handshake to send again; call it each second until it is open."""
        if self.is_open or self.has_failed:
            return []
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._fail()
        return self._outgoing()

    def _fail(self) -> None:
        self.is_open = False
        self.has_failed = True
        self._inbound = self._outbound = None

    def _finish(self) -> None:
        if self._connection.get_selected_srtp_profile() != _PROFILE:
            self._fail()
            return
        secret = self._connection.export_keying_material(_LABEL, 2 * (_KEY_BYTES + _SALT_BYTES))
        keys, salts = secret[: 2 * _KEY_BYTES], secret[2 * _KEY_BYTES :]
        inbound = keys[:_KEY_BYTES] + salts[:_SALT_BYTES]
        outbound = keys[_KEY_BYTES:] + salts[_SALT_BYTES:]
        policy = pylibsrtp.Policy
        self._inbound = pylibsrtp.Session(policy(key=inbound, ssrc_type=policy.SSRC_ANY_INBOUND))
        self._outbound = pylibsrtp.Session(policy(key=outbound, ssrc_type=policy.SSRC_ANY_OUTBOUND))
        self.is_open = True

    def _outgoing(self) -> list[bytes]:
        """Everything to send, whole records in datagrams of at most the MTU."""
        try:
            data = self._connection.bio_read(_READ_BYTES)
        except SSL.Error:
            return []
        datagrams: list[bytes] = []
        start = 0
        while start + _RECORD_HEAD_BYTES <= len(data):
            size = int.from_bytes(data[start + _RECORD_HEAD_BYTES - 2 : start + _RECORD_HEAD_BYTES])
            record = data[start : start + _RECORD_HEAD_BYTES + size]
            if datagrams and len(datagrams[-1]) + len(record) <= _MTU:
                datagrams[-1] += record
            else:
                datagrams.append(record)
            start += len(record)
        return datagrams

    def decrypt(self, packet: bytes, *, rtcp: bool) -> bytes | None:
        """A packet of the peer; None if it is not authentic, or repeated."""
        if self._inbound is None:
            return None
        try:
            if rtcp:
                return self._inbound.unprotect_rtcp(packet)
            return self._inbound.unprotect(packet)
        except (pylibsrtp.Error, ValueError):
            return None

    def encrypt(self, packet: bytes, *, rtcp: bool) -> bytes | None:
        """A packet for the peer; None before the handshake and for numbers that were used."""
        if self._outbound is None:
            return None
        try:
            if rtcp:
                return self._outbound.protect_rtcp(packet)
            return self._outbound.protect(packet)
        except (pylibsrtp.Error, ValueError):
            return None
