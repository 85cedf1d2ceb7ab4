"""Kinds that name a place on the network: host, http(s) URL and the items of such arrays.

Nothing here resolves a name or opens a connection.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from mediafleet.configuration.characters import printable
from mediafleet.configuration.kinds import shown
from mediafleet.configuration.problems import MASK, UnfitValueError
from mediafleet.configuration.texts import TextKind

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?", re.ASCII)
_LOCATOR: Final = re.compile(r"([A-Za-z]+)://([^/?#]*)(/[!-~]*)?(\?[!-~]*)?", re.ASCII)
_MAX_HOST: Final = 253
MAX_PORT: Final = 65535
MAX_URL: Final = 2048


def is_host(text: str) -> bool:
    """Say whether the text is a host name in ASCII, an IPv4 or an IPv6 address (no brackets)."""
    if ":" in text:
        return _is_address(text, version=6)
    labels = text.removesuffix(".").split(".")
    if labels[-1].isdigit():
        return _is_address(text, version=4)
    return len(text) <= _MAX_HOST and all(_LABEL.fullmatch(label) for label in labels)


def check_locator(
    text: str, schemes: tuple[str, ...], *, path: bool, query: bool, maximum: int = MAX_URL
) -> None:
    """Check `scheme://host[:port][/path][?query]` without user information and fragment.

    Raises:
        UnfitValueError: It is no such locator. The rule never quotes the text.
    """
    form = " or ".join(f"{scheme}://HOST:PORT" for scheme in schemes) + ("/PATH" if path else "")
    if len(text) > maximum:
        raise UnfitValueError(f"must have at most {maximum} characters")
    parts = _LOCATOR.fullmatch(text)
    if "#" in text or parts is None or parts[1].lower() not in schemes:
        raise UnfitValueError(f"must have the form {form}")
    if "@" in parts[2]:
        raise UnfitValueError(f"may hold no user name or password; the form is {form}")
    if (parts[3] and not path) or ("?" in text and not query):
        raise UnfitValueError(f"may hold no {'query' if path else 'path'}; the form is {form}")
    if not _is_authority(parts[2]):
        raise UnfitValueError(f"must name a valid host and port; the form is {form}")


def show_locator(text: str) -> str:
    """Show a locator without what may be a password or a token in it."""
    if "@" in text:
        return MASK
    start, mark, _ = text.partition("?")
    return printable(start) + (f"?{MASK}" if mark else "")


@dataclass(frozen=True, slots=True)
class Host(TextKind):
    """A host name, an IPv4 or an IPv6 address (brackets are dropped); never looked up."""

    @property
    @override
    def allowed(self) -> str:
        return "a host name or an IP address"

    @override
    def fit(self, text: str) -> str:
        if not text:
            raise UnfitValueError(f"may not be empty; it must be {self.allowed}")
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        if not is_host(bare) or (bare != text and ":" not in bare):
            raise self.refusal()
        return bare


@dataclass(frozen=True, slots=True)
class OptionalAddress(TextKind):
    """An IP address or nothing."""

    @property
    @override
    def allowed(self) -> str:
        return "an IP address or empty"

    @override
    def fit(self, text: str) -> str:
        if text and not (_is_address(text, version=4) or _is_address(text, version=6)):
            raise self.refusal()
        return text


@dataclass(frozen=True, slots=True)
class WebUrl(TextKind):
    """An `http://` or `https://` URL without user information and fragment, or nothing."""

    @property
    @override
    def allowed(self) -> str:
        return "an http:// or https:// URL or empty"

    @override
    def fit(self, text: str) -> str:
        if text:
            check_locator(text, ("http", "https"), path=True, query=True)
        return text

    @override
    def show(self, value: object) -> str:
        return show_locator(value) if isinstance(value, str) else shown(value)


def _is_authority(text: str) -> bool:
    parts = _AUTHORITY.fullmatch(text)
    if parts is None or (parts[2] is not None and not 1 <= int(parts[2]) <= MAX_PORT):
        return False
    host = parts[1]
    if host.startswith("["):
        return _is_address(host[1:-1], version=6)
    return is_host(host)


def _is_address(text: str, *, version: int) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # A zone (fe80::1%eth0) means something on one machine only.
    return address.version == version and "%" not in text
