"""A world of Media Nodes small enough to be walked through entirely, decided by the real domain.

Everything that the server does one after the other with a pause between (it asks a node, calls an
environment, commits) is two moves here, so that anything may happen in the pause. What is decided
comes from `mediafleet.domain`; what is written here is only what the services do with it, and what
machines, media servers, applications and users may do at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from typing import NamedTuple, TypeAlias

from mediafleet.domain import drain as drains
from mediafleet.domain.cluster import Cluster, Connection, Member
from mediafleet.domain.crashes import CRASH_STEPS, entries_of_crash
from mediafleet.domain.drain import AtDeadline, Limit
from mediafleet.domain.draining import (
    Capacity,
    entries_of_deadline,
    entries_of_end,
    entries_of_request,
)
from mediafleet.domain.lifecycle import (
    DeletionStrategy,
    Patience,
    Removal,
    Step,
    is_still_due,
    next_deadline,
    next_step,
    removal_of,
)
from mediafleet.domain.media_node import (
    REQUESTABLE,
    SERVING_STATUSES,
    MediaNodeStatus,
    admit,
    transition_on_request,
)
from mediafleet.domain.outcomes import change_of_step, changes_of_removal
from mediafleet.domain.ports import Change, Entry, Machine, Note
from support.factories import MOMENT, make_node, make_session

S = MediaNodeStatus
PATIENCE = Patience(last_look=5.0, reconnection=5.0)
AT_ONCE, SOON, MUCH_LATER = 0.0, 1.0, 1e9
ENOUGH = Capacity(1, 0, 0)
SESSIONS, CRASHES = 2, 1


class Variant(StrEnum):
    """Where the Media Nodes of a walk come from."""

    LAUNCHED = "launched by the server"
    ON_PREMISE = "on premises"
    TWINS = "on premises, one media server under two names"


class LostError(Exception):
    """Something that must never happen did."""


@dataclass(frozen=True, slots=True)
class Place:
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
        sessions: How many live on the media server.
        booked: How many the server knows of.
        late: Sessions may still be placed on it by who saw it at work before it was to go.
        drain: What happens at the deadline of its quarantine, if that has one.
        crashed: It was told that it crashed, and not that it recovered.
        overdue: Patience with the present status, or with the lost link, is spent.
        unmade: It failed, and what its launch may have left was ended since.
        dismissed: It failed, and somebody removed it who waits for that.
        doing: The step that was begun and not ended.
        asked: The removal that asked the node for its sessions and is not decided, with the answer;
            ``None`` stands for none.
    """

    status: MediaNodeStatus | None = None
    left: bool = False
    evicts: bool = False
    placed: bool = False
    located: bool = False
    machine: bool = False
    alive: bool = False
    connected: bool = False
    sessions: int = 0
    booked: int = 0
    late: bool = False
    drain: AtDeadline | None = None
    crashed: bool = False
    overdue: bool = False
    unmade: bool = False
    dismissed: bool = False
    doing: Step | None = None
    asked: tuple[DeletionStrategy, int | None] | None = None

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
    """What may happen to one node; of the other it knows whether it is the same media server's.

    Attributes:
        variant: Where it comes from.
        limited: Its drains may have deadlines.
    """

    variant: Variant
    limited: bool

    def beginning(self) -> Place:
        """No member yet; on premises the machine is there."""
        there = self.variant is not Variant.LAUNCHED
        return Place(machine=there, alive=there)

    def turns(self, place: Place, *, twin: bool) -> Iterator[Turn]:
        """Everything that may happen next; *twin* is a connected member on the same server."""
        yield from self.turns_without_people(place, twin=twin)
        yield from self._requests(place)
        if place.alive and (place.status in SERVING_STATUSES or place.late):
            more = replace(place, sessions=place.sessions + 1)
            yield Turn("a session begins", more, sessions=1)
        if place.alive:
            dead = replace(place, alive=False, connected=False, sessions=0)
            yield Turn("its media server crashes", dead, crashes=1)

    def turns_without_people(self, place: Place, *, twin: bool) -> Iterator[Turn]:
        """What happens if nobody asks for anything any more, and nothing breaks."""
        if place.doing is not None:
            yield from self._ends(place, place.doing, twin=twin)
        elif (step := self._step(place)) is not None:
            yield from self._begins(place, step, twin=twin)
        yield from self._surroundings(place)

    def after_a_kill(self, place: Place) -> Place:
        """What was in memory only is gone; what was asked of an environment may have been done."""
        return replace(
            place,
            located=False,
            connected=False,
            booked=0,
            overdue=False,
            unmade=False,
            dismissed=False,
            doing=None,
            asked=None,
        )

    # What the server does by itself.

    def _begins(self, place: Place, step: Step, *, twin: bool) -> Iterator[Turn]:
        match step:
            case Step.TERMINATE if not place.evicts and place.connected and place.sessions:
                kept = replace(place, booked=place.sessions)
                yield Turn("has sessions that came late, seen at a last look", kept)
            case Step.LAUNCH | Step.RETIRE | Step.TERMINATE | Step.UNMAKE | Step.FORGET:
                begun = replace(place, doing=step, late=False)
                yield Turn(f"the server begins the step {step.name}", begun)
            case _:
                label = f"the server takes the step {step.name}"
                yield Turn(label, self._stepped(place, step, twin=twin))

    def _ends(self, place: Place, step: Step, *, twin: bool) -> Iterator[Turn]:
        idle = replace(place, doing=None)
        if step is Step.LAUNCH:
            alive = place.alive or not place.machine
            made = replace(idle, machine=True, alive=alive, located=True)
            yield Turn("its launch succeeds", made)
            yield Turn("its launch fails", self._failed(idle))
            if not place.machine:
                left = replace(idle, machine=True, alive=True)
                yield Turn("its launch fails and leaves its machine", self._failed(left))
        elif step is Step.RETIRE:
            asked = replace(idle, booked=place.sessions)
            if place.connected and not place.sessions:
                asked = self._stepped(asked, Step.RETIRE, twin=twin)
            yield Turn("has told its sessions, to retire if there are none", asked)
        else:
            sessions = 0 if place.evicts else place.sessions
            apart = replace(idle, sessions=sessions, connected=False)
            ended = self._unmade(apart)
            if place.status is S.FAILED:
                ended = replace(ended, unmade=True)
            if step is not Step.UNMAKE:
                ended = self._stepped(ended, step, twin=twin)
            yield Turn("its machine is let go", ended)
            if self.variant is Variant.LAUNCHED:
                yield Turn("the environment fails to end its machine", apart)
                half = self._unmade(apart)
                yield Turn("the environment fails after it ended its machine", half)

    def _failed(self, place: Place) -> Place:
        """The launch ended in a failure; the next step, if it still is one, stores that."""
        if place.status is not S.LAUNCHING:
            return place
        member = replace(self._member(place), failure="the launch failed")
        assert next_step(member, PATIENCE, place.now) is Step.FAIL
        cluster = self._cluster(member, twin=False)
        return self._committed(
            place, change_of_step(Step.FAIL, member, cluster, PATIENCE, at=MOMENT)
        )

    def _unmade(self, place: Place) -> Place:
        """The machine after the environment's `terminate`; on premises it stays as it is."""
        if self.variant is not Variant.LAUNCHED:
            return place
        if place.sessions:
            raise LostError("a session was ended that nobody asked to end")
        return replace(place, machine=False, alive=False)

    def _stepped(self, place: Place, step: Step, *, twin: bool) -> Place:
        """Commit a step, unless the node has moved on since it was decided."""
        if place.status is None:
            return place
        member = self._member(place)
        if not is_still_due(step, member, PATIENCE, place.now):
            return place
        if step is Step.EXPIRE:
            return self._follow(place, entries_of_deadline(member.node, at=MOMENT))
        if step in CRASH_STEPS:
            return self._crashed(place, step, entries_of_crash(step, member, at=MOMENT))
        cluster = self._cluster(member, twin=twin)
        return self._committed(place, change_of_step(step, member, cluster, PATIENCE, at=MOMENT))

    def _step(self, place: Place) -> Step | None:
        if place.status is None:
            return None
        return next_step(self._member(place), PATIENCE, place.now)

    def _committed(self, place: Place, change: Change) -> Place:
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
        return replace(
            place,
            status=node.status,
            evicts=node.evicts_sessions,
            placed=node.uri is not None,
            located=place.located and node.uri is None,
            connected=place.connected and node.holds_its_uri,
            late=comes_from_work and not node.evicts_sessions,
            drain=node.drain and node.drain.limit.at_deadline,
            crashed=node.crashed_since is not None,
            overdue=False,
            unmade=False,
            dismissed=False,
        )

    def _follow(self, place: Place, entries: tuple[Entry, ...]) -> Place:
        """Store what became of a drain: a status, or another limit; each change has its event."""
        for entry in entries:
            if isinstance(entry, Note):
                if entry.event.name != "mediaNodeDrainChanged":
                    raise LostError("something else than a drain was told")
            elif entry.event.name == "mediaNodeStatusChanged":
                place = self._committed(place, entry)
            else:
                place = self._limited(place, entry)
        return place

    def _limited(self, place: Place, change: Change) -> Place:
        """Store another limit of a quarantine, or that late sessions are not spared any more."""
        node = change.node
        if node.status is not place.status or node.version != 2:
            raise LostError("a limit moved the node, or a version was not counted")
        if change.event.name != "mediaNodeDrainChanged":
            raise LostError("an event that does not tell what happened")
        drain = node.drain and node.drain.limit.at_deadline
        return replace(place, evicts=node.evicts_sessions, drain=drain, overdue=False)

    def _crashed(self, place: Place, step: Step, entries: Sequence[Entry]) -> Place:
        """Store what became of a node out of touch; one that is given up hosts nothing any more."""
        change, *ends = entries
        if len(ends) != (place.booked if step is Step.GIVE_UP else 0):
            raise LostError("an end of a session was not told, or one that was none")
        assert isinstance(change, Change)
        if step is not Step.GIVE_UP:
            return self._told(place, change)
        if not place.crashed or place.connected:
            raise LostError("a node was given up that had not crashed")
        return replace(self._committed(place, change), booked=0)

    def _told(self, place: Place, entry: Change) -> Place:
        """Store that the node crashed or recovered; one follows the other."""
        crashed = entry.event.name == "nodeCrashed"
        if crashed in {place.crashed, place.connected}:
            raise LostError("a crash or a recovery was told that was none")
        if entry.node.status is not place.status or entry.node.version != 2:
            raise LostError("a crash moved the node, or a version was not counted")
        return replace(place, crashed=entry.node.crashed_since is not None, overdue=False)

    def _gone(self, place: Place) -> Place:
        if self.variant is Variant.LAUNCHED and place.machine:
            raise LostError("a machine was left behind that nobody knows")
        if place.machine:
            return Place(left=True, machine=True, alive=place.alive, sessions=place.sessions)
        return Place(left=True)

    # What surrounds it: networks, applications, time.

    def _surroundings(self, place: Place) -> Iterator[Turn]:
        if place.status is not None:
            member = self._member(place)
            linked = place.can_be_reached and member.node.holds_its_uri
            if linked and not place.connected and place.doing is not Step.TERMINATE:
                yield Turn("is connected", replace(place, connected=True, booked=place.sessions))
            if place.connected and place.booked != place.sessions:
                yield Turn("its sessions are learnt", replace(place, booked=place.sessions))
            is_missed = place.status is not S.TERMINATING or not place.can_be_reached
            if not place.overdue and is_missed and next_deadline(member, PATIENCE) is not None:
                yield Turn("much time passes", replace(place, overdue=True, late=False))
        if place.machine and not place.alive:
            yield Turn("its media server is started again", replace(place, alive=True))
        if place.sessions:
            yield Turn("a session ends", replace(place, sessions=place.sessions - 1))

    # What people ask for.

    def _requests(self, place: Place) -> Iterator[Turn]:
        if place.status is None:
            if not place.left:
                uri = None if self.variant is Variant.LAUNCHED else "ws://10.0.0.1:8888/kurento"
                added = Change(*admit("kms_Number0", at=MOMENT, uri=uri))
                yield Turn("somebody adds it", self._committed(place, added))
            return
        for status in sorted(REQUESTABLE[place.status]):
            node, event = transition_on_request(self._member(place).node, status, at=MOMENT)
            moved = self._committed(place, Change(node, event))
            yield Turn(f"somebody sets it to {status}", moved)
        if place.asked is not None:
            yield Turn("its removal is decided", self._removed(place, *place.asked))
            return
        yield from self._drain_requests(place)
        for strategy in DeletionStrategy:
            hosted = place.sessions if place.connected else None
            if strategy is not DeletionStrategy.NOW and place.status in SERVING_STATUSES:
                asked = replace(place, asked=(strategy, hosted))
                yield Turn(f"its sessions are counted, to remove it {strategy}", asked)
            else:
                removed = self._removed(place, strategy, hosted)
                yield Turn(f"somebody removes it {strategy}", removed)

    def _drain_requests(self, place: Place) -> Iterator[Turn]:
        if place.status not in SERVING_STATUSES:
            return
        member = self._member(place)
        for at_deadline in (None, *AtDeadline) if self.limited else (None,):
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
        place = replace(place, asked=None)
        member = self._member(place)
        node = member.node
        sessions = None if hosted is None else max(hosted, place.booked)
        removal = removal_of(member, sessions, strategy)
        if removal in {Removal.REFUSE, Removal.DOUBT}:
            return place
        if removal is Removal.DISMISS:
            return replace(place, dismissed=True)
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
            drain=place.drain,
            crashed=place.crashed,
            unmade=place.unmade,
            dismissed=place.dismissed,
        )

    def _cluster(self, member: Member, *, twin: bool) -> Cluster:
        members = {member.node.id: member}
        if twin:
            other = make_node(id="kms_Number1")
            members[other.id] = Member(other, Connection(connected=True, server_id="the server"))
        return Cluster(members)


@cache
def _member(
    status: MediaNodeStatus,
    *,
    evicts: bool,
    placed: bool,
    located: bool,
    connected: bool,
    booked: int,
    drain: AtDeadline | None,
    crashed: bool,
    unmade: bool,
    dismissed: bool,
) -> Member:
    uri = "ws://10.0.0.1:8888/kurento"
    node = make_node(
        id="kms_Number0",
        status=status,
        evicts_sessions=evicts,
        uri=uri if placed else None,
        ip=None,
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
        AT_ONCE,
        Machine("i-1", "10.0.0.1", uri) if located else None,
        due=SOON if drain else None,
        unmade=unmade,
        dismissed=dismissed,
    )


World: TypeAlias = tuple[int, int, int, int]
"""Two nodes by number, sessions that may still begin, crashes that may still happen."""

_NumberedTurns: TypeAlias = Sequence[tuple[tuple[str, str], int, int, int]]
_Table: TypeAlias = Callable[[int, bool], _NumberedTurns]


class TwoNodes:
    """What may happen to two nodes, with a bounded number of sessions and crashes.

    Places are numbered, and what may follow from each is worked out once: there are few places,
    and many pairs of them. A deadline touches no other node and no environment, so one node of one
    variant has them.
    """

    def __init__(self, variant: Variant) -> None:
        limited = variant is Variant.LAUNCHED
        first, second = NodeWorld(variant, limited=limited), NodeWorld(variant, limited=False)
        self._node = first
        self._twins = variant is Variant.TWINS
        self.places: list[Place] = []
        self._numbers: dict[Place, int] = {}
        self._turns = self._tables(first.turns, second.turns)
        self._quiet = self._tables(first.turns_without_people, second.turns_without_people)
        self._killed = cache(lambda number: self._number(self._node.after_a_kill(self[number])))
        self._is_twin = cache(self._is_twin_now)

    def __getitem__(self, number: int) -> Place:
        return self.places[number]

    def beginning(self) -> World:
        number = self._number(self._node.beginning())
        return number, number, SESSIONS, CRASHES

    def moves(self, world: World) -> Iterator[tuple[str, World]]:
        """Everything that may happen next."""
        yield from self._moves(world, self._turns)
        first, second, sessions, crashes = world
        if crashes:
            after = (self._killed(first), self._killed(second), sessions, crashes - 1)
            yield "the server is killed and starts again", after

    def moves_without_people(self, world: World) -> Iterator[tuple[str, World]]:
        """What happens if nobody asks for anything any more, and nothing breaks."""
        return self._moves(world, self._quiet)

    def is_at_rest(self, world: World) -> bool:
        """Every node is no member, or at work."""
        return all(self[number].status in (None, S.RUNNING) for number in world[:2])

    def tell(self, world: World) -> str:
        return f"Alpha: {self[world[0]]}\nBeta: {self[world[1]]}"

    def _tables(self, *turns: Callable[..., Iterator[Turn]]) -> tuple[_Table, ...]:
        return tuple(cache(partial(self._numbered, each)) for each in turns)

    def _moves(self, world: World, turns: tuple[_Table, ...]) -> Iterator[tuple[str, World]]:
        first, second, sessions, crashes = world
        for (label, _), place, begun, broken in turns[0](first, self._is_twin(second)):
            if begun <= sessions and broken <= crashes:
                yield label, (place, second, sessions - begun, crashes - broken)
        for (_, label), place, begun, broken in turns[1](second, self._is_twin(first)):
            if begun <= sessions and broken <= crashes:
                yield label, (first, place, sessions - begun, crashes - broken)

    def _is_twin_now(self, number: int) -> bool:
        place = self[number]
        return self._twins and place.connected and place.status is not None

    def _number(self, place: Place) -> int:
        if place not in self._numbers:
            self._numbers[place] = len(self.places)
            self.places.append(place)
        return self._numbers[place]

    def _numbered(
        self, turns: Callable[..., Iterator[Turn]], number: int, twin: bool
    ) -> _NumberedTurns:
        return [
            (
                (f"Alpha: {turn.label}", f"Beta: {turn.label}"),
                self._number(turn.place),
                turn.sessions,
                turn.crashes,
            )
            for turn in turns(self[number], twin=twin)
        ]
