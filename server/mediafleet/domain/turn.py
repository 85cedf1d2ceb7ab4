"""Credentials for a TURN server that end by themselves.

Source: what coturn has as ``use-auth-secret``, and OpenVidu from 2.22 on. The user name begins with
the moment until which it is valid; the password proves that it was made with the shared secret.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

VALID: Final = timedelta(days=1)
"""How long credentials are valid; a browser gets new ones when it joins."""


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A TURN server, which is a STUN server too.

    Attributes:
        host: Its IP address.
        port: Its port, for UDP and TCP.
        secret: Shared with it; empty: it is a STUN server only.
    """

    host: str
    port: int
    secret: str = field(repr=False)

    def credentials(self, name: str, *, at: datetime) -> tuple[str, str] | None:
        """User name and password for somebody; ``None`` if there is no secret.

        Args:
            name: Who gets them, for the server's log.
            at: The moment (aware, UTC).
        """
        return credentials(self.secret, name, at=at) if self.secret else None


def credentials(secret: str, name: str, *, at: datetime) -> tuple[str, str]:
    """User name and password for somebody, of the secret of a TURN server."""
    username = f"{int((at + VALID).timestamp())}:{name}"
    proof = hmac.digest(secret.encode(), username.encode(), "sha1")
    return username, base64.b64encode(proof).decode()
