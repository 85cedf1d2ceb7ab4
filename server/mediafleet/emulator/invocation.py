"""One call of an operation on a media object, and how its parameters are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.emulator import rpc_errors
from mediafleet.emulator.json_text import as_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from mediafleet.emulator.host import Host
    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media_object import MediaObject

    Operation: TypeAlias = "Callable[[Invocation], Json]"

_LEAST, _MOST = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class Invocation:
    """What an operation gets to work with.

    Attributes:
        host: The server it runs on.
        target: The object it was called on.
        operation: Its name.
        raw: `operationParams` as sent; None when absent.
    """

    host: Host
    target: MediaObject
    operation: str
    raw: Json

    def needs_params(self) -> None:
        """Refuse a call whose `operationParams` are absent or no object; setters do not ask.

        Raises:
            RpcError: 40001.
        """
        if self.raw is None:
            raise rpc_errors.marshalling("'operationParams' is required")
        if not isinstance(self.raw, dict):
            raise rpc_errors.marshalling("'operationParams' should be an object")

    def given(self, name: str) -> bool:
        """Whether a parameter was sent."""
        return isinstance(self.raw, dict) and name in self.raw

    def _value(self, name: str, kind: str) -> Json:
        if not isinstance(self.raw, dict) or name not in self.raw:
            raise rpc_errors.marshalling(f"'{name}' parameter should be {kind}")
        return self.raw[name]

    def text(self, name: str) -> str:
        """A parameter as a string; other scalars are converted.

        Raises:
            RpcError: 40001: absent, an object or an array.
        """
        text = as_text(self._value(name, "a string"))
        if text is None:
            raise rpc_errors.marshalling(f"'{name}' parameter should be a string")
        return text

    def text_or(self, name: str, default: str) -> str:
        """A parameter that may be absent, as a string."""
        return self.text(name) if self.given(name) else default

    def integer(self, name: str) -> int:
        """A parameter as an integer of 32 bits; null and booleans count as numbers, strings do not.

        Raises:
            RpcError: 40001.
        """
        value = self._value(name, "a integer")
        if value is None or (isinstance(value, (bool, int, float)) and _LEAST <= value <= _MOST):
            return int(value or 0)
        raise rpc_errors.marshalling(f"'{name}' parameter should be a integer")

    def boolean(self, name: str) -> bool:
        """A parameter as a boolean; null and numbers are converted, strings are not.

        Raises:
            RpcError: 40001.
        """
        value = self._value(name, "a boolean")
        if value is None or isinstance(value, (bool, int, float)):
            return bool(value)
        raise rpc_errors.marshalling(f"'{name}' parameter should be a boolean")

    def parameter_count(self) -> int:
        """How many parameters were sent."""
        return len(self.raw) if isinstance(self.raw, (dict, list)) else 0
