"""The endpoint of a media server: what may be one, and when two of them are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from mediafleet.domain.errors import InvalidUriError

MAX_LENGTH = 255
DEFAULT_PORTS = {"ws": 80, "wss": 443}

_URI = re.compile(
    r"""(?P<scheme>wss?)://
        (?:\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9._-]{1,253}))
        (?::0*(?P<port>[0-9]{1,5}))?
        (?P<path>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class MediaServerUri:
    """A parsed endpoint; equal for equal endpoints, however they were written.

    Attributes:
        scheme: ``ws`` or ``wss``.
        host: Host name in lower case, or an address in its canonical form, without brackets.
        port: 1–65535; the scheme's default if none was given.
        path: Begins with ``/``; Kurento compares it to the letter.
    """

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> MediaServerUri:
        """Read an endpoint such as ``ws://172.17.0.5:8888/kurento``.

        Raises:
            InvalidUriError: It breaks a rule; the message names the rule and repeats nothing.
        """
        if len(text) > MAX_LENGTH:
            raise InvalidUriError(f"it is longer than {MAX_LENGTH} characters")
        match = _URI.fullmatch(text)
        if match is None:
            raise InvalidUriError(
                "expected ws:// or wss://, a host name, IPv4 or [IPv6] address, an optional port "
                "and a path; user information, query and fragment are not allowed"
            )
        scheme = match["scheme"].lower()
        port = int(match["port"]) if match["port"] else DEFAULT_PORTS[scheme]
        if not 1 <= port <= 65535:  # noqa: PLR2004  # the range of TCP
            raise InvalidUriError("the port must be 1-65535")
        host = _ipv6(match["ipv6"]) if match["ipv6"] else _host(match["host"])
        return cls(scheme, host, port, match["path"] or "/")

    def at(self, ip: str) -> str:
        """The endpoint by its address; by name where a certificate has to bear that name."""
        host = self.host if self.is_secure else ip
        shown = f"[{host}]" if ":" in host else host
        return f"{self.scheme}://{shown}:{self.port}{self.path}"

    @property
    def is_secure(self) -> bool:
        """Whether the link is encrypted."""
        return self.scheme == "wss"


@lru_cache(maxsize=16_384)
def endpoint_of(uri: str) -> MediaServerUri | None:
    """The endpoint that a text names; kept. ``None``: it names none."""
    try:
        return MediaServerUri.parse(uri)
    except InvalidUriError:
        return None


@lru_cache(maxsize=16_384)
def host_of(uri: str) -> str:
    """The host of an endpoint, an address without brackets; kept, as each listing asks for all.

    Raises:
        InvalidUriError: It is no endpoint.
    """
    return MediaServerUri.parse(uri).host


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise InvalidUriError("what stands in brackets is not an IPv6 address") from None


def _host(text: str) -> str:
    if not all(_LABEL.fullmatch(label) for label in text.removesuffix(".").split(".")):
        raise InvalidUriError("the host is not a host name")
    return text.lower()
