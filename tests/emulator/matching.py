"""Compares a recorded frame with a received one; ids are renamed and times ignored."""

import re
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

# Their values depend on the machine and the time: only the types are compared.
_VARIABLE = {"getUsedCpu", "getUsedMemory", "getCreationTime", "getKmd"}
# When a module was compiled, in the format of C's __DATE__ and __TIME__.
_BUILD_TIME = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d{4} \d\d:\d\d:\d\d")
# Sorted by id, so the order changes with the ids.
_PIPELINE = "_kurento.MediaPipeline"
_SORTED = {"getPipelines", "getChildren", "getSessions"}


class MismatchError(AssertionError):
    """Two frames differ; the message says where."""


class Renaming:
    """Maps recorded ids to received ones; every matching frame adds its ids.

    With `shared`, the server is a real one: its lists may contain objects of other clients, and
    its modules may be of another build.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._names: dict[str, str] = {}
        self._shared = shared

    def is_known(self, object_id: str) -> bool:
        """Whether an id of the server belongs to this replay and was not only listed."""
        return set(UUID.findall(object_id)) <= set(self._names.values())

    def to_server(self, value: Any) -> Any:
        """A recorded value with the ids of this server."""
        if isinstance(value, dict):
            return {key: self.to_server(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.to_server(item) for item in value]
        if isinstance(value, str):
            return UUID.sub(lambda match: self._names.get(match.group(), match.group()), value)
        return value

    def match(self, recorded: Any, received: Any, operation: Any = None) -> None:
        """Raise MismatchError unless the frames are equal; add their ids to the mapping."""
        found: dict[str, str] = {}
        self._compare(recorded, received, operation, "", found)
        self._names.update(found)

    def matches(self, recorded: Any, received: Any) -> bool:
        try:
            self.match(recorded, received)
        except MismatchError:
            return False
        return True

    def _compare(
        self, recorded: Any, received: Any, operation: Any, place: str, found: dict[str, str]
    ) -> None:
        named = operation if place == ".result.value" and isinstance(operation, str) else ""
        if named in _VARIABLE:
            alike = _kind(recorded) == _kind(received)
        elif isinstance(received, list) and (named in _SORTED or self._is_shared_list(recorded)):
            alike = self._compare_sorted(recorded, received)
        elif isinstance(recorded, dict) and isinstance(received, dict):
            self._compare_members(recorded, received, operation, place, found)
            alike = recorded.keys() == received.keys()
        elif isinstance(recorded, list) and isinstance(received, list):
            alike = len(recorded) == len(received)
            operations = operation if isinstance(operation, list) else [None] * len(recorded)
            for index, (one, other) in enumerate(zip(recorded, received, strict=False)):
                inner = "" if isinstance(operation, list) else f"{place}[{index}]"
                self._compare(one, other, operations[index], inner, found)
        elif isinstance(recorded, str) and isinstance(received, str):
            alike = self._same_text(recorded, received, found) or self._differs_by_time(
                place, received
            )
        else:
            alike = type(recorded) is type(received) and recorded == received
        if not alike:
            raise MismatchError(f"{place or 'frame'}: recorded {recorded!r}, received {received!r}")

    def _compare_members(
        self, recorded: Any, received: Any, operation: Any, place: str, found: dict[str, str]
    ) -> None:
        for key in recorded.keys() & received.keys():
            self._compare(recorded[key], received[key], operation, f"{place}.{key}", found)

    def _compare_sorted(self, recorded: Any, received: list[str]) -> bool:
        if not isinstance(recorded, list):
            return False
        expected = sorted(self.to_server(recorded))
        if self._shared:
            return set(expected) <= set(received)
        return expected == received == sorted(received)

    def _is_shared_list(self, recorded: Any) -> bool:
        """Whether it lists pipelines of a real server, in a reply to any operation."""
        return (
            self._shared
            and isinstance(recorded, list)
            and all(isinstance(item, str) and item.endswith(_PIPELINE) for item in recorded)
        )

    def _differs_by_time(self, place: str, received: str) -> bool:
        if place.endswith(".generationTime"):
            return self._shared and _BUILD_TIME.fullmatch(received) is not None
        return place.endswith(".timestampMillis") and received.isdigit()

    def _same_text(self, recorded: str, received: str, found: dict[str, str]) -> bool:
        ours, theirs = UUID.findall(recorded), UUID.findall(received)
        if UUID.sub("?", recorded) != UUID.sub("?", received) or len(ours) != len(theirs):
            return False
        for old, new in zip(ours, theirs, strict=True):
            known = self._names.get(old, found.get(old))
            if known is None and (new in self._names.values() or new in found.values()):
                return False
            if known not in {None, new}:
                return False
            found[old] = new
        return True


def _kind(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return type(value).__name__
    return "number"
