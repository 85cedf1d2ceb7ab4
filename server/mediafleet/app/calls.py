"""The parts that serve calls: wired by the configuration, run beside the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mediafleet.domain.calls import SessionProperties
from mediafleet.domain.media import Bandwidths
from mediafleet.domain.turn import TurnServer
from mediafleet.kurento import KurentoMedia
from mediafleet.services.call_filters import CallFilters
from mediafleet.services.call_recovery import CallRecovery
from mediafleet.services.call_statistics import CallStatistics
from mediafleet.services.calls import Calls
from mediafleet.services.participants import Participants
from mediafleet.services.rooms import CallSettings, Rooms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.configuration import Configuration
    from mediafleet.kurento import KurentoMediaServers
    from mediafleet.services.cluster_state import ClusterState
    from mediafleet.services.placements import Placements

CALLS = "calls"


class CallServices:
    """Everything that serves calls.

    Args:
        configuration: Returns the configuration in force.
        state: The cluster in memory.
        placements: Chooses Media Nodes.
        media_servers: Links to them.
        clock: Of the server.
        random: For ids and tokens.

    Attributes:
        LOOPS: Names of the loops, as health names them.
        rooms: The calls in memory.
        calls: What applications may do with them.
        participants: What browsers may do in them.
        filters: On their streams.
        recovery: Keeps them going.
        statistics: Measures their connections.
    """

    LOOPS: ClassVar = (CALLS,)

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        state: ClusterState,
        placements: Placements,
        media_servers: KurentoMediaServers,
        *,
        clock: Clock,
        random: Random,
    ) -> None:
        media = KurentoMedia(media_servers)
        self.rooms = Rooms(state, placements, media, lambda: call_settings(configuration()))
        self.calls = Calls(self.rooms, media, clock=clock, random=random)
        self.filters = CallFilters(self.rooms, media)
        self.participants = Participants(
            self.calls, self.filters, self.rooms, media, clock=clock, random=random
        )
        self.recovery = CallRecovery(self.rooms, media, clock)
        self.statistics = CallStatistics(self.rooms, media, clock, random)

    def loops(self) -> Iterator[tuple[str, Callable[[Callable[[], None]], Awaitable[None]]]]:
        """The loops to supervise, with their names."""
        yield CALLS, self.recovery.run


def call_settings(configuration: Configuration) -> CallSettings:
    """What the configuration says about calls."""
    number = configuration.get
    video = "OPENVIDU_STREAMS_VIDEO"
    return CallSettings(
        most_sessions=number("MEDIAFLEET_SESSIONS", int),
        most_participants=number("MEDIAFLEET_SESSION_PARTICIPANTS", int),
        bandwidths=Bandwidths(
            max_recv=number(f"{video}_MAX_RECV_BANDWIDTH", int),
            min_recv=number(f"{video}_MIN_RECV_BANDWIDTH", int),
            max_send=number(f"{video}_MAX_SEND_BANDWIDTH", int),
            min_send=number(f"{video}_MIN_SEND_BANDWIDTH", int),
        ),
        defaults=SessionProperties(
            forced_video_codec=number("OPENVIDU_STREAMS_FORCED_VIDEO_CODEC", str),
            allow_transcoding=number("OPENVIDU_STREAMS_ALLOW_TRANSCODING", bool),
        ),
        turn=_turn_server(configuration),
        garbage_interval=float(number("OPENVIDU_SESSIONS_GARBAGE_INTERVAL", int)),
        garbage_threshold=float(number("OPENVIDU_SESSIONS_GARBAGE_THRESHOLD", int)),
    )


def _turn_server(configuration: Configuration) -> TurnServer | None:
    host = configuration.get("COTURN_IP", str)
    secret = configuration.get("COTURN_SHARED_SECRET_KEY", str)
    return TurnServer(host, configuration.get("COTURN_PORT", int), secret) if host else None
