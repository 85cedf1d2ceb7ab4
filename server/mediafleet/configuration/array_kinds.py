"""Kinds of arrays of text, read leniently from the `.env` file and strictly from JSON."""

import ipaddress
import json
import re
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from typing_extensions import override

from mediafleet.configuration.errors import MASK, InvalidValueError
from mediafleet.configuration.property import (
    MAX_VALUE_CHARACTERS,
    Kind,
    Value,
    printable,
    require_clean,
    shown,
)
from mediafleet.configuration.text_kinds import check_locator, show_locator
from mediafleet.uris import MAX_URI, split_uri


def split_items(text: str) -> list[str]:
    r"""Split the text of an array as files in the wild write it.

    JSON is taken as it is; else brackets, quotes and backslashes are optional and a comma ends
    an item: `[a, "b", \"c:\ d\"]`, `a,b`. Nothing at all is an empty array.

    Raises:
        InvalidValueError: A bracket or a quote is not closed.
    """
    stripped = text.strip()
    strict = _json_strings(stripped)
    if strict is not None:
        return strict
    inner = re.sub(r"\\(.)", r"\1", stripped)
    if inner.startswith("["):
        if not inner.endswith("]"):
            raise InvalidValueError('must end with "]"')
        inner = inner[1:-1]
    return list(_items(inner)) if inner.strip() else []


def _json_strings(text: str) -> list[str] | None:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(parsed, list) and all(isinstance(item, str) for item in parsed):
        return parsed
    return None


def _items(text: str) -> Iterator[str]:
    quote, item = "", ""
    for character in text:
        if quote:
            quote, item = ("", item) if character == quote else (quote, item + character)
        elif character in "\"'" and not item.strip():
            quote = character
        elif character == ",":
            yield item.strip()
            item = ""
        else:
            item += character
    if quote:
        raise InvalidValueError("must close every quote")
    yield item.strip()


MAX_ITEMS: Final = 100
MAX_NODE_URIS: Final = 10_000
"""As many as a cluster may have."""
MAX_HEADER: Final = 4096
EVENT_NAMES: Final = (
    "sessionCreated",
    "sessionDestroyed",
    "participantJoined",
    "participantLeft",
    "webrtcConnectionCreated",
    "webrtcConnectionDestroyed",
    "recordingStatusChanged",
    "filterEventDispatched",
    "mediaNodeStatusChanged",
    "recordingStarted",
    "recordingStopped",
    "autoscaling",
    "nodeCrashed",
    "nodeRecovered",
    "mediaNodeForgotten",
    "mediaNodeDeduplicated",
    "mediaNodeDrainChanged",
    "mediaNodeLabelsChanged",
    "autoscalingBlind",
)
"""All event names; the first nine are OpenVidu 2.15's default."""
DEFAULT_EVENT_NAMES: Final = EVENT_NAMES[:9]
LATER_EVENT_NAMES: Final = frozenset(
    {
        "broadcastStarted",
        "broadcastStopped",
        "HANodeDeregistered",
        "HANodeRegistered",
        "signalSent",
    }
)
"""Names in the files of later releases; passed over, because there is no such event here."""

OWN_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "idempotency-key",
        "transfer-encoding",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): (.+)", re.ASCII | re.DOTALL)
_SHOWN_ITEMS: Final = 5
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?=.{0,256}", re.ASCII)


class ArrayKind(Kind):
    """An array of text; repeated items count once, the first one's place is kept."""

    max_items: ClassVar[int] = MAX_ITEMS
    max_characters: ClassVar[int] = MAX_VALUE_CHARACTERS

    @abstractmethod
    def normalize_item(self, item: str) -> str:
        """Return one item in its usual form; raise `InvalidValueError` when it is not allowed."""

    @override
    def read(self, text: str) -> Value:
        return self._normalize(self._split(text))

    @override
    def check(self, value: object) -> Value:
        if not isinstance(value, list | tuple):
            raise self.error()
        return self._normalize([self._text(item) for item in value[: self.max_items + 1]])

    @override
    def write(self, value: Value) -> str:
        items = value if isinstance(value, tuple) else ()
        return json.dumps(list(items), ensure_ascii=False, separators=(",", ":"))

    @override
    def show(self, value: object) -> str:
        if isinstance(value, str):
            try:
                value = split_items(value)
            except InvalidValueError:
                return MASK
        if not isinstance(value, list | tuple):
            return shown(value)
        items = [self.show_item(item) for item in value[:_SHOWN_ITEMS]]
        more = ["…"] if len(value) > _SHOWN_ITEMS else []
        return "[" + ", ".join(items + more) + "]"

    def show_item(self, item: object) -> str:
        """Show one item, allowed or not, without anything that must stay private."""
        return shown(item)

    def _split(self, text: str) -> list[str]:
        return split_items(require_clean(text, self.max_characters))

    def _text(self, item: object) -> str:
        if not isinstance(item, str):
            raise self.error()
        return item

    def _normalize(self, items: list[str]) -> tuple[str, ...]:
        if len(items) > self.max_items:
            raise InvalidValueError(f"must have at most {self.max_items} items")
        if items == [""]:
            return ()
        unique: dict[str, None] = {}
        for number, item in enumerate(items, start=1):
            try:
                unique[self.normalize_item(require_clean(item))] = None
            except InvalidValueError as error:
                raise InvalidValueError(f"item {number} {error.rule}") from error
        return tuple(unique)


@dataclass(frozen=True, slots=True)
class Events(ArrayKind):
    """Names of events; in text also those of later releases, which are passed over."""

    allowed = f"an array of at most {MAX_ITEMS} event names"

    @override
    def read(self, text: str) -> Value:
        return self._normalize(
            [item for item in self._split(text) if item not in LATER_EVENT_NAMES]
        )

    @override
    def normalize_item(self, item: str) -> str:
        if item not in EVENT_NAMES:
            raise InvalidValueError("is not an event; the events are " + ", ".join(EVENT_NAMES))
        return item


@dataclass(frozen=True, slots=True)
class Headers(ArrayKind):
    """HTTP headers, each `Name: value`; the values are never shown in a problem."""

    allowed = f'an array of at most {MAX_ITEMS} headers of the form "Name: value"'

    @override
    def normalize_item(self, item: str) -> str:
        parts = _HEADER.fullmatch(item)
        if len(item) > MAX_HEADER:
            raise InvalidValueError(f"must have at most {MAX_HEADER} characters")
        if parts is None or not parts[2].strip():
            raise InvalidValueError('must have the form "Name: value"')
        if parts[1].lower() in OWN_HEADERS:
            raise InvalidValueError("is a header that the server sets itself")
        return item

    @override
    def show_item(self, item: object) -> str:
        parts = _HEADER.fullmatch(item) if isinstance(item, str) else None
        return MASK if parts is None else f"{printable(parts[1])}: {MASK}"


@dataclass(frozen=True, slots=True)
class WebSocketUris(ArrayKind):
    """Addresses of Media Nodes, without user information, query and fragment."""

    max_items: ClassVar[int] = MAX_NODE_URIS
    max_characters: ClassVar[int] = MAX_NODE_URIS * (MAX_URI + len('"", ')) + len("[]")

    allowed = (
        f"an array of at most {MAX_NODE_URIS} URIs of the form ws://HOST:PORT/PATH or"
        f" wss://HOST:PORT/PATH, of at most {MAX_URI} characters each"
    )

    @override
    def normalize_item(self, item: str) -> str:
        try:
            split_uri(item)
        except ValueError as error:
            raise InvalidValueError(f"must be the URI of a media server: {error}") from error
        return item

    @override
    def show_item(self, item: object) -> str:
        return show_locator(item) if isinstance(item, str) else shown(item)


@dataclass(frozen=True, slots=True)
class Origins(ArrayKind):
    """Origins of browsers, such as `https://console.example.com`, or `*`."""

    allowed = f"an array of at most {MAX_ITEMS} origins of the form https://HOST:PORT"

    @override
    def normalize_item(self, item: str) -> str:
        if item != "*":
            check_locator(item, path=False, query=False)
        return item

    @override
    def show_item(self, item: object) -> str:
        return show_locator(item) if isinstance(item, str) else shown(item)


@dataclass(frozen=True, slots=True)
class Labels(ArrayKind):
    """Labels of containers, such as `team=video`."""

    allowed = f"an array of at most {MAX_ITEMS} labels of the form name=value"

    @override
    def normalize_item(self, item: str) -> str:
        if _LABEL.fullmatch(item) is None:
            raise InvalidValueError("must be a label of the form name=value")
        return item


@dataclass(frozen=True, slots=True)
class Networks(ArrayKind):
    """IP networks in CIDR form; a single address is a network of one."""

    allowed = f"an array of at most {MAX_ITEMS} networks such as 10.0.0.0/8 or fd00::/8"

    @override
    def normalize_item(self, item: str) -> str:
        try:
            return str(ipaddress.ip_network(item))
        except ValueError as error:
            raise InvalidValueError("must be a network such as 10.0.0.0/8 or fd00::/8") from error
