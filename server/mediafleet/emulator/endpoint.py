"""What a connection needs from whatever answers at its address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mediafleet.emulator.connection import Connection
    from mediafleet.emulator.settings import EmulatorSettings


class Endpoint(Protocol):
    """What answers at one local address: a node, or the control server."""

    @property
    def settings(self) -> EmulatorSettings:
        """Limits of its connections."""

    @property
    def path(self) -> str:
        """The one path of usable connections."""

    @property
    def handshake_delay(self) -> float:
        """Seconds between a complete request and its answer."""

    @property
    def admits(self) -> bool:
        """Whether a new connection is taken at all."""

    @property
    def works(self) -> bool:
        """Whether it can handle input now; if not, `wait` says who is to be called later."""

    def wait(self, connection: Connection) -> None:
        """Have `work()` of a connection called once it works again."""

    def attach(self, connection: Connection) -> None:
        """A connection was taken."""

    def detach(self, connection: Connection) -> None:
        """A connection has ended."""

    def receive(self, connection: Connection, message: str) -> None:
        """Handle a message of a client."""
