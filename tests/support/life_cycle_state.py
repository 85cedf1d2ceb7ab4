"""The states of one Media Node in the model of the life cycle, as the domain sees them."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import NamedTuple

from mediafleet.domain import drain as drains
from mediafleet.domain.cluster import Connection, Member, Progress
from mediafleet.domain.drain import AtDeadline, Limit
from mediafleet.domain.lifecycle import DeletionStrategy, Step
from mediafleet.domain.machines import Machine
from mediafleet.domain.media_node import MediaNodeStatus
from support import session_states
from support.factories import MOMENT, make_node, make_session
from support.session_states import KNOWN, OPEN

S = MediaNodeStatus
AT_ONCE, SOON, MUCH_LATER = 0.0, 1.0, 1e9


class Variant(StrEnum):
    """Where the Media Nodes of a walk come from."""

    LAUNCHED = "launched by the server"
    ON_PREMISE = "on premises"
    DUPLICATES = "on premises, one media server under two names"


class NodeState(NamedTuple):
    """One Media Node, its machine and what is under way for it.

    Attributes:
        status: Of the member; ``None`` before it was added and after it left.
        left: It was a member once, and is none any more.
        evicts: As stored with the member.
        placed: Its uri is stored with it.
        located: Where its machine is is known, in memory only.
        machine: It exists.
        alive: The media server on it runs.
        connected: The link is up.
        sessions: Those of the node, as `session_states` writes them.
        late: Sessions may still be placed on it by who saw it at work before it was to go.
        drain: What happens at the deadline of its quarantine, if that has one.
        crashed: It was emitted that it crashed, and not that it recovered.
        gone: Its machine is known to be no more.
        drain_checked: The last check before the termination found no session.
        overdue: Timeouts with the present status, or with the lost link, is spent.
        is_clean: It failed, and what its launch may have left was ended since.
        removal_requested: It failed, and a request that waits has removed it.
        doing: The step that was begun and not ended.
        asked: The removal that asked the node for its sessions and is not decided, with the answer;
            ``None`` stands for none.
        listed: A discovery found its machine, and has not come to it yet.
    """

    status: MediaNodeStatus | None = None
    left: bool = False
    evicts: bool = False
    placed: bool = False
    located: bool = False
    machine: bool = False
    alive: bool = False
    connected: bool = False
    sessions: str = ""
    late: bool = False
    drain: AtDeadline | None = None
    crashed: bool = False
    gone: bool = False
    drain_checked: bool = False
    overdue: bool = False
    is_clean: bool = False
    removal_requested: bool = False
    doing: Step | None = None
    asked: tuple[DeletionStrategy, int | None] | None = None
    listed: bool = False

    @property
    def open_count(self) -> int:
        return session_states.count(self.sessions, OPEN)

    @property
    def known(self) -> int:
        return session_states.count(self.sessions, KNOWN)

    @property
    def can_be_reached(self) -> bool:
        return self.alive and (self.placed or self.located)

    @property
    def now(self) -> float:
        return MUCH_LATER if self.overdue else AT_ONCE


class Move(NamedTuple):
    """What may happen next to one node.

    Attributes:
        label: In words, with the place of its name.
        state: The node afterwards.
        sessions: How many sessions begin.
        crashes: How much breaks.
    """

    label: str
    state: NodeState
    sessions: int = 0
    crashes: int = 0


@cache
def make_member(
    status: MediaNodeStatus,
    *,
    evicts: bool,
    placed: bool,
    located: bool,
    connected: bool,
    known: int,
    lost: int,
    drain: AtDeadline | None,
    crashed: bool,
    gone: bool,
    drain_checked: bool,
    is_clean: bool,
    removal_requested: bool,
) -> Member:
    uri = "ws://10.0.0.1:8888/kurento"
    node = make_node(
        id="kms_Number0",
        status=status,
        evicts_sessions=evicts,
        uri=uri if placed else None,
        crashed_since=MOMENT if crashed else None,
        drain=drain and drains.begin(Limit(60, drain), at=MOMENT),
    )
    connection = Connection(
        connected=connected,
        connection_time=MOMENT if connected else None,
        server_id="the server" if connected else None,
        sessions=tuple(make_session(f"room-{n}") for n in range(known)),
    )
    return Member(
        node,
        connection,
        Progress(
            AT_ONCE,
            drain_checked=drain_checked,
            is_clean=is_clean,
            removal_requested=removal_requested,
        ),
        Machine("i-1", uri) if located else None,
        lost_sessions=tuple(make_session(f"lost-{n}") for n in range(lost)),
        due=SOON if drain else None,
        gone=gone,
    )
