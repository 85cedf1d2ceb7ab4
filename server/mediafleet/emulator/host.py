"""What operations and methods need from the server they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mediafleet.emulator.registry import Registry
    from mediafleet.emulator.settings import EmulatorSettings
    from mediafleet.emulator.vitals import Vitals


class Host(Protocol):
    """A running server, seen from inside."""

    @property
    def registry(self) -> Registry:
        """Its objects and sessions."""

    @property
    def settings(self) -> EmulatorSettings:
        """Its configuration."""

    @property
    def vitals(self) -> Vitals:
        """Load, memory and limits of its machine."""

    @property
    def server_id(self) -> str:
        """The id of this run of the server."""

    def new_id(self) -> str:
        """A fresh UUID."""

    def block(self, seconds: float) -> None:
        """Hold the worker and the connection of the present request for so long."""
