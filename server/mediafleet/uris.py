"""The syntax of a media server's URI: one rule for requests and for the configuration.

It is the pattern of `uri` in `openapi.yaml`.
"""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

MAX_URI: Final = 255
_MAX_PORT: Final = 65535
_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}
_URI: Final = re.compile(
    r"""(?P<scheme>wss?)://
        (?:\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9._-]{1,253}))
        (?::0*(?P<port>[0-9]{1,5}))?
        (?P<path>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)


def split_uri(text: str) -> tuple[str, str, int, str]:
    """Split a URI such as ``ws://172.17.0.5:8888/kurento``.

    Returns:
        Scheme and host in lower case, the host without brackets; port, 1-65535; path, at least `/`.

    Raises:
        ValueError: It breaks a rule; the message names the rule and repeats nothing of the text.
    """
    if len(text) > MAX_URI:
        raise ValueError(f"it is longer than {MAX_URI} characters")
    match = _URI.fullmatch(text)
    if match is None:
        raise ValueError(
            "expected ws:// or wss://, a host name, IPv4 or [IPv6] address, an optional port "
            "and a path; user information, query and fragment are not allowed"
        )
    scheme = match["scheme"].lower()
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[scheme]
    if not 1 <= port <= _MAX_PORT:
        raise ValueError("the port must be 1-65535")
    host = _ipv6(match["ipv6"]) if match["ipv6"] else _host(match["host"])
    return scheme, host, port, match["path"] or "/"


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise ValueError("what stands in brackets is not an IPv6 address") from None


def _host(text: str) -> str:
    if not all(_LABEL.fullmatch(label) for label in text.removesuffix(".").split(".")):
        raise ValueError("the host is not a host name")
    return text.lower()
