"""Replies kept for 20 seconds, by session and request id: the real server's idea of a retry."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.emulator.json_text import Json

LIFETIME = 20.0
"""Seconds a reply is kept."""

_MOST = 10_000


class RequestCache:
    """The first reply to each (session, id); errors are kept as well."""

    __slots__ = ("_monotonic", "_replies")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._replies: OrderedDict[tuple[str, str], tuple[float, dict[str, Json]]] = OrderedDict()

    def find(self, session_id: str, request_id: str) -> dict[str, Json] | None:
        """The reply to an earlier request with this id in this session, if not too old."""
        self._forget_old()
        kept = self._replies.get((session_id, request_id))
        return None if kept is None else kept[1]

    def keep(self, session_id: str, request_id: str, reply: dict[str, Json]) -> None:
        """Remember a reply, unless there is an earlier one."""
        self._forget_old()
        expiry = self._monotonic() + LIFETIME
        self._replies.setdefault((session_id, request_id), (expiry, reply))

    def _forget_old(self) -> None:
        now = self._monotonic()
        while self._replies:
            key, (expiry, _) = next(iter(self._replies.items()))
            if expiry > now and len(self._replies) <= _MOST:
                return
            del self._replies[key]
