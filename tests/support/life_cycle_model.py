"""A model of one Media Node, small enough to be explored, whose decisions the real domain makes.

Everything that the server does with a pause in between (it asks a node, calls an environment,
commits) is two moves here, so that anything may happen in the pause. The decisions come from
`mediafleet.domain`; the model adds what the services do with them, and what machines, media
servers, applications and users may do at any moment.

Every verb is here. `POST restart` changes nodes only where the cluster needs another size, and then
adds or removes some as the other verbs do. `PUT media-nodes` lists machines and adds later what was
listed; where it is modelled, a machine names its node, as those of all environments do. What a
start does before it serves (it looks for machines, and removes members without one) is not
modelled; `tests/kill` kills servers there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from mediafleet.domain.cluster import Cluster, Connection, Member, Progress
from mediafleet.domain.drain import AtDeadline, Limit
from mediafleet.domain.draining import (
    Capacity,
    entries_of_deadline,
    entries_of_end,
    entries_of_request,
)
from mediafleet.domain.entries import EventOnly, Mutation, NodeEntry
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
from support import session_states
from support.factories import MOMENT, make_node
from support.life_cycle_state import Move, NodeState, Variant, make_member
from support.session_states import KNOWN, LOST, NOT_EMITTED, OPEN, LostError

S = MediaNodeStatus
TIMEOUTS = Timeouts(drain_check=5.0, reconnection=5.0)
ENOUGH = Capacity(1, 0, 0)


@dataclass(frozen=True, slots=True)
class NodeModel:
    """What may happen to one node; of another it knows whether it is the same media server's.

    Attributes:
        variant: Where it comes from.
        deep: With deadlines of drains, discoveries, links that are cut, machines that vanish,
            environments that do half of what they are to do, nodes that answer nothing, and with
            the end of each session: whether it is emitted, and how often.
    """

    variant: Variant
    deep: bool

    def beginning(self) -> NodeState:
        """No member yet; on premises the machine is there."""
        there = self.variant is not Variant.LAUNCHED
        return NodeState(machine=there, alive=there)

    def user_moves(self, state: NodeState) -> Iterator[Move]:
        """What somebody may ask for, and what may break."""
        for move in (*self._requests(state), *self._faults(state)):
            yield move if self.deep else _plain(move)

    def own_moves(self, state: NodeState, *, duplicate: S | None) -> Iterator[Move]:
        """What happens if nobody asks for anything any more, and nothing breaks.

        *duplicate* is the status of a connected member on the same server: running or terminating.
        Of two that run, the younger is removed; either may be the younger.
        """
        node_moves = list(self._surroundings(state))
        if state.doing is not None:
            node_moves += self._ends(state, state.doing, duplicate=duplicate)
        elif (step := self._step(state)) is not None:
            node_moves += self._begins(state, step, duplicate=duplicate)
        elif state.status is not None and duplicate is not None:
            node_moves += self._is_deduplicated(state, duplicate)
        for move in node_moves:
            yield move if self.deep else _plain(move)

    def after_a_kill(self, state: NodeState) -> NodeState:
        """What was in memory only is gone; what was asked of an environment may have been done."""
        return state._replace(
            located=False,
            connected=False,
            sessions=session_states.forgotten(state.sessions),
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

    def _begins(self, state: NodeState, step: Step, *, duplicate: S | None) -> Iterator[Move]:
        if step is Step.LAUNCH and (state.placed or state.located):
            raise LostError("a launch was begun of a node whose machine is known")
        match step:
            case Step.TERMINATE if not state.evicts and state.connected and state.open_count:
                kept = state._replace(sessions=session_states.observed(state.sessions))
                yield Move("has sessions that came late, seen at a last look", kept)
            case Step.LAUNCH | Step.END_QUARANTINE | Step.TERMINATE | Step.CLEAN_UP | Step.FORGET:
                drain_checked = step is Step.TERMINATE and not state.evicts
                begun = state._replace(
                    doing=step, late=False, drain_checked=state.drain_checked or drain_checked
                )
                yield Move(f"the server begins the step {step.name}", begun)
            case _:
                label = f"the server takes the step {step.name}"
                yield Move(label, self._stepped(state, step, duplicate=duplicate))

    def _ends(self, state: NodeState, step: Step, *, duplicate: S | None) -> Iterator[Move]:
        idle = state._replace(doing=None)
        if step is Step.LAUNCH:
            alive = state.alive or not state.machine
            made = idle._replace(machine=True, alive=alive, located=True)
            yield Move("its launch succeeds", made)
            yield Move("its launch fails", self._failed(idle))
            if not state.machine:
                left = idle._replace(machine=True, alive=True)
                yield Move("its launch fails and leaves its machine", self._failed(left))
        elif step is Step.END_QUARANTINE:
            asked = idle._replace(sessions=session_states.observed(state.sessions))
            if state.connected and not state.open_count:
                asked = self._stepped(asked, Step.END_QUARANTINE, duplicate=duplicate)
            yield Move("has emitted its sessions, to retire if there are none", asked)
            if self.deep:
                yield Move("does not list its sessions, to retire if there are none", idle)
        elif step is Step.TERMINATE and self.deep:
            yield from self._last_sessions(state)
            if self._may_be_disconnected(state):
                yield from self._cleans_up(self._disconnected(idle), step, duplicate=duplicate)
        else:
            sessions = "" if state.evicts else state.sessions
            apart = idle._replace(sessions=sessions, connected=False)
            yield from self._cleans_up(apart, step, duplicate=duplicate)

    def _last_sessions(self, state: NodeState) -> Iterator[Move]:
        """In rounds those of a node that is removed at once are emitted, and then released."""
        if not (state.evicts and state.connected and state.open_count):
            return
        listed = session_states.observed(state.sessions)
        if session_states.count(listed, "B"):
            emitted = state._replace(sessions=session_states.rest_emitted(listed, "B"))
            yield Move("the ends of its sessions are emitted", emitted)
        released = state._replace(sessions=session_states.without(state.sessions, "lb"))
        if released != state:
            yield Move("the sessions whose ends are emitted are released", released)
        idle = state._replace(sessions=session_states.rest_emitted(state.sessions, KNOWN))
        yield Move("does not answer when its sessions must end", idle)

    def _may_be_disconnected(self, state: NodeState) -> bool:
        """No session is left, or all have been emitted of and new ones begin all the time."""
        return not (state.evicts and state.connected and session_states.count(state.sessions, "B"))

    def _disconnected(self, state: NodeState) -> NodeState:
        """The link is ended; the ends of lost sessions, and of those out of reach, are emitted."""
        kinds = LOST if state.connected else KNOWN + LOST
        sessions = session_states.rest_emitted(state.sessions, kinds)
        return state._replace(sessions=sessions, connected=False)

    def _cleans_up(self, apart: NodeState, step: Step, *, duplicate: S | None) -> Iterator[Move]:
        is_clean = self._cleaned_up(apart)
        done = is_clean._replace(is_clean=is_clean.status is S.FAILED)
        if step is not Step.CLEAN_UP:
            done = self._stepped(done, step, duplicate=duplicate)
        yield Move("its machine is released", done)
        if self.variant is Variant.LAUNCHED:
            yield Move("the environment fails to end its machine", apart)
            if self.deep:
                yield Move("the environment ends its machine, and fails to say so", is_clean)

    def _is_deduplicated(self, state: NodeState, duplicate: S) -> Iterator[Move]:
        """Leave at once, if the duplicate is who stays; the media server goes on as it is."""
        member = self._member(state)
        others = [
            other for other in self._cluster(member, duplicate=duplicate) if other is not member
        ]
        stays, *younger = serving_by_age([member, *others]) or [member]
        if member not in younger:
            return
        emitted, leaving, gone = entries_of_deduplication(member, stays, at=MOMENT)
        if emitted.event.name != "mediaNodeDeduplicated" or not isinstance(leaving, Mutation):
            raise LostError("a node left for another one, and nobody was emitted why")
        if leaving.node.status is not S.TERMINATING or leaving.node.evicts_sessions:
            raise LostError("sessions of the node that stays would end")
        state = self._committed(state, leaving)
        if not isinstance(gone, Mutation) or gone.node.status is not S.TERMINATED:
            raise LostError("a duplicate did not leave at once")
        yield Move("it is removed as a duplicate", self._gone(state))

    def _failed(self, state: NodeState) -> NodeState:
        """The launch ended in a failure; the next step, if it still is one, stores that."""
        if state.status is not S.LAUNCHING:
            return state
        member = replace(self._member(state), progress=Progress(launch_failure="the launch failed"))
        assert next_step(member, TIMEOUTS, state.now) is Step.FAIL
        cluster = self._cluster(member, duplicate=None)
        return self._committed(
            state, change_of_step(Step.FAIL, member, cluster, TIMEOUTS, at=MOMENT)
        )

    def _cleaned_up(self, state: NodeState) -> NodeState:
        """The machine after the environment's `terminate`; on premises it stays as it is."""
        if self.variant is not Variant.LAUNCHED:
            return state
        if state.open_count and not state.evicts:
            raise LostError("a session was ended that nobody asked to end")
        if session_states.count(state.sessions, "B"):
            raise LostError("a session was ended before its end was emitted")
        sessions = session_states.without(state.sessions, OPEN + "Ee")
        return state._replace(machine=False, alive=False, sessions=sessions)

    def _stepped(self, state: NodeState, step: Step, *, duplicate: S | None) -> NodeState:
        """Commit a step, unless the node has moved on since it was decided."""
        if state.status is None:
            return state
        if step is Step.REPORT_LOST_SESSIONS and state.status is S.TERMINATING:
            state = state._replace(sessions=session_states.without(state.sessions, "x"))
        member = self._member(state)
        if not is_still_due(step, member, TIMEOUTS, state.now):
            return state
        if step is Step.REACH_DRAIN_DEADLINE:
            return self._follow(state, entries_of_deadline(member.node, at=MOMENT))
        if step in CRASH_STEPS:
            return self._crashed(state, step, entries_of_crash(step, member, at=MOMENT))
        cluster = self._cluster(member, duplicate=duplicate)
        return self._committed(state, change_of_step(step, member, cluster, TIMEOUTS, at=MOMENT))

    def _step(self, state: NodeState) -> Step | None:
        if state.status is None:
            return None
        return next_step(self._member(state), TIMEOUTS, state.now)

    def _committed(self, state: NodeState, change: Mutation) -> NodeState:
        """Store a change; each is emitted of by one event that says what it was."""
        emitted, node = change.event.payload("clu_1"), change.node
        if emitted["id"] != node.id or node.version != (1 if state.status is None else 2):
            raise LostError("an event of another node, or a version that was not counted")
        if change.forget:
            if state.status is not S.FAILED or change.event.name != "mediaNodeForgotten":
                raise LostError("a node was forgotten that had not failed")
            return self._gone(state)
        before = None if state.status is None else str(state.status)
        if (emitted["oldStatus"], emitted["newStatus"]) != (before, node.status):
            raise LostError("an event that does not state what happened")
        if node.status is S.TERMINATED:
            return self._gone(state)
        comes_from_work = state.status in SERVING_STATUSES and node.status is S.TERMINATING
        return state._replace(
            status=node.status,
            evicts=node.evicts_sessions,
            placed=node.uri is not None,
            located=state.located and node.uri is None,
            connected=state.connected and node.holds_its_uri,
            late=comes_from_work and not node.evicts_sessions,
            drain=node.drain.limit.at_deadline if node.drain else None,
            crashed=node.crashed_since is not None,
            drain_checked=state.drain_checked and state.status is node.status,
            overdue=False,
            is_clean=False,
            removal_requested=False,
        )

    def _follow(self, state: NodeState, entries: tuple[NodeEntry, ...]) -> NodeState:
        """Store what became of a drain: a status, or another limit; each change has its event."""
        for entry in entries:
            if isinstance(entry, EventOnly):
                if entry.event.name != "mediaNodeDrainChanged":
                    raise LostError("something else than a drain was emitted")
            elif entry.event.name == "mediaNodeStatusChanged":
                state = self._committed(state, entry)
            else:
                state = self._limited(state, entry)
        return state

    def _limited(self, state: NodeState, change: Mutation) -> NodeState:
        """Store another limit of a quarantine, or that late sessions are not spared any more."""
        node = change.node
        if node.status is not state.status or node.version != 2:
            raise LostError("a limit moved the node, or a version was not counted")
        if change.event.name != "mediaNodeDrainChanged":
            raise LostError("an event that does not state what happened")
        drain = node.drain.limit.at_deadline if node.drain else None
        return state._replace(evicts=node.evicts_sessions, drain=drain, overdue=False)

    def _crashed(self, state: NodeState, step: Step, entries: Sequence[NodeEntry]) -> NodeState:
        """Store what became of a disconnected node; one that is given up hosts nothing any more."""
        ends = [entry for entry in entries if isinstance(entry, EventOnly)]
        changes = [entry for entry in entries if isinstance(entry, Mutation)]
        crash_is_due = state.gone and state.status in SERVING_STATUSES and not state.crashed
        if step is Step.REPORT_LOST_SESSIONS and crash_is_due:
            raise LostError("sessions ended for a crash that was not emitted before")
        kinds = {Step.REPORT_LOST_SESSIONS: LOST, Step.GIVE_UP: KNOWN + LOST}.get(step, "")
        if len(ends) != session_states.count(state.sessions, kinds):
            raise LostError("an end of a session was not emitted, or one that was none")
        state = state._replace(sessions=session_states.emitted(state.sessions, kinds))
        if step is Step.REPORT_LOST_SESSIONS:
            return state._replace(sessions=session_states.without(state.sessions, "x"))
        if step is not Step.GIVE_UP:
            return self._crash_emitted(state, changes[0])
        if not state.crashed or state.connected:
            raise LostError("a node was given up that had not crashed")
        state = state._replace(sessions=session_states.forgotten(state.sessions))
        return self._committed(state, changes[0])

    def _crash_emitted(self, state: NodeState, entry: Mutation) -> NodeState:
        """Store that the node crashed or recovered; one follows the other."""
        event = entry.event
        crashed = isinstance(event, NodeCrashed)
        if crashed in {state.crashed, state.connected}:
            raise LostError("a crash or a recovery was emitted that was none")
        if isinstance(event, NodeCrashed) and len(event.session_ids) != session_states.count(
            state.sessions, KNOWN + LOST
        ):
            raise LostError("a crash was emitted without all the sessions that it hits")
        if entry.node.status is not state.status or entry.node.version != 2:
            raise LostError("a crash moved the node, or a version was not counted")
        return state._replace(crashed=entry.node.crashed_since is not None, overdue=False)

    def _gone(self, state: NodeState) -> NodeState:
        if self.variant is Variant.LAUNCHED and state.machine:
            raise LostError("a machine was left behind that nobody knows")
        if self.deep and session_states.count(state.sessions, NOT_EMITTED):
            raise LostError("a node left, and the end of a session was never emitted")
        left = NodeState(left=True, listed=state.listed)
        if state.machine:
            sessions = session_states.forgotten(state.sessions)
            return left._replace(machine=True, alive=state.alive, sessions=sessions)
        return left

    # What surrounds it: networks, applications, time.

    def _surroundings(self, state: NodeState) -> Iterator[Move]:
        if state.status is not None:
            member = self._member(state)
            linked = state.can_be_reached and member.node.holds_its_uri and not state.gone
            # Whose sessions are ended is waited for, and keeps its link until that is done.
            is_leaving = state.doing is Step.TERMINATE and not (self.deep and state.evicts)
            if linked and not state.connected and not is_leaving:
                sessions = session_states.linked(state.sessions)
                yield Move("is connected", state._replace(connected=True, sessions=sessions))
            if (
                state.connected
                and (observed := session_states.observed(state.sessions)) != state.sessions
            ):
                yield Move("its sessions are observed", state._replace(sessions=observed))
            is_missed = state.status is not S.TERMINATING or not state.can_be_reached
            if not state.overdue and is_missed and next_deadline(member, TIMEOUTS) is not None:
                yield Move("much time passes", state._replace(overdue=True, late=False))
        if state.machine and not state.alive:
            yield Move("its media server is started again", state._replace(alive=True))
        for kind in sorted(set(state.sessions) & set(OPEN)):
            sessions = session_states.ended(state.sessions, kind)
            yield Move("a session ends", state._replace(sessions=sessions))

    def _faults(self, state: NodeState) -> Iterator[Move]:
        is_evicting = self.deep and state.doing is Step.TERMINATE and state.evicts
        if state.alive and (state.status in SERVING_STATUSES or state.late or is_evicting):
            more = state._replace(sessions=session_states.begun(state.sessions))
            yield Move("a session begins", more, sessions=1)
        sessions = session_states.crashed(state.sessions)
        if state.alive:
            dead = state._replace(alive=False, connected=False, sessions=sessions)
            yield Move("its media server crashes", dead, crashes=1)
        if self.deep and state.connected:
            yield Move("its link is cut", state._replace(connected=False), crashes=1)
        is_known = state.machine and (state.placed or state.located)
        if self.deep and self.variant is Variant.LAUNCHED and is_known:
            vanished = state._replace(
                machine=False,
                alive=False,
                connected=False,
                sessions=session_states.gone(state.sessions),
                gone=True,
            )
            yield Move("its machine is known to be gone", vanished, crashes=1)

    # What people ask for.

    def _requests(self, state: NodeState) -> Iterator[Move]:
        if self.deep and self.variant is Variant.LAUNCHED:
            yield from self._discovery(state)
        if state.status is None:
            yield from self._additions(state)
            return
        for status in sorted(REQUESTABLE[state.status]):
            node, event = transition_on_request(self._member(state).node, status, at=MOMENT)
            moved = self._committed(state, Mutation(node, event))
            yield Move(f"somebody sets it to {status}", moved)
        if state.asked is not None:
            yield Move("its removal is decided", self._removed(state, *state.asked))
            return
        yield from self._drain_requests(state)
        for strategy in DeletionStrategy:
            if strategy is not DeletionStrategy.NOW and state.status in SERVING_STATUSES:
                for hosted in {state.open_count if state.connected else None, *self._no_response()}:
                    asked = state._replace(asked=(strategy, hosted))
                    yield Move(f"its sessions are counted, to remove it {strategy}", asked)
            else:
                hosted = state.open_count if state.connected else None
                removed = self._removed(state, strategy, hosted)
                yield Move(f"somebody removes it {strategy}", removed)

    def _no_response(self) -> tuple[None, ...]:
        """What a node may say besides the truth when it is asked for its sessions."""
        return (None,) if self.deep else ()

    def _additions(self, state: NodeState) -> Iterator[Move]:
        if state.left:
            return
        is_launched = self.variant is Variant.LAUNCHED
        if not (is_launched and state.machine):
            yield Move("somebody adds it", self._added(state, is_launched=is_launched))
        if self.deep and is_launched and not state.machine:
            yield Move(
                "its machine runs, of a lost store", state._replace(machine=True, alive=True)
            )

    def _added(self, state: NodeState, *, is_launched: bool) -> NodeState:
        uri = None if is_launched else "ws://10.0.0.1:8888/kurento"
        return self._committed(state, Mutation(*new_media_node("kms_Number0", at=MOMENT, uri=uri)))

    def _discovery(self, state: NodeState) -> Iterator[Move]:
        """`PUT media-nodes`: a machine names its node, so that of a member is skipped."""
        if state.listed:
            after = state._replace(listed=False)
            if state.status is None and state.alive:
                after = self._added(after, is_launched=False)
            elif state.status is S.FAILED:
                after = after._replace(is_clean=False)
            yield Move("the discovery comes to its machine", after)
        elif state.machine and state.alive:
            yield Move("a discovery lists its machine", state._replace(listed=True))

    def _drain_requests(self, state: NodeState) -> Iterator[Move]:
        if state.status not in SERVING_STATUSES:
            return
        member = self._member(state)
        for at_deadline in (None, *AtDeadline) if self.deep else (None,):
            limit = at_deadline and Limit(60, at_deadline)
            entries = entries_of_request(member, limit, ENOUGH, forced=False, at=MOMENT)
            if entries and (at_deadline, state.status) != (
                state.drain,
                S.WAITING_IDLE_TO_TERMINATE,
            ):
                yield Move(f"somebody drains it, {at_deadline}", self._follow(state, entries))
        if member.node.is_quarantined:
            ended = self._follow(state, entries_of_end(member, at=MOMENT))
            yield Move("somebody ends its drain", ended)

    def _removed(
        self, state: NodeState, strategy: DeletionStrategy, hosted: int | None
    ) -> NodeState:
        state = state._replace(asked=None)
        member = self._member(state)
        node = member.node
        sessions = None if hosted is None else max(hosted, state.known)
        removal = removal_of(member, sessions, strategy)
        if removal in {Removal.REFUSE, Removal.UNKNOWN}:
            return state
        if removal is Removal.FORGET_WHEN_CLEAN:
            return state._replace(removal_requested=True)
        for change in changes_of_removal(node, removal, strategy, at=MOMENT):
            commit = self._limited if removal is Removal.EVICT else self._committed
            state = commit(state, change)
        return state

    # The domain's own view of it.

    def _member(self, state: NodeState) -> Member:
        assert state.status is not None
        return make_member(
            state.status,
            evicts=state.evicts,
            placed=state.placed,
            located=state.located,
            connected=state.connected,
            known=state.known,
            lost=session_states.count(state.sessions, LOST),
            drain=state.drain,
            crashed=state.crashed,
            gone=state.gone,
            drain_checked=state.drain_checked,
            is_clean=state.is_clean,
            removal_requested=state.removal_requested,
        )

    def _cluster(self, member: Member, *, duplicate: S | None) -> Cluster:
        members = {member.node.id: member}
        if duplicate is not None:
            elder = MOMENT - timedelta(seconds=1)
            other = make_node(id="kms_Number1", status=duplicate, launching_time=elder)
            members[other.id] = Member(other, Connection(connected=True, server_id="the server"))
        return Cluster(members)


def _plain(move: Move) -> Move:
    state = move.state._replace(
        sessions=session_states.plain(move.state.sessions), drain_checked=False
    )
    return move._replace(state=state)
