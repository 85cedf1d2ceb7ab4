"""Cross-origin access (CORS, Fetch standard) for configured origins; not installed without any."""

import re
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mediafleet.contract.errors import ContractError

_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_PREFLIGHT_SECONDS = b"600"


class UnfitOriginError(ContractError):
    """A configured origin could never match, or would match too much."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(
            f"{origin!r} is not an origin; write scheme://host or scheme://host:port in lower "
            "case, without a path"
        )


class CorsMiddleware:
    """Adds the access headers to the answers of the middleware behind it.

    A preflight is an OPTIONS request, which that middleware answers without credentials.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        for origin in origins:
            if _ORIGIN.fullmatch(origin) is None:
                raise UnfitOriginError(origin)
        self._app = app
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin, preflight = self._asked(scope)

        async def send_with_access(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"vary", b"Origin")]
                if origin is not None:
                    headers += _access(origin, headers, preflight=preflight)
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_access)

    def _asked(self, scope: Scope) -> tuple[bytes | None, bool]:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        asks = any(name == b"access-control-request-method" for name, _ in scope["headers"])
        known = len(origins) == 1 and origins[0] in self._origins
        return origins[0] if known else None, asks and scope["method"] == "OPTIONS"


def _access(
    origin: bytes, headers: list[tuple[bytes, bytes]], *, preflight: bool
) -> list[tuple[bytes, bytes]]:
    access = [(b"access-control-allow-origin", origin)]
    methods = [value for name, value in headers if name == b"allow"]
    if preflight and methods:
        access += [
            (b"access-control-allow-methods", methods[0]),
            (b"access-control-allow-headers", b"Authorization, Content-Type"),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
    return access
