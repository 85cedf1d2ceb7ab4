"""Keeps secrets out of texts: knows them all, and finds them in every form that programs print.

Whatever a script, a process, a media server or a library says passes :func:`mask` before it is cut,
kept, answered or logged. A secret is found plain, percent-encoded, escaped as in JSON, Python, C or
a shell's trace (``set -x``), in Base64 and in hexadecimal digits, also when it is part of something
longer that was encoded, and when it is split over lines.

For that, a text is compared without all that such forms add: escapes are decoded, while quotes,
backslashes, white space and control characters are left out. The cost grows with the text alone.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MASK: Final = "***"
MAX_SECRETS: Final = 64
"""The last ones are known; a restart may bring new ones, and children still print the old ones."""
MAX_CHARACTERS: Final = 1 << 16
"""The caller cuts a longer text and passes where it was cut."""

_LEAST_COMPARED: Final = 4
_USER_INFORMATION: Final = re.compile(r"://[^\s/?#]*@")
_CREDENTIALS: Final = re.compile(
    r"((?i:authorization.{0,8}?\b(?:basic|bearer))\s+|\b(?:Basic|Bearer)\s+)[\w+/=.~-]+"
)
_ESCAPE: Final = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)|(?P<x>(?:\\x[0-9A-Fa-f]{2})+)"
    r"|(?P<u>(?:\\u[0-9A-Fa-f]{4})+)|(?P<octal>(?:\\[0-7]{3})+)|(?P<other>\\[\\abefnrtvE0])"
)
_UNIT: Final = {"x": (2, 2, 16), "u": (2, 4, 16), "octal": (1, 3, 8)}
_LEFT_OUT: Final = (
    *range(0x21),
    *(ord(character) for character in "'\"\\"),
    *range(0x7F, 0xA1),
    *(0xAD, 0x61C, 0x180E, 0x2028, 0x2029, 0xFEFF, 0xFFFD),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
)
# Base64 has two alphabets; one of them is enough.
_COMPARED: Final = dict.fromkeys(_LEFT_OUT) | {ord("-"): "+", ord("_"): "/"}


class Redaction:
    """Knows secrets and replaces them."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}
        self._forms: Sequence[tuple[str, bool]] = ()
        self._short: Sequence[str] = ()

    def hide(self, secret: str) -> None:
        """Register a secret; empty text is none."""
        if not secret:
            return
        self._secrets.pop(secret, None)
        self._secrets[secret] = None
        while len(self._secrets) > MAX_SECRETS:
            del self._secrets[next(iter(self._secrets))]
        forms = {
            (form, beside)
            for each in self._secrets
            for form, beside in _forms_of(each)
            if len(form) >= _LEAST_COMPARED
        }
        self._forms = tuple(forms)
        self._short = [each for each in self._secrets if len(_compared(each)) < _LEAST_COMPARED]

    def mask(self, text: str, *, cut_start: bool = False, cut_end: bool = False) -> str:
        """Put ``***`` in place of everything secret. It comes before any cutting or escaping.

        Args:
            text: At most ``MAX_CHARACTERS``.
            cut_start: There was more before it, so that it may begin in the midst of a secret.
            cut_end: Likewise at its end.
        """
        for secret in self._short:
            text = text.replace(secret, MASK)
        if cut_start or cut_end or self._is_suspicious(text):
            for is_decoded in (False, True):
                text = self._masked(text, is_decoded, cut_start=cut_start, cut_end=cut_end)
        text = _USER_INFORMATION.sub(f"://{MASK}@", text)
        return _CREDENTIALS.sub(rf"\1{MASK}", text)

    def _is_suspicious(self, text: str) -> bool:
        views = [_compared(text)]
        if "\\" in text or "%" in text:
            views.append(_compared(_ESCAPE.sub(_decoded, text)))
        return any(form in view for view in views for form, _ in self._forms)

    def _masked(
        self,
        text: str,
        is_decoded: bool,  # noqa: FBT001 - one of two passes
        *,
        cut_start: bool,
        cut_end: bool,
    ) -> str:
        places = list(_places(text, is_decoded=is_decoded))
        view = "".join(compared for compared, _, _ in places)
        found = list(_found(view, self._forms, cut_start=cut_start, cut_end=cut_end))
        kept, end = [], 0
        for first, behind, beside in sorted(found):
            start = places[first - (beside and _is_joined(places, first - 1))][1]
            stop = places[behind - 1 + (beside and _is_joined(places, behind - 1))][2]
            if start >= end:
                kept += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*kept, text[end:]])


def _found(
    view: str, forms: Sequence[tuple[str, bool]], *, cut_start: bool, cut_end: bool
) -> Iterator[tuple[int, int, bool]]:
    for form, beside in forms:
        at = view.find(form)
        while at >= 0:
            yield at, at + len(form), beside
            at = view.find(form, at + 1)
        lengths = range(min(len(form) - 1, len(view)), 0, -1)
        if cut_start:
            yield from ((0, n, beside) for n in lengths if view.startswith(form[-n:]))
        if cut_end:
            yield from (
                (len(view) - n, len(view), beside) for n in lengths if view.endswith(form[:n])
            )


def _places(text: str, *, is_decoded: bool) -> Iterator[tuple[str, int, int]]:
    """Each compared character of a text, with where it begins and ends."""
    escapes = _ESCAPE.finditer(text) if is_decoded else iter(())
    at = 0
    while True:
        escape = next(escapes, None)
        for place in range(at, escape.start() if escape else len(text)):
            for character in _compared(text[place]):
                yield character, place, place + 1
        if escape is None:
            return
        at = escape.end()
        for character in _compared(_decoded(escape)):
            yield character, escape.start(), at


def _is_joined(places: Sequence[tuple[str, int, int]], at: int) -> bool:
    """Whether a place and the next one are two characters of the same Base64 text."""
    if not 0 <= at < len(places) - 1:
        return False
    (one, _, end), (other, start, _) = places[at : at + 2]
    return end == start and f"{one}{other}".isascii() and f"{one}{other}".strip("+/=").isalnum()


def _compared(text: str) -> str:
    return text.translate(_COMPARED)


def _decoded(escape: re.Match[str]) -> str:
    kind, digits = escape.lastgroup or "", escape[0]
    if kind == "other":
        return ""
    if kind == "percent":
        return unquote_to_bytes(digits).decode("utf-8", "replace")
    skipped, length, base = _UNIT[kind]
    units = [
        int(digits[at + skipped : at + skipped + length], base)
        for at in range(0, len(digits), skipped + length)
    ]
    if kind == "octal":
        return bytes(unit & 0xFF for unit in units).decode("utf-8", "replace")
    return "".join(map(chr, units)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _forms_of(secret: str) -> Iterator[tuple[str, bool]]:
    """What a secret looks like in a compared text, and whether the text beside it reveals it too.

    Of one that is too short there is none, since it would be found anywhere.
    """
    raw = secret.encode("utf-8", "replace")
    printed = [
        secret,
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        repr(raw)[2:-1],
        raw.hex(),
        raw.hex().upper(),
    ]
    if len(_compared(secret)) < _LEAST_COMPARED:
        return
    for each in printed:
        yield _compared(each), False
        yield _compared(_ESCAPE.sub(_decoded, each)), False
    for each in _base64_forms(raw):
        yield _compared(each), True


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What is the same in Base64 of anything that holds these bytes, by what comes before them."""
    for before in range(3):
        encoded = b64encode(bytes(before) + raw).decode().rstrip("=")
        first = -(-before * 8 // 6)
        whole = (before + len(raw)) * 8 // 6
        yield encoded[first:whole]


_REDACTION: Final = Redaction()


def hide(secret: str) -> None:
    """Keep a secret out of every text from now on; empty text is no secret."""
    _REDACTION.hide(secret)


def mask(text: str, *, cut_start: bool = False, cut_end: bool = False) -> str:
    """Put ``***`` in place of everything secret, see :meth:`Redaction.mask`."""
    return _REDACTION.mask(text, cut_start=cut_start, cut_end=cut_end)
