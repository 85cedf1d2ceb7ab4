"""A transport without a network, which keeps what is written."""

import asyncio
from typing import Any

from typing_extensions import override


class KeptTransport(asyncio.Transport):
    """One end of a connection.

    Attributes:
        written: All that was written.
        is_cut: Whether it was closed or aborted.
        is_paused: Whether nothing is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_cut = self.is_paused = False

    @override
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        del high, low

    @override
    def write(self, data: Any) -> None:
        self.written += bytes(data)

    @override
    def pause_reading(self) -> None:
        self.is_paused = True

    @override
    def resume_reading(self) -> None:
        self.is_paused = False

    @override
    def is_closing(self) -> bool:
        return self.is_cut

    @override
    def abort(self) -> None:
        self.is_cut = True

    @override
    def close(self) -> None:
        self.is_cut = True
