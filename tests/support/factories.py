"""Valid domain objects; a test states only what matters to it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mediafleet.domain import autoscaling, call_events, events
from mediafleet.domain.cluster import Cluster, Connection, Member, Progress, Session
from mediafleet.domain.media_node import MediaNode, MediaNodeStatus

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


class StandingClock:
    """A clock on which no time passes."""

    seconds = 100.0

    def now(self) -> datetime:
        return MOMENT

    def monotonic(self) -> float:
        return self.seconds


def make_node(**changes: Any) -> MediaNode:
    node = MediaNode(
        id="kms_Abcdefg1",
        status=MediaNodeStatus.RUNNING,
        launching_time=MOMENT,
        status_since=MOMENT,
        uri="ws://127.0.1.1:8888/kurento",
    )
    return replace(node, **changes)


def make_session(name: str = "room") -> Session:
    return Session(name, f"{name}_kurento.MediaPipeline", MOMENT, name)


def make_member(
    *,
    sessions: int = 0,
    lost: int = 0,
    connected: bool = True,
    since: float = 0,
    down_since: float = 0,
    due: float | None = None,
    drain_checked: bool = False,
    gone: bool = False,
    load: float | None = None,
    failure: str | None = None,
    is_clean: bool = False,
    removal_requested: bool = False,
    **changes: Any,
) -> Member:
    connection = Connection(
        connected=connected,
        connection_time=MOMENT,
        server_id="server-1",
        load=load,
        sessions=tuple(make_session(f"room-{n}") for n in range(sessions)),
    )
    return Member(
        make_node(**changes),
        connection,
        Progress(
            since,
            launch_failure=failure,
            is_clean=is_clean,
            removal_requested=removal_requested,
            drain_checked=drain_checked,
            most_sessions=sessions,
        ),
        down_since=down_since,
        lost_sessions=tuple(make_session(f"lost-{n}") for n in range(lost)),
        due=due,
        gone=gone,
    )


def make_cluster(*members: Member) -> Cluster:
    return Cluster({member.node.id: member for member in members})


def event_names() -> set[str]:
    """The names of all kinds of events."""
    defined = {**vars(events), **vars(call_events), **vars(autoscaling)}.values()
    kinds = (each for each in defined if isinstance(each, type) and issubclass(each, events.Event))
    return {kind.name for kind in kinds if hasattr(kind, "name")}
