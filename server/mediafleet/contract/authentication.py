"""Basic authentication (RFC 7617): from the header to the callback that knows the credentials."""

import base64
from collections.abc import Callable, Collection

from mediafleet.contract.answers import AUTHENTICATED
from mediafleet.contract.errors import Refusal
from mediafleet.contract.limits import Limits
from mediafleet.contract.requests import Request

_MAX_REMEMBERED = 8
_OWN_SITE = frozenset({b"same-origin", b"none"})
_CHALLENGE = ((b"www-authenticate", b'Basic realm="Mediafleet", charset="UTF-8"'),)

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
            Refusal: 401, with the challenge that every client understands.
        """
        if len(request.authorizations) == 1:
            header = request.authorizations[0]
            known = self._remembered.get(header)
            credentials = known or self._decode(header)
            if credentials is not None and self._authenticate(*credentials):
                if known is None:
                    self._remember(header, credentials)
                if request.method == "POST":
                    self._require_own_site(request)
                if note := request.scope.get("extensions", {}).get(AUTHENTICATED):
                    note()
                return
        raise Refusal(401, "the credentials are wrong or missing", _CHALLENGE)

    def _require_own_site(self, request: Request) -> None:
        """Refuse a form of a foreign page: it can POST without a body, so no type tells of it.

        Every other method that changes something needs a preflight, which foreign pages fail.
        """
        headers = dict(request.scope["headers"])
        site = headers.get(b"sec-fetch-site")
        if site is None or site in _OWN_SITE or headers.get(b"origin") in self._origins:
            return
        raise Refusal(401, "credentials do not count for a page of another origin", _CHALLENGE)

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
