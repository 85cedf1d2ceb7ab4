"""The life cycle: each node's next step, what a removal does, and why a node waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import Trait
from mediafleet.domain.media_node import SERVING_STATUSES
from mediafleet.domain.media_node import MediaNodeStatus as S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Member


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the cluster waits before it acts by itself.

    Attributes:
        launch: Seconds from the begin of a launch to the decision that it failed.
        failed: Seconds from a failure to the moment the node is forgotten.
        crash: Seconds from the loss of a connection to the decision that the node crashed.
        reconnection: Seconds from the loss of a connection to the moment the node is given up;
            ``None``: never. A node that was not reached since this process began has at least as
            long as a launch, before either.
        drain_check: Seconds from the loss of the connection to a terminating node that spares its
            sessions, to its end without a drain check for sessions that came late; ``None``: never.
        first_connection: The least of these seconds if this process was never connected to it.
        termination: Seconds that an environment may take to end a machine.
    """

    launch: float = 60.0
    failed: float = 3600.0
    crash: float = 3.0
    reconnection: float | None = None
    drain_check: float | None = None
    first_connection: float = 10.0
    termination: float = 120.0


_HOSTING = SERVING_STATUSES | {S.TERMINATING}


class Step(Enum):
    """The next step of a Media Node."""

    LAUNCH = auto()
    """Have the environment make its machine."""
    JOIN = auto()
    """The launch is complete: it runs."""
    FAIL = auto()
    """The launch failed or took too long."""
    CLEAN_UP = auto()
    """The launch failed: end what it may have left."""
    ABANDON = auto()
    """The canceled launch is complete or took too long: terminate the node."""
    END_QUARANTINE = auto()
    """The last session of its quarantine ended: terminate it."""
    REACH_DRAIN_DEADLINE = auto()
    """The deadline of its drain has come."""
    TERMINATE = auto()
    """End its sessions if requested, end the link, terminate its machine."""
    FORGET = auto()
    """It was failed for long enough, or its removal is requested; clean up once more."""
    REPORT_LOST_SESSIONS = auto()
    """The process that hosted some sessions is gone: report their end."""
    REPORT_CRASH = auto()
    """It has been disconnected for longer than the crash timeout."""
    REPORT_RECOVERY = auto()
    """It had crashed and is connected again."""
    GIVE_UP = auto()
    """It has been disconnected for longer than the reconnection timeout: terminate it."""
    REMOVE_LOST_CALLS = auto()
    """Some calls cannot go on there: move them if that is configured, else end them."""
    EVICT_CALLS = auto()
    """It is terminated at once: end its calls."""
    MOVE_CALLS = auto()
    """It is drained by moving its calls: place them on other nodes."""


CALL_STEPS = frozenset({Step.REMOVE_LOST_CALLS, Step.EVICT_CALLS, Step.MOVE_CALLS})


def next_step(member: Member, timeouts: Timeouts, now: float) -> Step | None:
    """Decide what the cluster does with a Media Node by itself, if anything.

    Doing a step twice, or again after it was interrupted, does no harm: each is decided anew from
    the status that was stored last.

    Args:
        member: The node as it is now.
        timeouts: How long launches and failures may last.
        now: Seconds on the clock of :attr:`Progress.since`.
    """
    if member.node.status in _HOSTING and (step := _crash_step(member, timeouts, now)):
        return step
    return _step_of_calls(member, now) or _step_of_status(member, timeouts, now)


def _step_of_status(member: Member, timeouts: Timeouts, now: float) -> Step | None:
    connection = member.connection
    deadline = next_deadline(member, timeouts)
    overdue = deadline is not None and now >= deadline
    step: Step | None = None
    match member.node.status:
        case S.LAUNCHING if connection.connected:
            step = Step.JOIN
        case S.LAUNCHING if overdue or member.progress.launch_failure is not None:
            step = Step.FAIL
        case S.LAUNCHING if member.uri is None:
            step = Step.LAUNCH
        case S.CANCELED if connection.connected or overdue or member.uri is None:
            step = Step.ABANDON
        case S.WAITING_IDLE_TO_TERMINATE:
            step = _step_of_quarantine(member, now)
        case S.TERMINATING if overdue or may_be_ended(member):
            step = Step.TERMINATE
        case S.FAILED:
            step = _step_of_failure(member, overdue=overdue)
    return step


def _step_of_calls(member: Member, now: float) -> Step | None:
    node = member.node
    if not member.calls:
        return None
    if node.status is S.TERMINATING:
        # Without an eviction, calls are left only if it was given up after a crash.
        return Step.EVICT_CALLS if node.evicts_sessions else Step.REMOVE_LOST_CALLS
    if member.lost_calls:
        return Step.REMOVE_LOST_CALLS
    is_overdue = member.due is not None and now >= member.due
    return Step.MOVE_CALLS if node.moves_calls and not is_overdue else None


def _step_of_failure(member: Member, *, overdue: bool) -> Step | None:
    if overdue or member.progress.removal_requested:
        return Step.FORGET
    return None if member.progress.is_clean else Step.CLEAN_UP


def _step_of_quarantine(member: Member, now: float) -> Step | None:
    if member.connection.connected and not member.sessions:
        return Step.END_QUARANTINE
    return Step.REACH_DRAIN_DEADLINE if member.due is not None and now >= member.due else None


def may_be_ended(member: Member) -> bool:
    """Whether no known session blocks the end of a terminating node."""
    if member.node.evicts_sessions or member.uri is None or member.gone:
        return True
    if not member.connection.connected:
        return member.progress.drain_checked
    return not member.sessions


def is_still_due(step: Step, member: Member, timeouts: Timeouts, now: float) -> bool:
    """Whether a step that was begun may be stored, now that what it does is done.

    A termination may: the machine is gone, whatever the member says. Every other step must still
    be the member's next one.
    """
    if step is Step.TERMINATE:
        return member.node.status is S.TERMINATING
    return next_step(member, timeouts, now) is step


def next_deadline(member: Member, timeouts: Timeouts) -> float | None:
    """When the cluster acts on a Media Node even if nothing changes; ``None``: never."""
    match member.node.status:
        case S.LAUNCHING | S.CANCELED:
            return member.progress.since + timeouts.launch
        case S.FAILED:
            return member.progress.since + timeouts.failed
        case S.RUNNING:
            return _connection_deadline(member, timeouts)
        case S.WAITING_IDLE_TO_TERMINATE:
            moments = (member.due, _connection_deadline(member, timeouts))
            return min((each for each in moments if each is not None), default=None)
        case S.TERMINATING:
            return _drain_check_deadline(member, timeouts)
        case S.TERMINATED:
            return None


def _drain_check_deadline(member: Member, timeouts: Timeouts) -> float | None:
    """When a terminating node is terminated without a drain check for late sessions."""
    if may_be_ended(member) or member.connection.connected or timeouts.drain_check is None:
        return None
    seconds = timeouts.drain_check
    if member.connection.connection_time is None:
        seconds = max(seconds, timeouts.first_connection)
    return member.down_since + seconds


def _connection_deadline(member: Member, timeouts: Timeouts) -> float | None:
    """When a disconnected node counts as crashed, and after that, is given up.

    A node that this process was never connected to has as long as a launch: a server that has just
    started and does not reach a node yet has not seen it fail.
    """
    if member.connection.connected:
        return None
    is_crashed = member.node.crashed_since is not None
    seconds = timeouts.reconnection if is_crashed else timeouts.crash
    if seconds is not None and member.connection.connection_time is None:
        seconds = max(seconds, timeouts.launch)
    return None if seconds is None else member.down_since + seconds


def _crash_step(member: Member, timeouts: Timeouts, now: float) -> Step | None:
    is_serving = member.node.status in SERVING_STATUSES
    is_crashed = member.node.crashed_since is not None
    if is_serving and member.gone and not is_crashed:
        return Step.REPORT_CRASH  # its event lists the sessions, so it comes before their ends
    if member.lost_sessions:
        return Step.REPORT_LOST_SESSIONS
    if not is_serving:
        return None
    if member.connection.connected:
        return Step.REPORT_RECOVERY if is_crashed else None
    deadline = _connection_deadline(member, timeouts)
    if not member.gone and (deadline is None or now < deadline):
        return None
    return Step.GIVE_UP if is_crashed else Step.REPORT_CRASH


class DeletionStrategy(StrEnum):
    """How a removal treats the sessions of the Media Node; values are those of the wire."""

    NOW = "now"
    IF_NO_SESSIONS = "if-no-sessions"
    WHEN_NO_SESSIONS = "when-no-sessions"


class Removal(Enum):
    """What a request to remove a Media Node does."""

    CANCEL = auto()
    """Its launch goes on in the background and it leaves when that ends."""
    UNDER_WAY = auto()
    """It is being removed already."""
    FORGET = auto()
    """It failed and nothing is left of it; its record is removed."""
    FORGET_WHEN_CLEAN = auto()
    """It failed; its record is removed when what its launch may have left is ended."""
    TERMINATE = auto()
    """It leaves now."""
    QUARANTINE = auto()
    """It leaves when its last session ends."""
    REFUSE = auto()
    """It hosts sessions and stays as it is."""
    UNKNOWN = auto()
    """Whether it hosts sessions is unknown, and it stays as it is."""
    EVICT = auto()
    """It is being removed and no longer waits for late sessions."""


def removal_of(member: Member, sessions: int | None, strategy: DeletionStrategy) -> Removal:
    """Decide what a request to remove a Media Node does.

    Args:
        member: The node as it is now.
        sessions: How many sessions it hosts; ``None``: unknown, it does not answer.
        strategy: Of the request.
    """
    match member.node.status:
        case S.LAUNCHING:
            return Removal.CANCEL
        case S.CANCELED | S.TERMINATING:
            is_new = strategy is DeletionStrategy.NOW and not member.node.evicts_sessions
            return Removal.EVICT if is_new else Removal.UNDER_WAY
        case S.TERMINATED:
            return Removal.UNDER_WAY
        case S.FAILED:
            return Removal.FORGET if member.progress.is_clean else Removal.FORGET_WHEN_CLEAN
        case S.RUNNING | S.WAITING_IDLE_TO_TERMINATE:
            return _removal_from_service(sessions, strategy)


def _removal_from_service(sessions: int | None, strategy: DeletionStrategy) -> Removal:
    if sessions == 0 or strategy is DeletionStrategy.NOW:
        return Removal.TERMINATE
    if strategy is DeletionStrategy.WHEN_NO_SESSIONS:
        return Removal.QUARANTINE
    return Removal.UNKNOWN if sessions is None else Removal.REFUSE


@dataclass(frozen=True, slots=True)
class Waiting:
    """A node that has not left its status.

    Attributes:
        id: Which.
        status: The one it must leave.
        since: When that began (aware, UTC).
        reason: Why it is still there.
    """

    id: str
    status: S
    since: datetime
    reason: str


def waiting_members(cluster: Cluster, timeouts: Timeouts, now: float) -> Iterator[Waiting]:
    """All members that must leave their status, or that could not be cleaned up, by joining."""
    for member in cluster.with_trait(Trait.WAITING):
        node, reason = member.node, why_waiting(member, timeouts, now)
        yield Waiting(node.id, node.status, node.status_since, reason)


def why_waiting(member: Member, timeouts: Timeouts, now: float) -> str:
    """Return why a node is still in a waiting status, and what ends that.

    Args:
        member: The node as it is now.
        timeouts: How long the cluster waits for what.
        now: Seconds on the clock of :attr:`Progress.since`.
    """
    if member.progress.error is not None:
        tries = "once" if member.progress.failures == 1 else f"{member.progress.failures} times"
        return f"the environment failed {tries} and is asked again: {member.progress.error}"
    match member.node.status:
        case S.LAUNCHING:
            what = "its machine is being made" if member.uri is None else "it does not answer yet"
            return f"{what}; it fails {_in(member, timeouts, now)}"
        case S.CANCELED:
            return f"its launch is not over yet; it is terminated {_in(member, timeouts, now)}"
        case S.WAITING_IDLE_TO_TERMINATE:
            return _why_quarantined(member)
        case _:
            return _why_terminating(member, timeouts, now)


def _in(member: Member, timeouts: Timeouts, now: float) -> str:
    deadline = next_deadline(member, timeouts)
    left = 0.0 if deadline is None else max(0.0, deadline - now)
    return f"in {left:.0f} s at the latest"


def _why_quarantined(member: Member) -> str:
    sessions = len(member.sessions)
    if not member.connection.connected:
        return (
            "it does not answer, so whether its sessions have ended is not known; it goes when it "
            f"says that it hosts none, at last it said {sessions}"
        )
    if sessions == 0:
        return "it is being asked whether its last session has ended"
    if member.node.moves_calls and member.calls:
        return f"it hosts {sessions} session(s); calls are moved as soon as other nodes accept them"
    return f"it hosts {sessions} session(s) and goes when the last one has ended"


def _why_terminating(member: Member, timeouts: Timeouts, now: float) -> str:
    node, connection = member.node, member.connection
    if node.evicts_sessions:
        return "its sessions are being ended, then its machine"
    if connection.connected and member.sessions:
        return (
            f"it hosts {len(member.sessions)} session(s) that began while it was removed; "
            "it goes when the last one has ended, or with deletion-strategy=now"
        )
    if connection.connected or member.uri is None:
        return "its machine is being ended"
    why = "it does not answer, so whether a session began while it was removed is not known"
    if next_deadline(member, timeouts) is None:
        return f"{why}; it goes when it says that it hosts none, or with deletion-strategy=now"
    return f"{why}; it goes {_in(member, timeouts, now)}"
