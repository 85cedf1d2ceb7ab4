"""A relay on a loopback port that can swallow one side's bytes and cut every connection."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from support.hostile_servers import raw_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class CuttingProxy:
    """Between clients and one server on this machine.

    Attributes:
        port: Where clients connect.
        is_mute: What the server says is read and thrown away.
        is_closed: New connections are closed at once.
    """

    def __init__(self, target: int | str) -> None:
        self.port = 0
        self.is_mute = False
        self.is_closed = False
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """End every connection there is; new ones work, and are not mute."""
        self.is_mute = False
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_closed:
            writer.transport.abort()
            return
        far_reader, far_writer = await self._dial()
        both = {writer, far_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._relay(reader, far_writer, is_server=False))
                group.create_task(self._relay(far_reader, writer, is_server=True))
        finally:
            self._writers -= both

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, str):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_server: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if not (is_server and self.is_mute):
                    writer.write(data)
                    await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def cutting_proxy(target: int | str) -> AsyncIterator[CuttingProxy]:
    """A proxy before a port of this machine, or before the path of a socket."""
    proxy = CuttingProxy(target)
    async with raw_server(proxy.serve) as proxy.port:
        try:
            yield proxy
        finally:
            proxy.cut()
