"""What was found out about requests that come again and again: their operation and arguments."""

from typing import Any, NamedTuple

from mediafleet.contract.operations import CompiledOperation
from mediafleet.contract.requests import Request

_MAX_REMEMBERED = 2_048
_MAX_REMEMBERED_BYTES = 512

_Key = tuple[str, bytes | None, bytes]


class Understood(NamedTuple):
    """A request that keeps the contract.

    Attributes:
        operation: Serves it.
        arguments: For the operation's handler; shared, never to be changed.
        protected: Credentials are needed, and are not remembered here.
    """

    operation: CompiledOperation
    arguments: dict[str, Any]
    protected: bool


class Memory:
    """Bounded memory of GET requests without a body, by what their request line says.

    What a request line means depends on the contract alone, so nothing here ever becomes wrong.
    Only requests that keep the contract are remembered, whatever was answered to them; the oldest
    is forgotten for a new one.
    """

    __slots__ = ("_remembered",)

    def __init__(self) -> None:
        self._remembered: dict[_Key, Understood] = {}

    def recall(self, request: Request) -> Understood | None:
        """What was remembered of a request with the same line; None if nothing was."""
        if request.announced:
            return None
        scope = request.scope
        return self._remembered.get((request.method, scope.get("raw_path"), scope["query_string"]))

    def remember(self, request: Request, understood: Understood) -> None:
        """Remember a request that keeps the contract, if it is of the kind remembered here."""
        key = _key(request)
        if key is None:
            return
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)), None)
        self._remembered[key] = understood


def _key(request: Request) -> _Key | None:
    raw_path: bytes | None = request.scope.get("raw_path")
    query: bytes = request.scope["query_string"]
    if request.method != "GET" or request.announced or raw_path is None:
        return None
    if len(raw_path) + len(query) > _MAX_REMEMBERED_BYTES:
        return None
    return request.method, raw_path, query
