"""What a long-running command needs of the operating system: signals, open files, a socket."""

from __future__ import annotations

import errno
import ipaddress
import logging
import resource
import signal
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from mediafleet.cli.errors import CommandError, UsageError
from mediafleet.domain.cluster import MAX_MEMBERS, OpenFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    SignalHandler: TypeAlias = Callable[[int, FrameType | None], object] | signal.Handlers

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_ENOUGH_FILES: Final = 16_384
_WANTED_FILES: Final = _ENOUGH_FILES + MAX_MEMBERS  # to keep a connection for measurements each
_OWN_FILES: Final = 48  # store, log, listener, event loop, and the launch of a machine
_MAX_CONNECTIONS: Final = 2_000
_MAX_RESERVE: Final = 64
_MAX_BACKLOG: Final = 2_048
_MIN_BACKLOG: Final = 128
_UNSPECIFIED: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, never bound

log = logging.getLogger(__name__)


@contextmanager
def on_stop_signals(handler: SignalHandler) -> Iterator[None]:
    """Handle Ctrl-C, the stop of a service manager and a closed terminal within a block.

    A SIGHUP that the parent ignored (`nohup`) stays ignored.
    """
    previous = {
        each: signal.signal(each, handler)
        for each in STOP_SIGNALS
        if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for each, old in previous.items():
            signal.signal(each, old)


class StopRequest:
    """Whether a stop signal has come: the first one exits with status 0, later ones do nothing.

    Python discards what a handler raises if the signal comes during a destructor or the callback
    of a weak reference; an import has such callbacks. The code that installs the next
    handler therefore calls `raise_if_made`.
    """

    def __init__(self) -> None:
        self._is_made = False

    def handle(self, _signal: int, _frame: FrameType | None) -> None:
        """Exit with status 0, once."""
        if not self._is_made:
            self._is_made = True
            raise SystemExit(0)

    def raise_if_made(self) -> None:
        """Exit with status 0 if a stop signal has come."""
        if self._is_made:
            raise SystemExit(0)


@contextmanager
def exit_on_stop_signals() -> Iterator[StopRequest]:
    """Exit with status 0 on the first stop signal within a block."""
    request = StopRequest()
    with on_stop_signals(request.handle):
        yield request


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How a server is run, besides its configuration.

    Attributes:
        dotenv_path: The file that a restart writes; one in the data directory if not given.
        tls: `None` for plain HTTP.
        behind_proxy: Whether all connections come from a proxy, which encrypts.
        stop_nodes: Whether local nodes with sessions end with the server too.
        accept_changed_store: Whether to start with a store that is not the one of the last start.
        has_call_page: Whether browsers on this machine get a page with a call.
        stop_request: Made by a stop signal that comes before the server handles them.
    """

    dotenv_path: Path | None = None
    tls: ssl.SSLContext | None = None
    behind_proxy: bool = False
    stop_nodes: bool = False
    accept_changed_store: bool = False
    has_call_page: bool = False
    stop_request: StopRequest


@dataclass(frozen=True, slots=True)
class FileShares:
    """How the open files of the process are shared.

    Attributes:
        nodes: For Media Nodes.
        connections: Connections of clients.
        reserve: Further connections, which are answered with 503.
        backlog: Connections that the kernel queues until they are accepted.
    """

    nodes: OpenFiles
    connections: int
    reserve: int
    backlog: int


def raise_open_files(wanted: int) -> int:
    """Raise the soft limit of open files as far as wanted and allowed; the default is often 1,024.

    Returns:
        The limit in force; *wanted* if there is none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return wanted if soft == resource.RLIM_INFINITY else soft


def share_open_files(processes: int = 0) -> FileShares:
    """Raise the limit, and share the files between clients and Media Nodes.

    A limit that is too low is logged with the resulting numbers.

    Args:
        processes: Media Nodes that may run as processes of this machine, each with a file.
    """
    limit = raise_open_files(_WANTED_FILES)
    left = max(limit - _OWN_FILES - processes, 16)
    connections = min(_MAX_CONNECTIONS, left // 4)
    reserve = min(_MAX_RESERVE, connections // 4)
    spare = min(_MAX_BACKLOG, left // 8)  # for connections accepted before one is closed
    left -= connections + reserve + spare
    nodes = min(left - left // 8, MAX_MEMBERS)
    measurements = left - nodes
    if limit < _ENOUGH_FILES:
        log.warning(
            "few files may be open",
            extra={
                "limit": limit,
                "wanted": _ENOUGH_FILES,
                "most_media_nodes": nodes,
                "most_connections": connections,
                "remedy": OpenFiles.REMEDY,
            },
        )
    # With a shorter queue a burst of clients would wait a second for the retry of its SYN.
    backlog = max(spare, _MIN_BACKLOG)
    return FileShares(OpenFiles(limit, nodes, measurements), connections, reserve, backlog)


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that is bound but does not listen yet, and the URL of the server on it."""

    socket: socket.socket
    url: str


def load_tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Load the PEM files of the certificate (with its chain) and of its key; both or none.

    Raises:
        UsageError: One is missing, not readable, encrypted, or they do not belong together.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key belong together: give both or none.")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password=_reject_passphrase)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or "unknown reason"
        raise UsageError(
            f"The certificate {certificate} cannot be used with the key {key}: {reason}. Both "
            "must be readable PEM files that belong together."
        ) from error
    return context


def bind(address: str, port: int, *, tls: ssl.SSLContext | None, behind_proxy: bool) -> Listener:
    """Bind the address, unless the secret would cross a network without encryption.

    Args:
        address: An IP address or a name.
        port: 0 for any free one.
        tls: `None` for plain HTTP.
        behind_proxy: Whether a proxy in front of the server encrypts.

    Raises:
        UsageError: The address is not a loopback address of this machine and nothing encrypts.
        CommandError: The address cannot be bound.
    """
    candidates = _resolve(address, port)
    if tls is None and not behind_proxy and not _all_loopback(candidates):
        raise UsageError(
            f"The address {address} is reached from other machines, and without encryption anyone "
            "on the way could read the secret. Give --tls-cert and --tls-key, or --behind-proxy "
            "if a proxy that speaks HTTPS stands before this server, or keep to 127.0.0.1."
        )
    bound = _bound(*candidates[0], address, port)
    host, real_port = bound.getsockname()[:2]
    return Listener(bound, url_of("http" if tls is None else "https", host, real_port))


def bind_failure(address: str, port: int, error: OSError) -> str:
    """Say in one sentence why an address cannot be bound."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {address} is in use by another program; end that one or choose "
            "another port with --port."
        )
    reason = error.strerror or "unknown reason"
    return f"The server cannot listen on port {port} of {address}: {reason}."


def reachable(url: str) -> str:
    """Replace "every address" in the URL of a listener by an address that a client can use."""
    scheme, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    bare = host.strip("[]")
    return url_of(scheme, _UNSPECIFIED.get(bare, bare), int(port))


def url_of(scheme: str, host: str, port: int) -> str:
    """Return a URL without a path; an IPv6 address is put in brackets."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _reject_passphrase() -> NoReturn:
    raise OSError(errno.EACCES, "the key is protected by a passphrase")


def _resolve(address: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"The address {address} to listen on is not known.") from error
    return [(family, str(place[0])) for family, _, _, _, place in found]


def _all_loopback(candidates: Sequence[tuple[socket.AddressFamily, str]]) -> bool:
    # A name may have several addresses, and their order decides which one is bound.
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
        raise CommandError(bind_failure(address, port, error)) from error
    return bound
