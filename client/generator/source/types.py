"""What the generated operations and models are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

__all__ = ("UNSET", "Operation", "Unset")

T = TypeVar("T")


class Unset:
    """The type of `UNSET`."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Unset = Unset()
"""Stands for a parameter or a member that is not there, as opposed to one that is null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T]):
    """One request of the API; `Mediafleet.call` and `AsyncMediafleet.call` perform it.

    Attributes:
        method: Of HTTP.
        path: Without the base of the server.
        params: Of the query.
        headers: Of the request, beside those of every request.
        body: A JSON object, if there is one.
        results: For every status that is no error here, what makes the result of the answer's JSON.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    results: Mapping[int, Callable[[Any], T]]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def waits(self) -> bool:
        """Whether its answer comes when the change has come to its end."""
        return self.params.get("wait") is True
