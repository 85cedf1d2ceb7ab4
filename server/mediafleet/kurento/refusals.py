"""Why a media server could not be met, in one sentence that repeats nothing of it or of its uri."""

from __future__ import annotations

import errno
import ssl
from http import HTTPStatus

from websockets.exceptions import InvalidHandshake, InvalidStatus

from mediafleet.kurento.values import clean

DIAL_ERRORS = (OSError, InvalidHandshake)

_CERTIFICATE_FAULTS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed and no authority vouches for it",
    19: "it is signed by an authority that is not trusted",
    20: "it is signed by an authority that is not trusted",
    21: "it is signed by an authority that is not trusted",
    62: "it was issued for another host name",
    64: "it was issued for another address",
}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}
_REDIRECTS = range(300, 400)


def reason_of(error: OSError | InvalidHandshake) -> str:
    """The sentence for what was met while a connection was made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _CERTIFICATE_FAULTS.get(
            error.verify_code, f"verification failed with code {error.verify_code}"
        )
        return f"its TLS certificate is refused: {fault}"
    if isinstance(error, ssl.SSLError):
        return _tls_reason(error)
    if isinstance(error, InvalidHandshake):
        return _handshake_reason(error)
    return _network_reason(error)


def _tls_reason(error: ssl.SSLError) -> str:
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return "it does not speak TLS on this port; the uri of a plain one begins with ws://"
    return f"the TLS handshake failed ({clean(error.reason, 60) or 'no reason told'})"


def _handshake_reason(error: InvalidHandshake) -> str:
    if not isinstance(error, InvalidStatus):
        return "it does not answer as a WebSocket server does"
    status = error.response.status_code
    if status in _REDIRECTS:
        return f"it answered with a redirect (HTTP {status}), which is not followed"
    if status == HTTPStatus.BAD_REQUEST:
        return "it answered HTTP 400; does it expect TLS, with a uri that begins with wss://?"
    return f"it answered HTTP {status} instead of opening a WebSocket"


def _network_reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionError):
        return "it closed the connection during the handshake; is it ws:// or wss://?"
    if error.errno in _NO_ROUTE:
        return "there is no route to its address"
    name = errno.errorcode.get(error.errno or 0, "unknown error")
    return f"the connection failed ({name})"
