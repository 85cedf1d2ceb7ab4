"""The side of ICE that a lite agent needs: binding requests are checked and answered (RFC 8489)."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import socket
import struct
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 548
"""Longest binding request that is read; those of browsers have about 100."""

_COOKIE: Final = 0x2112A442
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_BINDING_REQUEST: Final = 0x0001
_BINDING_SUCCESS: Final = 0x0101
_USERNAME: Final = 0x0006
_MESSAGE_INTEGRITY: Final = 0x0008
_XOR_MAPPED_ADDRESS: Final = 0x0020
_USE_CANDIDATE: Final = 0x0025
_FINGERPRINT: Final = 0x8028
_FINGERPRINT_XOR: Final = 0x5354554E
_INTEGRITY_BYTES: Final = 24
_FINGERPRINT_BYTES: Final = 8
_IPV4: Final = 1


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed binding request; `is_authentic` says whether the sender knows the password.

    Attributes:
        transaction: Its id, repeated in the response.
        username: The user fragments of receiver and sender, with a colon between them.
        nominates: The sender selects this pair of candidates.
        signed: The bytes that its MESSAGE-INTEGRITY covers.
        integrity: Its MESSAGE-INTEGRITY.
    """

    transaction: bytes
    username: str
    nominates: bool
    signed: bytes
    integrity: bytes

    def is_authentic(self, password: bytes) -> bool:
        """Whether it was made with a password."""
        return hmac.compare_digest(_integrity(password, self.signed), self.integrity)


def _integrity(password: bytes, signed: bytes) -> bytes:
    return hmac.new(password, signed, hashlib.sha1).digest()


def parse_binding_request(data: bytes) -> BindingRequest | None:
    """Parse a datagram; None if it is no binding request with user name, integrity and checksum."""
    if not _HEADER.size <= len(data) <= MAX_BYTES:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _BINDING_REQUEST or cookie != _COOKIE or length != len(data) - _HEADER.size:
        return None
    found: dict[int, tuple[int, bytes]] = {}
    offset = _HEADER.size
    while offset + _ATTRIBUTE.size <= len(data):
        name, size = _ATTRIBUTE.unpack_from(data, offset)
        value = data[offset + _ATTRIBUTE.size : offset + _ATTRIBUTE.size + size]
        if len(value) != size:
            return None
        # What follows MESSAGE-INTEGRITY is not authentic, FINGERPRINT apart.
        if name == _FINGERPRINT or _MESSAGE_INTEGRITY not in found:
            found.setdefault(name, (offset, value))
        offset += _ATTRIBUTE.size + (size + 3) // 4 * 4
    if not {_USERNAME, _MESSAGE_INTEGRITY, _FINGERPRINT} <= found.keys():
        return None
    if not _has_checksum(data, *found[_FINGERPRINT]):
        return None
    end, integrity = found[_MESSAGE_INTEGRITY]
    covered = end - _HEADER.size + _INTEGRITY_BYTES
    return BindingRequest(
        transaction=transaction,
        username=found[_USERNAME][1].decode("utf-8", "replace"),
        nominates=_USE_CANDIDATE in found,
        signed=_HEADER.pack(kind, covered, cookie, transaction) + data[_HEADER.size : end],
        integrity=integrity,
    )


def _has_checksum(data: bytes, offset: int, value: bytes) -> bool:
    is_last = offset + _FINGERPRINT_BYTES == len(data)
    return is_last and value == struct.pack("!I", _checksum(data[:offset]))


def _checksum(data: bytes) -> int:
    return binascii.crc32(data) ^ _FINGERPRINT_XOR


def binding_response(transaction: bytes, address: tuple[str, int], password: bytes) -> bytes:
    """The success response to a request from an IPv4 address."""
    host, port = address
    number = int.from_bytes(socket.inet_aton(host), "big") ^ _COOKIE
    mapped = struct.pack("!xBHI", _IPV4, port ^ (_COOKIE >> 16), number)
    body = _ATTRIBUTE.pack(_XOR_MAPPED_ADDRESS, len(mapped)) + mapped

    def head(more: int) -> bytes:
        return _HEADER.pack(_BINDING_SUCCESS, len(body) + more, _COOKIE, transaction)

    digest = _integrity(password, head(_INTEGRITY_BYTES) + body)
    body += _ATTRIBUTE.pack(_MESSAGE_INTEGRITY, len(digest)) + digest
    checksum = _checksum(head(_FINGERPRINT_BYTES) + body)
    body += _ATTRIBUTE.pack(_FINGERPRINT, 4) + struct.pack("!I", checksum)
    return head(0) + body
