"""Basic authentication (RFC 7617): from the header to the callback that knows the credentials."""

import base64
from collections.abc import Callable, Collection

from mediafleet.contract.answers import AUTHENTICATED
from mediafleet.contract.errors import Refusal
from mediafleet.contract.limits import Limits
from mediafleet.contract.requests import Request

_MAX_REMEMBERED = 8
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({b"same-origin", b"none"})
_CHALLENGE = ((b"www-authenticate", b'Basic realm="Mediafleet", charset="UTF-8"'),)
_FOREIGN = (
    "a web page of another origin may not change anything here; only pages of this server and of "
    "the configured origins may"
)

Credentials = tuple[str, str]


class Gate:
    """Lets a request pass, or refuses it.

    Only the decoding of good headers is remembered; the callback is asked on every request, so
    changed credentials count from the next request on.

    Args:
        authenticate: Knows the credentials.
        limits: Of the header.
        origins: Whose web pages may use credentials that a browser keeps.
    """

    __slots__ = ("_authenticate", "_limits", "_origins", "_remembered")

    def __init__(
        self,
        authenticate: Callable[[str, str], bool],
        limits: Limits,
        origins: Collection[str] = (),
    ) -> None:
        self._authenticate = authenticate
        self._limits = limits
        self._origins = frozenset(origin.encode() for origin in origins)
        self._remembered: dict[bytes, Credentials] = {}

    def check(self, request: Request) -> None:
        """Return for good credentials.

        Raises:
            Refusal: 401, with the challenge that every client understands; 403 for a request that
                would change something and comes from a web page of another origin.
        """
        if len(request.authorizations) == 1:
            header = request.authorizations[0]
            known = self._remembered.get(header)
            credentials = known or self._decode(header)
            if credentials is not None and self._authenticate(*credentials):
                if known is None:
                    self._remember(header, credentials)
                if note := request.scope.get("extensions", {}).get(AUTHENTICATED):
                    note()
                if request.method not in _SAFE_METHODS:
                    self._require_own_origin(request)
                return
        raise Refusal(401, "the credentials are wrong or missing", _CHALLENGE)

    def _require_own_origin(self, request: Request) -> None:
        """Refuse what a foreign page sends with credentials that the browser keeps for us.

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
            raise Refusal(403, _FOREIGN)

    def _decode(self, header: bytes) -> Credentials | None:
        if len(header) > self._limits.authorization_bytes:
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

    def _remember(self, header: bytes, credentials: Credentials) -> None:
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[header] = credentials
