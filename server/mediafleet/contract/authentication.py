"""Basic authentication (RFC 7617): of requests, and what follows wrong credentials."""

import asyncio
import base64
import logging
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

from starlette.types import Scope

from mediafleet.contract.connections import address_key
from mediafleet.contract.errors import HttpError
from mediafleet.contract.requests import Request
from mediafleet.contract.responses import AUTHENTICATED

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({b"same-origin", b"none"})
_CHALLENGE = ((b"www-authenticate", b'Basic realm="Mediafleet", charset="UTF-8"'),)
_FOREIGN = (
    "a web page of another origin may not change anything here; only pages of this server and of "
    "the configured origins may"
)

_MAX_HEADER_BYTES: Final = 8192
_WINDOW_S: Final = 60.0
_LOG_INTERVAL_S: Final = 10.0
_MAX_PEERS: Final = 1_000
_PEERS_LOGGED: Final = 5
_OTHERS: Final = "others"

Credentials = tuple[str, str]

_log = logging.getLogger(__name__)


class PeerLog:
    """Logs what any peer can cause at any rate: the first at once, then counts in each interval.

    Args:
        log: The logger.
        level: Of the lines.
        message: Of the lines.
        counted: Name of the number of times, such as "requests".
        interval_s: Seconds between two lines.
    """

    def __init__(
        self,
        log: logging.Logger,
        level: int,
        message: str,
        counted: str,
        interval_s: float = _LOG_INTERVAL_S,
    ) -> None:
        self._log = log
        self._level = level
        self._message = message
        self._counted = counted
        self._interval_s = interval_s
        self._peers: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def note(self, peer: str, reason: str | None = None) -> None:
        """Count one more occurrence.

        Args:
            peer: Whose address it was; empty if it has none.
            reason: One of a few; None if there is only one.
        """
        if len(self._peers) >= _MAX_PEERS and peer not in self._peers:
            peer = _OTHERS
        self._peers[peer or "unknown"] += 1
        if reason is not None:
            self._reasons[reason] += 1
        if self._timer is None:
            self._write()

    def _write(self) -> None:
        """Log what came since the last line, and no other line for a while."""
        self._timer = None
        if not self._peers:
            return
        extra = {
            self._counted: self._peers.total(),
            "peers": len(self._peers),
            "from": dict(self._peers.most_common(_PEERS_LOGGED)),
            "reasons": dict(self._reasons) or None,
        }
        self._log.log(self._level, self._message, extra=extra)
        self._peers.clear()
        self._reasons.clear()
        self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._write)


class FailedLogins:
    """Counts wrong credentials, logs them, and delays the answers to a peer that sends many.

    Only answers to wrong credentials are delayed, and only those of a peer that has sent too many
    within a minute. Peers are counted as connections are, see :func:`address_key`.

    Args:
        most: How many a peer may send in a minute before its answers are delayed.
        delay_s: By how many seconds.
        most_delayed: How many responses of all peers wait at a time.
        log_interval_s: Seconds between two lines in the log.
        message: Of these lines.

    Attributes:
        count: How many there were.
    """

    def __init__(
        self,
        *,
        most: int = 100,
        delay_s: float = 1.0,
        most_delayed: int = 1_000,
        log_interval_s: float = _LOG_INTERVAL_S,
        message: str = "wrong credentials",
    ) -> None:
        self.count = 0
        self._most_delayed = most_delayed
        self._most = most
        self._delay_s = delay_s
        self._delayed = 0
        self._recent: dict[str, tuple[float, int]] = {}  # beginning of its minute, how many since
        self._log = PeerLog(_log, logging.WARNING, message, "requests", log_interval_s)

    async def note(self, scope: Scope) -> bool:
        """Count a request with wrong credentials, and wait before it is answered.

        Returns:
            Whether its connection may be kept: too many answers would be delayed otherwise.
        """
        client = scope.get("client")  # none of a Unix socket: its peers are not counted
        peer = address_key(client[0]) if client else ""
        self.count += 1
        self._log.note(peer)
        if not peer or not self._is_too_many(peer):
            return True
        if self._delayed >= self._most_delayed:
            return False
        self._delayed += 1
        try:
            await asyncio.sleep(self._delay_s)
        except asyncio.CancelledError:  # the server stops: the answer is due now
            return False
        finally:
            self._delayed -= 1
        return True

    def _is_too_many(self, peer: str) -> bool:
        now = asyncio.get_running_loop().time()
        began, before = self._recent.pop(peer, (now, 0))
        if now - began >= _WINDOW_S:
            began, before = now, 0
        self._recent[peer] = began, before + 1
        if len(self._recent) > _MAX_PEERS:
            del self._recent[next(iter(self._recent))]  # the one that was quiet for longest
        return before >= self._most


class BasicAuth:
    """Checks the credentials of a request, and where it comes from.

    Args:
        authenticate: Compares a user name and a password. It is asked on every request.
        origins: Whose web pages may use credentials that a browser keeps.
    """

    def __init__(
        self,
        authenticate: Callable[[str, str], bool],
        origins: Collection[str] = (),
    ) -> None:
        self._authenticate = authenticate
        self._origins = frozenset(origin.encode() for origin in origins)

    def check(self, request: Request) -> None:
        """Return for good credentials.

        Raises:
            HttpError: 401, with the challenge that every client understands; 403 for a request that
                would change something and comes from a web page of another origin.
        """
        credentials = None
        if len(request.authorizations) == 1:
            credentials = self._decode(request.authorizations[0])
        if credentials is None or not self._authenticate(*credentials):
            raise HttpError(401, "the credentials are wrong or missing", _CHALLENGE)
        if note := request.scope.get("extensions", {}).get(AUTHENTICATED):
            note()
        if request.method not in _SAFE_METHODS:
            self._require_own_origin(request)

    def _require_own_origin(self, request: Request) -> None:
        """Reject what a foreign page sends with credentials that the browser keeps for us.

        Browsers say so in ``Sec-Fetch-Site``, current ones and only to HTTPS and loopback; in all
        other cases they send ``Origin``, which must be where the request goes. Clients that are no
        browsers send neither.
        """
        headers: list[tuple[bytes, bytes]] = request.scope["headers"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(origins) == 1 and origins[0] in self._origins:
            return
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        if sites:
            is_own = _OWN_SITE.issuperset(sites)
        else:
            # Both schemes are ours: a proxy that encrypts is not seen from here.
            hosts = [value.lower() for name, value in headers if name == b"host"]
            own = {scheme + host for host in hosts for scheme in (b"http://", b"https://")}
            is_own = own.issuperset(map(bytes.lower, origins))
        if not is_own:
            raise HttpError(403, _FOREIGN)

    def _decode(self, header: bytes) -> Credentials | None:
        if len(header) > _MAX_HEADER_BYTES:
            return None
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"basic":
            return None
        try:
            name, colon, secret = (
                base64.b64decode(token.strip(), validate=True).decode().partition(":")
            )
        except ValueError:  # wrong base64, or not UTF-8
            return None
        return (name, secret) if colon else None
