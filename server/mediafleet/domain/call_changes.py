"""What a request changes in a call: pure functions from a call to the next one.

Each returns a :class:`Change`: the call after it, the events in OpenVidu's order, notifications
of browsers, and which media objects are of no use any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from mediafleet.domain.call_errors import (
    AlreadyPublishingError,
    ConnectionNotFoundError,
    FilterExistsError,
    InvalidTokenError,
    StreamNotFoundError,
    TooManySessionsError,
)
from mediafleet.domain.call_events import (
    ParticipantJoined,
    ParticipantLeft,
    SessionCreated,
    WebrtcConnectionCreated,
    WebrtcConnectionDestroyed,
)
from mediafleet.domain.call_notifications import (
    Notification,
    filter_options,
    notification,
    participant,
    property_changed,
    stream_options,
)
from mediafleet.domain.calls import Call, CallConnection, Reason, Role
from mediafleet.domain.entries import CallRecord
from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.media import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from mediafleet.domain.calls import CallMedia, Filter, Stream, Subscription
    from mediafleet.domain.events import Event

MAX_CONNECTIONS: Final = 1000
"""Connections of a session, pending ones included."""

_ENDS_WITH_THE_LAST = frozenset(
    {
        Reason.DISCONNECT,
        Reason.NETWORK_DISCONNECT,
        Reason.FORCE_DISCONNECT_BY_USER,
        Reason.FORCE_DISCONNECT_BY_SERVER,
    }
)
"""For these the session ends with `lastParticipantLeft`, for others with the same reason."""


@dataclass(frozen=True, slots=True)
class Change:
    """A call after a request, and what follows from that.

    Attributes:
        call: ``None``: the session is over.
        events: To be committed with it, in order.
        notifications: To be sent once it is committed, in order.
        released: Ids of the media objects that nobody needs any more.
        evicted: JSON-RPC sessions that end, after the notifications.
    """

    call: Call | None
    events: tuple[Event, ...] = ()
    notifications: tuple[Notification, ...] = ()
    released: tuple[str, ...] = ()
    evicted: tuple[str, ...] = ()


def records(session_id: str, old: Call | None, new: Call | None) -> Iterator[CallRecord]:
    """What to store when a call changes; ``None``: it was not there before, or is over."""
    if new is not None and (old is None or old.session != new.session):
        yield CallRecord(session_id, new.session)
    before = {} if old is None else old.connections
    after = {} if new is None else new.connections
    for each in after.values():
        if before.get(each.id) is not each:
            yield CallRecord(session_id, each, each.id)
    for connection_id in before:
        if connection_id not in after:
            yield CallRecord(session_id, None, connection_id)
    if new is None:
        yield CallRecord(session_id, None)


def active_connection(call: Call, connection_id: str) -> CallConnection:
    """A connection that has joined.

    Raises:
        ConnectionNotFoundError: There is none with that id.
    """
    found = call.connections.get(connection_id)
    if found is None or not found.is_active:
        raise ConnectionNotFoundError(call.id, connection_id)
    return found


def published_stream(call: Call, stream_id: str) -> tuple[CallConnection, Stream]:
    """A published stream and its connection.

    Raises:
        StreamNotFoundError: There is none with that id.
    """
    owner = call.publisher_of(stream_id)
    if owner is None or owner.stream is None:
        raise StreamNotFoundError(call.id, stream_id)
    return owner, owner.stream


def publisher(call: Call, connection_id: str) -> tuple[CallConnection, Stream]:
    """A connection that publishes, and its stream.

    Raises:
        StreamNotFoundError: It publishes none.
        ConnectionNotFoundError: It has not joined, or has left.
    """
    owner = active_connection(call, connection_id)
    if owner.stream is None:
        raise StreamNotFoundError(call.id, connection_id)
    return owner, owner.stream


def add_connection(call: Call, connection: CallConnection) -> Change:
    """Add a pending connection.

    Raises:
        TooManySessionsError: The session is full.
    """
    if len(call.connections) >= MAX_CONNECTIONS:
        raise TooManySessionsError("connections in this session", MAX_CONNECTIONS, "every session")
    return Change(_with(call, connection))


def pending_connection(call: Call, token: str) -> CallConnection:
    """The connection that a token is for.

    Raises:
        InvalidTokenError: None, or it has joined.
    """
    for each in call.connections.values():
        if each.token == token and not each.is_active and token:
            return each
    raise InvalidTokenError


def place(call: Call, media: CallMedia | None) -> Change:
    """Put the media of a call on a node, or nowhere, without a change of its connections."""
    return Change(replace(call, session=replace(call.session, media=media)))


def join(call: Call, joined: CallConnection, *, most: int) -> Change:
    """Make a pending connection active.

    Args:
        call: Placed on a node.
        joined: The connection as it is from now on.
        most: Active connections that a session may have.

    Raises:
        TooManySessionsError: The session is full.
    """
    active = [each for each in call.active if each.id != joined.id]
    node_id = str(call.node_id)
    if len(active) >= most:
        setting = "MEDIAFLEET_SESSION_PARTICIPANTS"
        raise TooManySessionsError("participants in this session", most, setting)
    at = joined.active_at or joined.created_at
    joining = ParticipantJoined(at, node_id, call.id, joined)
    created = SessionCreated(call.session.created_at, node_id, call.id)
    return Change(
        _with(call, joined),
        events=(joining,) if active else (created, joining),
        notifications=(notification(active, "participantJoined", participant(joined)),),
    )


def join_and_publish(call: Call, joined: CallConnection, stream: Stream, *, most: int) -> Change:
    """Make a camera's connection active, and publish its stream."""
    joining = join(_with(call, joined), joined, most=most)
    publishing = publish(joining.call or call, joined.id, stream)
    return Change(
        publishing.call,
        (*joining.events, *publishing.events),
        (*joining.notifications, *publishing.notifications),
    )


def publish(call: Call, connection_id: str, stream: Stream) -> Change:
    """Begin to publish a stream.

    Raises:
        AlreadyPublishingError: It publishes one already.
        ConnectionNotFoundError: It has left.
    """
    connection = active_connection(call, connection_id)
    if connection.stream is not None:
        raise AlreadyPublishingError
    published = replace(connection, stream=stream)
    others = [each for each in call.active if each.id != connection_id]
    event = WebrtcConnectionCreated(
        stream.created_at, str(call.node_id), call.id, published, stream
    )
    return Change(
        _with(call, published),
        events=(event,),
        notifications=(
            notification(
                others,
                "participantPublished",
                {"id": connection_id, "streams": [stream_options(stream)]},
            ),
        ),
    )


def subscribe(call: Call, connection_id: str, subscription: Subscription) -> Change:
    """Begin to receive a stream; an earlier subscription to it is replaced without an event.

    Raises:
        StreamNotFoundError: It is not published any more.
        ConnectionNotFoundError: The receiver has left.
    """
    receiver = active_connection(call, connection_id)
    _, stream = published_stream(call, subscription.stream_id)
    old = receiver.subscriptions.get(stream.id)
    subscribed = replace(
        receiver, subscriptions={**receiver.subscriptions, stream.id: subscription}
    )
    created = WebrtcConnectionCreated(
        subscription.created_at, str(call.node_id), call.id, subscribed, stream, subscription
    )
    return Change(
        _with(call, subscribed),
        events=() if old else (created,),
        released=_objects(old.endpoint) if old else (),
    )


def unsubscribe(call: Call, connection_id: str, sender_id: str, *, at: datetime) -> Change:
    """Receive a connection's stream no more.

    Raises:
        ConnectionNotFoundError: The receiver has left, or receives nothing from that sender.
    """
    receiver = active_connection(call, connection_id)
    for subscription in receiver.subscriptions.values():
        if subscription.sender_id == sender_id:
            events = _ended(call, receiver, [subscription], Reason.UNSUBSCRIBE, at)
            after = _without(receiver, subscription.stream_id)
            return Change(_with(call, after), tuple(events), (), _objects(subscription.endpoint))
    raise ConnectionNotFoundError(call.id, sender_id)


def unpublish(
    call: Call, connection_id: str, reason: Reason, *, at: datetime, to_owner: bool
) -> Change:
    """End the stream of a connection, and all subscriptions to it.

    Raises:
        StreamNotFoundError: It publishes none.
        ConnectionNotFoundError: It has left.
    """
    owner, _ = publisher(call, connection_id)
    receivers = [each for each in call.active if to_owner or each.id != connection_id]
    after, events, released = _end_stream(call, owner, reason, at)
    return Change(
        after,
        tuple(events),
        (
            notification(
                receivers,
                "participantUnpublished",
                {"connectionId": connection_id, "reason": str(reason)},
            ),
        ),
        released,
    )


def leave(
    call: Call, connection_id: str, reason: Reason, *, at: datetime, evicts: bool = False
) -> Change:
    """End a connection; the session ends with its last one.

    Args:
        call: The call.
        connection_id: Of the connection; a pending one is only forgotten.
        reason: Why it ends.
        at: The moment.
        evicts: Its browser is notified, and its JSON-RPC session ends.

    Raises:
        ConnectionNotFoundError: There is none with that id.
    """
    leaver = call.connections.get(connection_id)
    if leaver is None:
        raise ConnectionNotFoundError(call.id, connection_id)
    if not leaver.is_active:
        return Change(_drop(call, connection_id))
    after, events, released = _end_stream(call, leaver, reason, at)
    own = tuple(leaver.subscriptions.values())
    events += _ended(call, leaver, own, reason, at)
    released += _objects(*(each.endpoint for each in own))
    events.append(ParticipantLeft(at, str(call.node_id), call.id, leaver, str(reason)))
    after = _drop(after, connection_id)
    rest = after.active
    params = {"connectionId": connection_id, "reason": str(reason)}
    notifications = [notification(rest, "participantLeft", params)]
    if evicts:
        notifications.append(notification([leaver, *rest], "participantEvicted", params))
    evicted = (leaver.rpc_session,) if leaver.rpc_session else ()
    if rest:
        return Change(after, tuple(events), tuple(notifications), released, evicted)
    over = Reason.LAST_PARTICIPANT_LEFT if reason in _ENDS_WITH_THE_LAST else reason
    events.append(_destroyed(call, over, at))
    return Change(None, tuple(events), tuple(notifications), _pipeline(call), evicted)


def close(call: Call, reason: Reason, *, at: datetime) -> Change:
    """End a session and all its connections; browsers are notified."""
    events: list[Event] = []
    active = call.active
    remaining: Call = call
    for leaver in active:
        part = leave(remaining, leaver.id, reason, at=at)
        events += part.events
        remaining = part.call or remaining
    notifications = tuple(
        notification([each], "participantEvicted", {"connectionId": each.id, "reason": str(reason)})
        for each in active
    )
    evicted = tuple(each.rpc_session for each in active if each.rpc_session)
    return Change(None, tuple(events), notifications, _pipeline(call), evicted)


def replace_publisher(call: Call, connection_id: str, endpoint: str, pass_through: str) -> Change:
    """Publish the same stream through another endpoint; nobody is notified.

    Raises:
        StreamNotFoundError: It is not published any more.
        ConnectionNotFoundError: The publisher has left.
    """
    owner, published = publisher(call, connection_id)
    stream = replace(published, endpoint=endpoint, pass_through=pass_through)
    return Change(_with(call, replace(owner, stream=stream)))


def rebuild(call: Call, media: CallMedia, endpoints: Mapping[str, Endpoint]) -> Change:
    """Put a call on new media; its browsers are to connect their streams again.

    Args:
        call: The call.
        media: With the new pipeline. Filters are not applied again.
        endpoints: By stream id; of a browser the PassThrough alone. A stream without one has
            begun or ended meanwhile.
    """
    none = Endpoint("")
    connections = {
        each.id: each
        if not each.is_active
        else replace(
            each,
            stream=each.stream
            and replace(
                each.stream,
                endpoint=endpoints.get(each.stream.id, none).id,
                pass_through=endpoints.get(each.stream.id, none).pass_through,
                filter=None,
            ),
            subscriptions={
                key: replace(subscription, endpoint="")
                for key, subscription in each.subscriptions.items()
            },
        )
        for each in call.connections.values()
    }
    session = replace(call.session, media=media)
    return Change(Call(session, connections), released=_pipeline(call))


def restart(
    call: Call, media: CallMedia, cameras: Mapping[str, Endpoint], *, at: datetime
) -> Change:
    """Put a call on new media after its media server was started again: all streams end.

    Args:
        call: The call. Its participants stay, and may publish anew.
        media: With the new pipeline.
        cameras: Their new endpoints by stream id; they are published again.
        at: The moment.
    """
    after = replace(call, session=replace(call.session, media=media))
    events: list[Event] = []
    notifications: list[Notification] = []
    streams = {each.id: each.stream for each in call.active if each.stream is not None}
    for owner_id in streams:
        reason = Reason.MEDIA_SERVER_RECONNECT
        ended = unpublish(after, owner_id, reason, at=at, to_owner=True)
        after = ended.call or after
        events += ended.events
        notifications += ended.notifications
    for owner_id, stream in streams.items():
        if (endpoint := cameras.get(stream.id)) is not None:
            new = replace(stream, endpoint=endpoint.id, pass_through=endpoint.pass_through)
            begun = publish(after, owner_id, replace(new, created_at=at))
            after = begun.call or after
            events += begun.events
            notifications += begun.notifications
    return Change(after, tuple(events), tuple(notifications), _pipeline(call))


def change_media_options(
    call: Call,
    connection_id: str,
    name: str,
    value: bool | str | Mapping[str, Any],  # noqa: FBT001 - as browsers send it
    reason: str,
) -> Change:
    """Change whether audio or video of the own stream are on, or its dimensions; notify the others.

    Of other properties, such as the name of a track, the others are only notified. They get each
    value as JSON text, so that dimensions, which are JSON text already, are encoded twice.

    Raises:
        StreamNotFoundError: It publishes none.
        ConnectionNotFoundError: It has left.
    """
    owner, published = publisher(call, connection_id)
    media = published.media
    if name == "audioActive":
        media = replace(media, audio_active=value is True)
    elif name == "videoActive":
        media = replace(media, video_active=value is True)
    elif name == "videoDimensions":
        media = replace(media, video_dimensions=str(value))
    stream = replace(published, media=media)
    after = _with(call, replace(owner, stream=stream))
    text = orjson.dumps(value).decode()
    return Change(
        after,
        notifications=(property_changed(after, owner, stream, (name, text), reason, but=owner.id),),
    )


def change_filter(
    call: Call, stream_id: str, applied: Filter | None, *, by: str, replaces: bool
) -> Change:
    """Apply, change or remove the filter of a stream; notify all but who asked.

    Raises:
        StreamNotFoundError: It is not published any more.
        FilterExistsError: It has another filter already.
    """
    owner, stream = published_stream(call, stream_id)
    if stream.filter is not None and not replaces:
        raise FilterExistsError("The stream has a filter already; remove it first")
    filtered = replace(stream, filter=applied)
    after = _with(call, replace(owner, stream=filtered))
    changed = ("filter", filter_options(applied))
    reason = "execFilterMethod" if replaces else "applyFilter"
    if applied is None:
        reason = "removeFilter"
    seen = property_changed(after, owner, filtered, changed, reason, but=by)
    return Change(after, notifications=(seen,))


def note_filter_method(
    call: Call, stream_id: str, element: str, method: tuple[str, str], *, by: str
) -> Change:
    """Note the method of a filter that was executed last; notify all but who asked.

    Raises:
        StreamNotFoundError: The stream, or that filter of it, is gone.
    """
    _, stream = published_stream(call, stream_id)
    if stream.filter is None or stream.filter.element != element:
        raise StreamNotFoundError(call.id, stream_id)
    called = replace(stream.filter, last_method=method)
    return change_filter(call, stream_id, called, by=by, replaces=True)


def listen_to_filter(
    call: Call, stream_id: str, listener: tuple[str, str], *, is_on: bool
) -> Change:
    """Add or remove a listener (connection, type of event) of a stream's filter.

    Raises:
        StreamNotFoundError: It is not published any more, or has no filter.
    """
    owner, stream = published_stream(call, stream_id)
    if stream.filter is None:
        raise StreamNotFoundError(call.id, stream_id)
    others = tuple(each for each in stream.filter.listeners if each != listener)
    listeners = (*others, listener) if is_on else others
    filtered = replace(stream, filter=replace(stream.filter, listeners=listeners))
    return Change(_with(call, replace(owner, stream=filtered)))


def modify(call: Call, connection_id: str, *, role: Role | None, record: bool | None) -> Change:
    """Give a connection another role, or another value of `record`; notify its browser.

    Raises:
        ConnectionNotFoundError: There is none with that id.
    """
    known = call.connections.get(connection_id)
    if known is None:
        raise ConnectionNotFoundError(call.id, connection_id)
    new: dict[str, Any] = {}
    if role is not None and role is not known.properties.role:
        new["role"] = role
    if record is not None and record is not known.properties.record:
        new["record"] = record
    if not new:
        return Change(call)
    changed = replace(known, properties=replace(known.properties, **new))
    return Change(
        _with(call, changed),
        notifications=tuple(
            notification(
                [known] if known.is_active else [],
                "connectionPropertyChanged",
                {"property": name, "newValue": str(value).lower() if name == "record" else value},
            )
            for name, value in new.items()
        ),
    )


def signal(call: Call, receivers: Iterable[CallConnection], message: Mapping[str, Any]) -> Change:
    """Pass a message on; the call stays as it is."""
    return Change(call, notifications=(notification(receivers, "sendMessage", message),))


def _with(call: Call, connection: CallConnection) -> Call:
    return replace(call, connections={**call.connections, connection.id: connection})


def _drop(call: Call, connection_id: str) -> Call:
    rest = {key: each for key, each in call.connections.items() if key != connection_id}
    return replace(call, connections=rest)


def _without(receiver: CallConnection, stream_id: str) -> CallConnection:
    rest = {key: each for key, each in receiver.subscriptions.items() if key != stream_id}
    return replace(receiver, subscriptions=rest)


def _end_stream(
    call: Call, owner: CallConnection, reason: Reason, at: datetime
) -> tuple[Call, list[Event], tuple[str, ...]]:
    """End a connection's stream, if it publishes one, and first all subscriptions to it."""
    stream = owner.stream
    if stream is None:
        return call, [], ()
    events: list[Event] = []
    released = [stream.endpoint, stream.pass_through]
    connections = dict(call.connections)
    for receiver in call.active:
        if (subscription := receiver.subscriptions.get(stream.id)) is not None:
            events += _ended(call, receiver, [subscription], reason, at)
            released.append(subscription.endpoint)
            connections[receiver.id] = _without(receiver, stream.id)
    events.append(
        WebrtcConnectionDestroyed(at, str(call.node_id), call.id, owner, stream, str(reason))
    )
    if stream.filter is not None:
        released.append(stream.filter.element)
    connections[owner.id] = replace(connections[owner.id], stream=None)
    return replace(call, connections=connections), events, _objects(*released)


def _ended(
    call: Call,
    receiver: CallConnection,
    subscriptions: Iterable[Subscription],
    reason: Reason,
    at: datetime,
) -> list[Event]:
    """The events of subscriptions that end."""
    events: list[Event] = []
    for subscription in subscriptions:
        _, stream = published_stream(call, subscription.stream_id)
        events.append(
            WebrtcConnectionDestroyed(
                at, str(call.node_id), call.id, receiver, stream, str(reason), subscription
            )
        )
    return events


def _destroyed(call: Call, reason: Reason, at: datetime) -> SessionDestroyed:
    return SessionDestroyed(
        timestamp=at,
        id=str(call.node_id),
        session_id=call.id,
        start_time=call.session.created_at,
        reason=str(reason),
    )


def _objects(*ids: str) -> tuple[str, ...]:
    """Ids of media objects; one that was never created, or is lost, has none."""
    return tuple(each for each in ids if each)


def _pipeline(call: Call) -> tuple[str, ...]:
    """The pipeline; to release it releases all that is in it."""
    return _objects(call.session.media.pipeline) if call.session.media else ()
