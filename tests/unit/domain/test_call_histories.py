"""Laws of calls over arbitrary histories of joins, streams, ends and rebuilds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mediafleet.domain import call_changes as changes
from mediafleet.domain.calls import (
    Call,
    CallConnection,
    CallMedia,
    CallSession,
    MediaOptions,
    Reason,
    Stream,
    Subscription,
)
from mediafleet.domain.media import Endpoint

if TYPE_CHECKING:
    from mediafleet.domain.events import Event

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = st.sampled_from([Reason.DISCONNECT, Reason.NETWORK_DISCONNECT, Reason.NODE_CRASHED])


class CallHistory(RuleBasedStateMachine):
    """One session after the other; what is stored is replayed beside what is in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0
        self.events: list[Event] = []
        self.stored: dict[tuple[str, str], object] = {}
        self.objects: set[str] = set()
        self.call: Call | None = None
        self.begin()

    def new(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}{self.numbers}"

    def at(self) -> datetime:
        self.numbers += 1
        return BEGIN + timedelta(seconds=self.numbers)

    def media_object(self, kind: str) -> str:
        name = self.new(kind)
        self.objects.add(name)
        return name

    def begin(self) -> None:
        media = CallMedia("kms_1", "srv", "rpc", self.media_object("pipeline"))
        call = Call(CallSession(self.new("ses_"), self.at(), media=media))
        self.store(None, call)
        self.call = call

    def store(self, old: Call | None, new: Call | None) -> None:
        session_id = (new or old or self.call).id  # type: ignore[union-attr]
        for record in changes.records(session_id, old, new):
            key = (record.session_id, record.connection_id)
            if record.value is None:
                del self.stored[key]
            else:
                self.stored[key] = record.value

    def apply(self, change: changes.Change) -> None:
        old = self.call
        self.store(old, change.call)
        self.events += change.events
        for released in change.released:
            assert released in self.objects, "released twice, or never created"
            self.objects.remove(released)
            if released.startswith("pipeline"):
                self.objects = {each for each in self.objects if each.startswith("pipeline")}
        notified = {rpc for each in change.notifications for rpc in each.to}
        known = {each.rpc_session for each in old.connections.values()} if old else set()
        assert notified <= known | {
            each.rpc_session for each in (change.call.connections.values() if change.call else ())
        }
        self.call = change.call
        if self.call is None:
            self.objects.clear()
            self.begin()

    def some(self, data: st.DataObject) -> CallConnection:
        assert self.call is not None
        return data.draw(st.sampled_from(self.call.active))

    def has_active(self) -> bool:
        return self.call is not None and self.call.is_active

    @rule()
    def create_connection(self) -> None:
        assert self.call is not None
        connection = CallConnection(self.new("con_"), self.at(), self.new("tok_"))
        self.apply(changes.add_connection(self.call, connection))

    @precondition(lambda self: len(self.call.active) < len(self.call.connections))
    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        assert self.call is not None
        pending = [each for each in self.call.connections.values() if not each.is_active]
        chosen = data.draw(st.sampled_from(pending))
        joined = replace(chosen, active_at=self.at(), rpc_session=self.new("rpc"))
        self.apply(changes.join(self.call, joined, most=100))

    @rule(publishes=st.booleans())
    def arrive(self, publishes: bool) -> None:
        """A connection is created and joins; most publish at once."""
        assert self.call is not None
        connection = CallConnection(self.new("con_"), self.at(), self.new("tok_"))
        self.apply(changes.add_connection(self.call, connection))
        joined = replace(connection, active_at=self.at(), rpc_session=self.new("rpc"))
        self.apply(changes.join(self.call, joined, most=100))
        if publishes:
            self.publish_as(joined)

    @precondition(has_active)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        self.publish_as(self.some(data))

    def publish_as(self, owner: CallConnection) -> None:
        assert self.call is not None
        if owner.stream is None:
            stream = Stream(
                f"{self.new('str')}_{owner.id}",
                self.at(),
                MediaOptions(),
                self.media_object("endpoint"),
                self.media_object("pass"),
            )
            self.apply(changes.publish(self.call, owner.id, stream))

    @precondition(has_active)
    @rule(data=st.data())
    def subscribe(self, data: st.DataObject) -> None:
        assert self.call is not None
        receiver = self.some(data)
        senders = [
            each for each in self.call.active if each.stream is not None and each is not receiver
        ]
        for sender in senders:
            assert sender.stream is not None
            endpoint = self.media_object("endpoint")
            subscription = Subscription(sender.stream.id, sender.id, self.at(), endpoint)
            self.apply(changes.subscribe(self.call, receiver.id, subscription))
            assert self.call is not None

    @precondition(has_active)
    @rule(data=st.data())
    def unsubscribe(self, data: st.DataObject) -> None:
        assert self.call is not None
        receiver = self.some(data)
        if receiver.subscriptions:
            chosen = data.draw(st.sampled_from(list(receiver.subscriptions.values())))
            at = self.at()
            self.apply(changes.unsubscribe(self.call, receiver.id, chosen.sender_id, at=at))

    @precondition(has_active)
    @rule(data=st.data(), to_owner=st.booleans())
    def unpublish(self, data: st.DataObject, to_owner: bool) -> None:
        assert self.call is not None
        owner = self.some(data)
        if owner.stream is not None:
            self.apply(
                changes.unpublish(
                    self.call,
                    owner.id,
                    Reason.UNPUBLISH,
                    at=self.at(),
                    to_owner=to_owner,
                )
            )

    @precondition(has_active)
    @rule(data=st.data(), reason=ENDS, evicts=st.booleans())
    def leave(self, data: st.DataObject, reason: Reason, evicts: bool) -> None:
        assert self.call is not None
        leaver = self.some(data)
        self.apply(changes.leave(self.call, leaver.id, reason, at=self.at(), evicts=evicts))

    @precondition(lambda self: len(self.call.active) > 2)
    @rule(reason=ENDS)
    def close(self, reason: Reason) -> None:
        assert self.call is not None
        self.apply(changes.close(self.call, reason, at=self.at()))

    @precondition(has_active)
    @rule()
    def rebuild(self) -> None:
        assert self.call is not None
        media = CallMedia("kms_2", "srv2", "rpc2", self.media_object("pipeline"))
        before = set(self.objects)
        passes = {
            each.stream.id: Endpoint("", self.media_object("pass"))
            for each in self.call.active
            if each.stream is not None
        }
        kept = (self.objects - before) | {media.pipeline}
        self.apply(changes.rebuild(self.call, media, passes))
        self.objects |= kept

    @precondition(has_active)
    @rule()
    def restart(self) -> None:
        assert self.call is not None
        media = CallMedia("kms_1", "srv2", "rpc2", self.media_object("pipeline"))
        self.apply(changes.restart(self.call, media, {}, at=self.at()))
        self.objects |= {media.pipeline}
        assert all(each.stream is None for each in self.call.active)

    @invariant()
    def what_is_stored_is_what_is_in_memory(self) -> None:
        assert self.call is not None
        assert self.stored == {
            (self.call.id, ""): self.call.session,
            **{(self.call.id, key): each for key, each in self.call.connections.items()},
        }

    @invariant()
    def subscriptions_have_streams(self) -> None:
        assert self.call is not None
        for receiver in self.call.active:
            for stream_id, subscription in receiver.subscriptions.items():
                sender = self.call.publisher_of(stream_id)
                assert sender is not None
                assert sender.id == subscription.sender_id

    @invariant()
    def media_objects_are_those_of_the_call(self) -> None:
        assert self.call is not None
        used = {self.call.session.media.pipeline} if self.call.session.media else set()
        for each in self.call.active:
            if each.stream is not None:
                used |= {each.stream.endpoint, each.stream.pass_through}
            used |= {subscription.endpoint for subscription in each.subscriptions.values()}
        assert self.objects == used - {""}

    @invariant()
    def beginnings_and_ends_match(self) -> None:
        assert self.call is not None
        names = Counter(event.name for event in self.events)
        active = self.call.active
        legs = sum(len(each.subscriptions) for each in active)
        streams = sum(each.stream is not None for each in active)
        assert names["participantJoined"] - names["participantLeft"] == len(active)
        created, destroyed = names["webrtcConnectionCreated"], names["webrtcConnectionDestroyed"]
        assert created - destroyed == legs + streams
        assert names["sessionCreated"] - names["sessionDestroyed"] == bool(active)


TestCallHistory = CallHistory.TestCase
TestCallHistory.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
