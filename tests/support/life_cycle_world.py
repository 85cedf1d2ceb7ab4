"""The world of one Media Node, small enough to be walked through, decided by the real domain.

Everything that the server does one after the other with a pause between (it asks a node, calls an
environment, commits) is two moves here, so that anything may happen in the pause. What is decided
comes from `mediafleet.domain`; what is written here is only what the services do with it, and what
machines, media servers, applications and users may do at any moment.

Every verb is here. `POST restart` touches nodes only where the cluster is to have another size, and
then adds or removes some as the other verbs do. `PUT media-nodes` lists machines and takes in later
what was listed; where it is walked, a machine tells whose it is, as those of all environments do.
What a start does before it serves (it looks for machines, and parts from members without one) is
not walked, but killed through in `tests/kill`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from mediafleet.domain import drain as drains
from mediafleet.domain.cluster import Cluster, Connection, Member, Progress
from mediafleet.domain.drain import (
    AtDeadline,
    Capacity,
    Limit,
    entries_of_deadline,
    entries_of_end,
    entries_of_request,
)
from mediafleet.domain.events import NodeCrashed
from mediafleet.domain.lifecycle import (
    DeletionStrategy,
    Removal,
    Step,
    Timeouts,
    is_still_due,
    next_deadline,
    next_step,
    removal_of,
)
from mediafleet.domain.media_node import (
    REQUESTABLE,
    SERVING_STATUSES,
    MediaNodeStatus,
    new_media_node,
    transition_on_request,
)
from mediafleet.domain.outcomes import (
    CRASH_STEPS,
    change_of_step,
    changes_of_removal,
    entries_of_crash,
    entries_of_deduplication,
    serving_by_age,
)
from mediafleet.domain.ports import EventOnly, Machine, Mutation, StoreEntry
from support import session_fates as fates
from support.factories import MOMENT, make_node, make_session
from support.session_fates import BOOKED, LIVING, LOST, UNTOLD, LostError

S = MediaNodeStatus
TIMEOUTS = Timeouts(drain_check=5.0, reconnection=5.0)
AT_ONCE, SOON, MUCH_LATER = 0.0, 1.0, 1e9
ENOUGH = Capacity(1, 0, 0)


class Variant(StrEnum):
    """Where the Media Nodes of a walk come from."""

    LAUNCHED = "launched by the server"
    ON_PREMISE = "on premises"
    TWINS = "on premises, one media server under two names"


class Place(NamedTuple):
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
        sessions: Those of the node, as `session_fates` writes them.
        late: Sessions may still be placed on it by who saw it at work before it was to go.
        drain: What happens at the deadline of its quarantine, if that has one.
        crashed: It was told that it crashed, and not that it recovered.
        gone: Its machine is known to be no more.
        drain_checked: A last look found nothing that would have to be spared.
        overdue: Timeouts with the present status, or with the lost link, is spent.
        is_clean: It failed, and what its launch may have left was ended since.
        removal_requested: It failed, and somebody removed it who waits for that.
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
    def living(self) -> int:
        return fates.count(self.sessions, LIVING)

    @property
    def booked(self) -> int:
        return fates.count(self.sessions, BOOKED)

    @property
    def can_be_reached(self) -> bool:
        return self.alive and (self.placed or self.located)

    @property
    def now(self) -> float:
        return MUCH_LATER if self.overdue else AT_ONCE


class Turn(NamedTuple):
    """What may happen next to one node.

    Attributes:
        label: In words, with the place of its name.
        place: The node afterwards.
        sessions: How many sessions begin.
        crashes: How much breaks.
    """

    label: str
    place: Place
    sessions: int = 0
    crashes: int = 0


@dataclass(frozen=True, slots=True)
class NodeWorld:
    """What may happen to one node; of another it knows whether it is the same media server's.

    Attributes:
        variant: Where it comes from.
        deep: With deadlines of drains, discoveries, links that are cut, machines that vanish,
            environments that do half of what they are to do, nodes that answer nothing, and with
            the end of each session: whether it is told, and how often.
    """

    variant: Variant
    deep: bool

    def beginning(self) -> Place:
        """No member yet; on premises the machine is there."""
        there = self.variant is not Variant.LAUNCHED
        return Place(machine=there, alive=there)

    def turns_of_people(self, place: Place) -> Iterator[Turn]:
        """What somebody may ask for, and what may break."""
        for turn in (*self._requests(place), *self._troubles(place)):
            yield turn if self.deep else _plain(turn)

    def turns_without_people(self, place: Place, *, twin: S | None) -> Iterator[Turn]:
        """What happens if nobody asks for anything any more, and nothing breaks.

        *twin* is what a connected member on the same server is: at work, or on its way out. Of two
        at work the younger is removed; either may be that here.
        """
        turns = list(self._surroundings(place))
        if place.doing is not None:
            turns += self._ends(place, place.doing, twin=twin)
        elif (step := self._step(place)) is not None:
            turns += self._begins(place, step, twin=twin)
        elif place.status is not None and twin is not None:
            turns += self._gives_way(place, twin)
        for turn in turns:
            yield turn if self.deep else _plain(turn)

    def after_a_kill(self, place: Place) -> Place:
        """What was in memory only is gone; what was asked of an environment may have been done."""
        return place._replace(
            located=False,
            connected=False,
            sessions=fates.forgotten(place.sessions),
            gone=False,
            drain_checked=False,
            overdue=False,
            is_clean=False,
            removal_requested=False,
            doing=None,
            asked=None,
            listed=False,
        )

    # What the server does by itself.

    def _begins(self, place: Place, step: Step, *, twin: S | None) -> Iterator[Turn]:
        if step is Step.LAUNCH and (place.placed or place.located):
            raise LostError("a launch was begun of a node whose machine is known")
        match step:
            case Step.TERMINATE if not place.evicts and place.connected and place.living:
                kept = place._replace(sessions=fates.learnt(place.sessions))
                yield Turn("has sessions that came late, seen at a last look", kept)
            case Step.LAUNCH | Step.END_QUARANTINE | Step.TERMINATE | Step.CLEAN_UP | Step.FORGET:
                drain_checked = step is Step.TERMINATE and not place.evicts
                begun = place._replace(
                    doing=step, late=False, drain_checked=place.drain_checked or drain_checked
                )
                yield Turn(f"the server begins the step {step.name}", begun)
            case _:
                label = f"the server takes the step {step.name}"
                yield Turn(label, self._stepped(place, step, twin=twin))

    def _ends(self, place: Place, step: Step, *, twin: S | None) -> Iterator[Turn]:
        idle = place._replace(doing=None)
        if step is Step.LAUNCH:
            alive = place.alive or not place.machine
            made = idle._replace(machine=True, alive=alive, located=True)
            yield Turn("its launch succeeds", made)
            yield Turn("its launch fails", self._failed(idle))
            if not place.machine:
                left = idle._replace(machine=True, alive=True)
                yield Turn("its launch fails and leaves its machine", self._failed(left))
        elif step is Step.END_QUARANTINE:
            asked = idle._replace(sessions=fates.learnt(place.sessions))
            if place.connected and not place.living:
                asked = self._stepped(asked, Step.END_QUARANTINE, twin=twin)
            yield Turn("has told its sessions, to retire if there are none", asked)
            if self.deep:
                yield Turn("does not tell its sessions, to retire if there are none", idle)
        elif step is Step.TERMINATE and self.deep:
            yield from self._last_sessions(place)
            if self._may_be_parted_from(place):
                yield from self._unmakes(self._parted(idle), step, twin=twin)
        else:
            sessions = "" if place.evicts else place.sessions
            apart = idle._replace(sessions=sessions, connected=False)
            yield from self._unmakes(apart, step, twin=twin)

    def _last_sessions(self, place: Place) -> Iterator[Turn]:
        """In rounds those of a node that is removed at once are told, and then released."""
        if not (place.evicts and place.connected and place.living):
            return
        listed = fates.learnt(place.sessions)
        if fates.count(listed, "B"):
            told = place._replace(sessions=fates.rest_told(listed, "B"))
            yield Turn("the ends of its sessions are told", told)
        released = place._replace(sessions=fates.without(place.sessions, "lb"))
        if released != place:
            yield Turn("the sessions whose ends are told are released", released)
        idle = place._replace(sessions=fates.rest_told(place.sessions, BOOKED))
        yield Turn("does not answer when its sessions are to be ended", idle)

    def _may_be_parted_from(self, place: Place) -> bool:
        """No session is left, or all have been told of and new ones begin all the time."""
        return not (place.evicts and place.connected and fates.count(place.sessions, "B"))

    def _parted(self, place: Place) -> Place:
        """The link is ended; whoever was lost, or cannot be asked, is told of."""
        kinds = LOST if place.connected else BOOKED + LOST
        sessions = fates.rest_told(place.sessions, kinds)
        return place._replace(sessions=sessions, connected=False)

    def _unmakes(self, apart: Place, step: Step, *, twin: S | None) -> Iterator[Turn]:
        is_clean = self._unmade(apart)
        done = is_clean._replace(is_clean=is_clean.status is S.FAILED)
        if step is not Step.CLEAN_UP:
            done = self._stepped(done, step, twin=twin)
        yield Turn("its machine is let go", done)
        if self.variant is Variant.LAUNCHED:
            yield Turn("the environment fails to end its machine", apart)
            if self.deep:
                yield Turn("the environment ends its machine, and fails to say so", is_clean)

    def _gives_way(self, place: Place, twin: S) -> Iterator[Turn]:
        """Leave at once, if the twin is who stays; the media server goes on as it is."""
        member = self._member(place)
        others = [other for other in self._cluster(member, twin=twin) if other is not member]
        stays, *younger = serving_by_age([member, *others]) or [member]
        if member not in younger:
            return
        told, leaving, gone = entries_of_deduplication(member, stays, at=MOMENT)
        if told.event.name != "mediaNodeDeduplicated" or not isinstance(leaving, Mutation):
            raise LostError("a node left for another one, and nobody was told why")
        if leaving.node.status is not S.TERMINATING or leaving.node.evicts_sessions:
            raise LostError("sessions of the node that stays are to be ended")
        place = self._committed(place, leaving)
        if not isinstance(gone, Mutation) or gone.node.status is not S.TERMINATED:
            raise LostError("a duplicate did not leave at once")
        yield Turn("it is removed as a duplicate", self._gone(place))

    def _failed(self, place: Place) -> Place:
        """The launch ended in a failure; the next step, if it still is one, stores that."""
        if place.status is not S.LAUNCHING:
            return place
        member = replace(self._member(place), progress=Progress(launch_failure="the launch failed"))
        assert next_step(member, TIMEOUTS, place.now) is Step.FAIL
        cluster = self._cluster(member, twin=None)
        return self._committed(
            place, change_of_step(Step.FAIL, member, cluster, TIMEOUTS, at=MOMENT)
        )

    def _unmade(self, place: Place) -> Place:
        """The machine after the environment's `terminate`; on premises it stays as it is."""
        if self.variant is not Variant.LAUNCHED:
            return place
        if place.living and not place.evicts:
            raise LostError("a session was ended that nobody asked to end")
        if fates.count(place.sessions, "B"):
            raise LostError("a session was ended before its end was told")
        sessions = fates.without(place.sessions, LIVING + "Ee")
        return place._replace(machine=False, alive=False, sessions=sessions)

    def _stepped(self, place: Place, step: Step, *, twin: S | None) -> Place:
        """Commit a step, unless the node has moved on since it was decided."""
        if place.status is None:
            return place
        if step is Step.REPORT_LOST_SESSIONS and place.status is S.TERMINATING:
            place = place._replace(sessions=fates.without(place.sessions, "x"))
        member = self._member(place)
        if not is_still_due(step, member, TIMEOUTS, place.now):
            return place
        if step is Step.REACH_DRAIN_DEADLINE:
            return self._follow(place, entries_of_deadline(member.node, at=MOMENT))
        if step in CRASH_STEPS:
            return self._crashed(place, step, entries_of_crash(step, member, at=MOMENT))
        cluster = self._cluster(member, twin=twin)
        return self._committed(place, change_of_step(step, member, cluster, TIMEOUTS, at=MOMENT))

    def _step(self, place: Place) -> Step | None:
        if place.status is None:
            return None
        return next_step(self._member(place), TIMEOUTS, place.now)

    def _committed(self, place: Place, change: Mutation) -> Place:
        """Store a change; each is told of by one event that says what it was."""
        told, node = change.event.payload("clu_1"), change.node
        if told["id"] != node.id or node.version != (1 if place.status is None else 2):
            raise LostError("an event of another node, or a version that was not counted")
        if change.forget:
            if place.status is not S.FAILED or change.event.name != "mediaNodeForgotten":
                raise LostError("a node was forgotten that had not failed")
            return self._gone(place)
        before = None if place.status is None else str(place.status)
        if (told["oldStatus"], told["newStatus"]) != (before, node.status):
            raise LostError("an event that does not tell what happened")
        if node.status is S.TERMINATED:
            return self._gone(place)
        comes_from_work = place.status in SERVING_STATUSES and node.status is S.TERMINATING
        return place._replace(
            status=node.status,
            evicts=node.evicts_sessions,
            placed=node.uri is not None,
            located=place.located and node.uri is None,
            connected=place.connected and node.holds_its_uri,
            late=comes_from_work and not node.evicts_sessions,
            drain=node.drain.limit.at_deadline if node.drain else None,
            crashed=node.crashed_since is not None,
            drain_checked=place.drain_checked and place.status is node.status,
            overdue=False,
            is_clean=False,
            removal_requested=False,
        )

    def _follow(self, place: Place, entries: tuple[StoreEntry, ...]) -> Place:
        """Store what became of a drain: a status, or another limit; each change has its event."""
        for entry in entries:
            if isinstance(entry, EventOnly):
                if entry.event.name != "mediaNodeDrainChanged":
                    raise LostError("something else than a drain was told")
            elif entry.event.name == "mediaNodeStatusChanged":
                place = self._committed(place, entry)
            else:
                place = self._limited(place, entry)
        return place

    def _limited(self, place: Place, change: Mutation) -> Place:
        """Store another limit of a quarantine, or that late sessions are not spared any more."""
        node = change.node
        if node.status is not place.status or node.version != 2:
            raise LostError("a limit moved the node, or a version was not counted")
        if change.event.name != "mediaNodeDrainChanged":
            raise LostError("an event that does not tell what happened")
        drain = node.drain.limit.at_deadline if node.drain else None
        return place._replace(evicts=node.evicts_sessions, drain=drain, overdue=False)

    def _crashed(self, place: Place, step: Step, entries: Sequence[StoreEntry]) -> Place:
        """Store what became of a node out of touch; one that is given up hosts nothing any more."""
        ends = [entry for entry in entries if isinstance(entry, EventOnly)]
        changes = [entry for entry in entries if isinstance(entry, Mutation)]
        crash_is_due = place.gone and place.status in SERVING_STATUSES and not place.crashed
        if step is Step.REPORT_LOST_SESSIONS and crash_is_due:
            raise LostError("sessions ended for a crash that was not told before")
        kinds = {Step.REPORT_LOST_SESSIONS: LOST, Step.GIVE_UP: BOOKED + LOST}.get(step, "")
        if len(ends) != fates.count(place.sessions, kinds):
            raise LostError("an end of a session was not told, or one that was none")
        place = place._replace(sessions=fates.told(place.sessions, kinds))
        if step is Step.REPORT_LOST_SESSIONS:
            return place._replace(sessions=fates.without(place.sessions, "x"))
        if step is not Step.GIVE_UP:
            return self._told(place, changes[0])
        if not place.crashed or place.connected:
            raise LostError("a node was given up that had not crashed")
        place = place._replace(sessions=fates.forgotten(place.sessions))
        return self._committed(place, changes[0])

    def _told(self, place: Place, entry: Mutation) -> Place:
        """Store that the node crashed or recovered; one follows the other."""
        event = entry.event
        crashed = isinstance(event, NodeCrashed)
        if crashed in {place.crashed, place.connected}:
            raise LostError("a crash or a recovery was told that was none")
        if isinstance(event, NodeCrashed) and len(event.session_ids) != fates.count(
            place.sessions, BOOKED + LOST
        ):
            raise LostError("a crash was told without all the sessions that it hits")
        if entry.node.status is not place.status or entry.node.version != 2:
            raise LostError("a crash moved the node, or a version was not counted")
        return place._replace(crashed=entry.node.crashed_since is not None, overdue=False)

    def _gone(self, place: Place) -> Place:
        if self.variant is Variant.LAUNCHED and place.machine:
            raise LostError("a machine was left behind that nobody knows")
        if self.deep and fates.count(place.sessions, UNTOLD):
            raise LostError("a node left, and the end of a session was never told")
        left = Place(left=True, listed=place.listed)
        if place.machine:
            sessions = fates.forgotten(place.sessions)
            return left._replace(machine=True, alive=place.alive, sessions=sessions)
        return left

    # What surrounds it: networks, applications, time.

    def _surroundings(self, place: Place) -> Iterator[Turn]:
        if place.status is not None:
            member = self._member(place)
            linked = place.can_be_reached and member.node.holds_its_uri and not place.gone
            # Whose sessions are ended is waited for, and keeps its link until that is done.
            is_parting = place.doing is Step.TERMINATE and not (self.deep and place.evicts)
            if linked and not place.connected and not is_parting:
                sessions = fates.linked(place.sessions)
                yield Turn("is connected", place._replace(connected=True, sessions=sessions))
            if place.connected and (learnt := fates.learnt(place.sessions)) != place.sessions:
                yield Turn("its sessions are learnt", place._replace(sessions=learnt))
            is_missed = place.status is not S.TERMINATING or not place.can_be_reached
            if not place.overdue and is_missed and next_deadline(member, TIMEOUTS) is not None:
                yield Turn("much time passes", place._replace(overdue=True, late=False))
        if place.machine and not place.alive:
            yield Turn("its media server is started again", place._replace(alive=True))
        for kind in sorted(set(place.sessions) & set(LIVING)):
            sessions = fates.ended(place.sessions, kind)
            yield Turn("a session ends", place._replace(sessions=sessions))

    def _troubles(self, place: Place) -> Iterator[Turn]:
        is_evicting = self.deep and place.doing is Step.TERMINATE and place.evicts
        if place.alive and (place.status in SERVING_STATUSES or place.late or is_evicting):
            more = place._replace(sessions=fates.begun(place.sessions))
            yield Turn("a session begins", more, sessions=1)
        sessions = fates.crashed(place.sessions)
        if place.alive:
            dead = place._replace(alive=False, connected=False, sessions=sessions)
            yield Turn("its media server crashes", dead, crashes=1)
        if self.deep and place.connected:
            yield Turn("its link is cut", place._replace(connected=False), crashes=1)
        is_known = place.machine and (place.placed or place.located)
        if self.deep and self.variant is Variant.LAUNCHED and is_known:
            vanished = place._replace(
                machine=False,
                alive=False,
                connected=False,
                sessions=fates.gone(place.sessions),
                gone=True,
            )
            yield Turn("its machine is known to be gone", vanished, crashes=1)

    # What people ask for.

    def _requests(self, place: Place) -> Iterator[Turn]:
        if self.deep and self.variant is Variant.LAUNCHED:
            yield from self._discovery(place)
        if place.status is None:
            yield from self._additions(place)
            return
        for status in sorted(REQUESTABLE[place.status]):
            node, event = transition_on_request(self._member(place).node, status, at=MOMENT)
            moved = self._committed(place, Mutation(node, event))
            yield Turn(f"somebody sets it to {status}", moved)
        if place.asked is not None:
            yield Turn("its removal is decided", self._removed(place, *place.asked))
            return
        yield from self._drain_requests(place)
        for strategy in DeletionStrategy:
            if strategy is not DeletionStrategy.NOW and place.status in SERVING_STATUSES:
                for hosted in {place.living if place.connected else None, *self._silence()}:
                    asked = place._replace(asked=(strategy, hosted))
                    yield Turn(f"its sessions are counted, to remove it {strategy}", asked)
            else:
                hosted = place.living if place.connected else None
                removed = self._removed(place, strategy, hosted)
                yield Turn(f"somebody removes it {strategy}", removed)

    def _silence(self) -> tuple[None, ...]:
        """What a node may say besides the truth when it is asked for its sessions."""
        return (None,) if self.deep else ()

    def _additions(self, place: Place) -> Iterator[Turn]:
        if place.left:
            return
        is_launched = self.variant is Variant.LAUNCHED
        if not (is_launched and place.machine):
            yield Turn("somebody adds it", self._admitted(place, is_launched=is_launched))
        if self.deep and is_launched and not place.machine:
            yield Turn(
                "its machine runs, of a lost store", place._replace(machine=True, alive=True)
            )

    def _admitted(self, place: Place, *, is_launched: bool) -> Place:
        uri = None if is_launched else "ws://10.0.0.1:8888/kurento"
        return self._committed(place, Mutation(*new_media_node("kms_Number0", at=MOMENT, uri=uri)))

    def _discovery(self, place: Place) -> Iterator[Turn]:
        """`PUT media-nodes`: a machine tells whose it is, so that of a member is passed over."""
        if place.listed:
            after = place._replace(listed=False)
            if place.status is None and place.alive:
                after = self._admitted(after, is_launched=False)
            elif place.status is S.FAILED:
                after = after._replace(is_clean=False)
            yield Turn("the discovery comes to its machine", after)
        elif place.machine and place.alive:
            yield Turn("a discovery lists its machine", place._replace(listed=True))

    def _drain_requests(self, place: Place) -> Iterator[Turn]:
        if place.status not in SERVING_STATUSES:
            return
        member = self._member(place)
        for at_deadline in (None, *AtDeadline) if self.deep else (None,):
            limit = at_deadline and Limit(60, at_deadline)
            entries = entries_of_request(member, limit, ENOUGH, forced=False, at=MOMENT)
            if entries and (at_deadline, place.status) != (
                place.drain,
                S.WAITING_IDLE_TO_TERMINATE,
            ):
                yield Turn(f"somebody drains it, {at_deadline}", self._follow(place, entries))
        if member.node.is_quarantined:
            ended = self._follow(place, entries_of_end(member, at=MOMENT))
            yield Turn("somebody ends its drain", ended)

    def _removed(self, place: Place, strategy: DeletionStrategy, hosted: int | None) -> Place:
        place = place._replace(asked=None)
        member = self._member(place)
        node = member.node
        sessions = None if hosted is None else max(hosted, place.booked)
        removal = removal_of(member, sessions, strategy)
        if removal in {Removal.REFUSE, Removal.UNKNOWN}:
            return place
        if removal is Removal.FORGET_WHEN_CLEAN:
            return place._replace(removal_requested=True)
        for change in changes_of_removal(node, removal, strategy, at=MOMENT):
            commit = self._limited if removal is Removal.EVICT else self._committed
            place = commit(place, change)
        return place

    # The domain's own view of it.

    def _member(self, place: Place) -> Member:
        assert place.status is not None
        return _member(
            place.status,
            evicts=place.evicts,
            placed=place.placed,
            located=place.located,
            connected=place.connected,
            booked=place.booked,
            lost=fates.count(place.sessions, LOST),
            drain=place.drain,
            crashed=place.crashed,
            gone=place.gone,
            drain_checked=place.drain_checked,
            is_clean=place.is_clean,
            removal_requested=place.removal_requested,
        )

    def _cluster(self, member: Member, *, twin: S | None) -> Cluster:
        members = {member.node.id: member}
        if twin is not None:
            elder = MOMENT - timedelta(seconds=1)
            other = make_node(id="kms_Number1", status=twin, launching_time=elder)
            members[other.id] = Member(other, Connection(connected=True, server_id="the server"))
        return Cluster(members)


def _plain(turn: Turn) -> Turn:
    place = turn.place._replace(sessions=fates.plain(turn.place.sessions), drain_checked=False)
    return turn._replace(place=place)


@cache
def _member(
    status: MediaNodeStatus,
    *,
    evicts: bool,
    placed: bool,
    located: bool,
    connected: bool,
    booked: int,
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
        sessions=tuple(make_session(f"room-{n}") for n in range(booked)),
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
