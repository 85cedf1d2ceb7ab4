"""Measures the WebRTC connections of all calls, spread over an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import anyio

from mediafleet.domain.call_statistics import KINDS, measured_endpoints, webrtc_stats
from mediafleet.domain.errors import MediafleetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.domain.call_statistics import MeasuredEndpoint
    from mediafleet.domain.media import Media
    from mediafleet.services.rooms import Rooms

    Add = Callable[[str, Mapping[str, Any]], None]

AT_ONCE: Final = 16
"""Endpoints that a media server is asked for at a time."""

SPREAD: Final = 0.8
"""The part of an interval over which a node's endpoints are spread; then late ones fit too."""


class CallStatistics:
    """Asks media servers for the statistics of the endpoints of all calls.

    Each node is asked for a few endpoints at a time, evenly over the interval. One that does not
    answer is asked no more in that interval, and one that is not connected is not asked.

    Args:
        rooms: The calls in memory.
        media: The media objects.
        clock: The only source of time.
        random: So that not all nodes are asked at the same moment.
    """

    def __init__(self, rooms: Rooms, media: Media, clock: Clock, random: Random) -> None:
        self._rooms = rooms
        self._media = media
        self._clock = clock
        self._random = random

    async def run(self, interval: float, add: Add) -> None:
        """Measure until cancelled.

        Args:
            interval: Seconds in which each endpoint is measured once.
            add: Called with the kind of each document and its content.
        """
        while True:
            with anyio.move_on_after(interval):
                async with anyio.create_task_group() as tasks:
                    for node_id in self._rooms.nodes:
                        tasks.start_soon(self._measure_node, node_id, interval, add)
                    await anyio.sleep_forever()

    async def _measure_node(self, node_id: str, interval: float, add: Add) -> None:
        parts = [
            part
            for room in self._rooms.hosted(node_id)
            for part in _parts(tuple(measured_endpoints(room.call)))
        ]
        pause = SPREAD * interval / max(1, len(parts))
        due = self._clock.monotonic() + pause * self._random.random()
        for part in parts:
            await anyio.sleep(max(0.0, due - self._clock.monotonic()))
            due += pause
            present = [each for each in part if each.id in self._rooms.reports]
            try:
                for kind in KINDS if present else ():
                    await self._measure(present, kind, add)
            except MediafleetError:
                return

    async def _measure(self, endpoints: Sequence[MeasuredEndpoint], kind: str, add: Add) -> None:
        ids = [each.id for each in endpoints]
        stats = await self._media.stats(endpoints[0].media, ids, kind)
        for each in endpoints:
            for body in webrtc_stats(each, kind, stats.get(each.id)):
                add("webrtcStats", body)


def _parts(endpoints: Sequence[MeasuredEndpoint]) -> Sequence[Sequence[MeasuredEndpoint]]:
    return [endpoints[begin : begin + AT_ONCE] for begin in range(0, len(endpoints), AT_ONCE)]
