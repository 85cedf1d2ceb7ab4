"""Where the server may listen and under which URL it is found; what is served there is not here."""

import errno
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from mediafleet.cli.exits import CommandError, UsageFault

_UNSPECIFIED: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, never bound


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket that does not listen yet, and the URL under which it will be found."""

    socket: socket.socket
    url: str


def choose_tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Take both files or none: PEM files of the certificate (with its chain) and of its key.

    Raises:
        UsageFault: One is missing, not readable, encrypted, or they do not belong together.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageFault("--tls-cert and --tls-key belong together: give both or none.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password=_refuse_passphrase)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or "unknown reason"
        raise UsageFault(
            f"The certificate {certificate} cannot be used with the key {key}: {reason}. Both "
            "have to be readable PEM files that belong together."
        ) from error
    return context


def bind(address: str, port: int, *, tls: ssl.SSLContext | None, behind_proxy: bool) -> Listener:
    """Bind the address, unless it would carry the secret over a network in the clear.

    Args:
        address: An IP address or a name.
        port: 0 for any free one.
        tls: What to encrypt with.
        behind_proxy: Whether a proxy that encrypts stands before the server.

    Raises:
        UsageFault: The address is not this machine's own loopback and nothing encrypts.
        CommandError: The address cannot be bound.
    """
    candidates = _resolve(address, port)
    if tls is None and not behind_proxy and not _all_loopback(candidates):
        raise UsageFault(
            f"The address {address} is reached from other machines, and without encryption anyone "
            "on the way could read the secret. Give --tls-cert and --tls-key, or --behind-proxy "
            "if a proxy that speaks HTTPS stands before this server, or keep to 127.0.0.1."
        )
    bound = _bound(*candidates[0], address, port)
    host, real_port = bound.getsockname()[:2]
    return Listener(bound, _url("http" if tls is None else "https", host, real_port))


def reachable(url: str) -> str:
    """Replace "every address" in a listener's URL by one that a client can dial."""
    scheme, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    bare = host.strip("[]")
    return _url(scheme, _UNSPECIFIED.get(bare, bare), int(port))


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _refuse_passphrase() -> NoReturn:
    raise OSError(errno.EACCES, "the key is protected by a passphrase")


def _resolve(address: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageFault(f"The address {address} to listen on is not known.") from error
    return [(family, str(place[0])) for family, _, _, _, place in found]


def _all_loopback(candidates: Sequence[tuple[socket.AddressFamily, str]]) -> bool:
    # A name may stand for several addresses; the one that is bound could change with the order.
    return all(ipaddress.ip_address(text.partition("%")[0]).is_loopback for _, text in candidates)


def _bound(family: socket.AddressFamily, host: str, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise CommandError(refusal(address, port, error)) from error
    return bound


def refusal(address: str, port: int, error: OSError) -> str:
    """Say in one sentence why an address was not to be had."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {address} is in use by another program; end that one or choose "
            "another port with --port."
        )
    reason = error.strerror or "unknown reason"
    return f"The server cannot listen on port {port} of {address}: {reason}."
