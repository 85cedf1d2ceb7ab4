"""Media of emulated nodes: WebRTC sessions whose packets are forwarded and never decoded."""

from importlib.util import find_spec
from typing import Final

from mediafleet.emulator.media.port import MediaPort, SocketError
from mediafleet.emulator.media.sdp import InvalidSdpError, parse_offer
from mediafleet.emulator.media.session import WebRtcSession

IS_INSTALLED: Final = find_spec("OpenSSL") is not None and find_spec("pylibsrtp") is not None
"""Whether the extra mediafleet[media] is installed."""

__all__ = [
    "IS_INSTALLED",
    "InvalidSdpError",
    "MediaPort",
    "SocketError",
    "WebRtcSession",
    "parse_offer",
]
