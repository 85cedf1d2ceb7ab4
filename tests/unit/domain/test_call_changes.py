"""What requests change in a call: events, notifications and released objects, in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mediafleet.domain import call_changes as changes
from mediafleet.domain.call_errors import (
    AlreadyPublishingError,
    ConnectionNotFoundError,
    FilterExistsError,
    InvalidTokenError,
    StreamNotFoundError,
    TooManySessionsError,
)
from mediafleet.domain.call_notifications import Notification
from mediafleet.domain.calls import (
    Call,
    CallConnection,
    CallMedia,
    CallSession,
    Filter,
    MediaOptions,
    Reason,
    Role,
    Stream,
    Subscription,
)
from mediafleet.domain.media import Endpoint

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = AT + timedelta(seconds=90)
NODE = "kms_1"


def connection(name: str, **values: object) -> CallConnection:
    return CallConnection(id=f"con_{name}", created_at=AT, token=f"tok_{name}", **values)  # type: ignore[arg-type]


def joined(call: Call, name: str) -> Call:
    pending = changes.add_connection(call, connection(name)).call
    assert pending is not None
    ready = replace(pending.connections[f"con_{name}"], active_at=AT, rpc_session=f"rpc_{name}")
    after = changes.join(pending, ready, most=10).call
    assert after is not None
    return after


def stream(name: str) -> Stream:
    return Stream(
        id=f"str_CAM_A1b2_con_{name}",
        created_at=AT,
        media=MediaOptions(frame_rate=30, video_dimensions='{"width":640,"height":480}'),
        endpoint=f"endpoint_{name}",
        pass_through=f"pass_{name}",
    )


def published(call: Call, name: str) -> Call:
    after = changes.publish(call, f"con_{name}", stream(name)).call
    assert after is not None
    return after


def subscribed(call: Call, receiver: str, sender: str) -> Call:
    subscription = Subscription(
        stream(sender).id, f"con_{sender}", AT, f"endpoint_{receiver}_{sender}"
    )
    after = changes.subscribe(call, f"con_{receiver}", subscription).call
    assert after is not None
    return after


@pytest.fixture
def empty() -> Call:
    return Call(CallSession("ses_A", AT, media=CallMedia(NODE, "srv", "rpc", "pipeline")))


@pytest.fixture
def pair(empty: Call) -> Call:
    """Ann and Bob, who publish and receive each other."""
    call = joined(joined(empty, "ann"), "bob")
    call = published(published(call, "ann"), "bob")
    return subscribed(subscribed(call, "ann", "bob"), "bob", "ann")


def names(change: changes.Change) -> list[str]:
    return [event.name for event in change.events]


def notified(change: changes.Change) -> list[tuple[tuple[str, ...], str]]:
    return [(each.to, each.method) for each in change.notifications]


def test_the_first_join_makes_the_session_active(empty: Call) -> None:
    pending = changes.add_connection(empty, connection("ann")).call
    assert pending is not None
    assert not pending.is_active
    ready = replace(pending.connections["con_ann"], active_at=LATER, rpc_session="rpc_ann")

    change = changes.join(pending, ready, most=10)

    assert names(change) == ["sessionCreated", "participantJoined"]
    assert [event.timestamp for event in change.events] == [AT, LATER]
    assert change.call is not None
    assert change.call.is_active
    assert notified(change) == [((), "participantJoined")]


def test_others_are_notified_of_a_join(pair: Call) -> None:
    pending = changes.add_connection(pair, connection("cy", client_data="C")).call
    assert pending is not None
    ready = replace(pending.connections["con_cy"], active_at=LATER, rpc_session="rpc_cy")

    change = changes.join(pending, ready, most=3)

    assert names(change) == ["participantJoined"]
    assert change.notifications == (
        Notification(
            ("rpc_ann", "rpc_bob"),
            "participantJoined",
            {"id": "con_cy", "createdAt": 1767323135000, "metadata": "C"},
        ),
    )
    with pytest.raises(TooManySessionsError, match="2 participants"):
        changes.join(pending, ready, most=2)


def test_a_token_admits_once(pair: Call) -> None:
    pending = changes.add_connection(pair, connection("cy")).call
    assert pending is not None
    assert changes.pending_connection(pending, "tok_cy").id == "con_cy"
    for wrong in ("tok_ann", "tok_x", ""):
        with pytest.raises(InvalidTokenError):
            changes.pending_connection(pending, wrong)


def test_a_camera_has_no_token_to_join_with(empty: Call) -> None:
    camera = replace(connection("cam"), token="")
    call = changes.add_connection(empty, camera).call
    assert call is not None
    with pytest.raises(InvalidTokenError):
        changes.pending_connection(call, "")


def test_publishing_is_announced_to_the_others(empty: Call) -> None:
    call = joined(joined(empty, "ann"), "bob")
    change = changes.publish(call, "con_ann", stream("ann"))
    assert names(change) == ["webrtcConnectionCreated"]
    assert change.notifications == (
        Notification(
            ("rpc_bob",),
            "participantPublished",
            {
                "id": "con_ann",
                "streams": [
                    {
                        "id": "str_CAM_A1b2_con_ann",
                        "createdAt": 1767323045000,
                        "hasAudio": True,
                        "hasVideo": True,
                        "audioActive": True,
                        "videoActive": True,
                        "typeOfVideo": "CAMERA",
                        "frameRate": 30,
                        "videoDimensions": '{"width":640,"height":480}',
                        "filter": {},
                    }
                ],
            },
        ),
    )
    assert change.call is not None
    with pytest.raises(AlreadyPublishingError):
        changes.publish(change.call, "con_ann", stream("ann"))


def test_subscriptions_end_before_the_stream(pair: Call) -> None:
    change = changes.unpublish(pair, "con_ann", Reason.UNPUBLISH, at=LATER, to_owner=False)
    assert [event.payload("") for event in change.events] == [
        {
            "sessionId": "ses_A",
            "timestamp": 1767323135000,
            "startTime": 1767323045000,
            "duration": 90,
            "reason": "unpublish",
            "streamId": "str_CAM_A1b2_con_ann",
            "participantId": participant,
            "connectionId": participant,
            "connection": direction,
            **sender,
            "videoSource": "CAMERA",
            "videoFramerate": 30,
            "videoDimensions": '{"width":640,"height":480}',
            "audioEnabled": True,
            "videoEnabled": True,
        }
        for participant, direction, sender in (
            ("con_bob", "INBOUND", {"receivingFrom": "con_ann"}),
            ("con_ann", "OUTBOUND", {}),
        )
    ]
    assert notified(change) == [(("rpc_bob",), "participantUnpublished")]
    assert change.released == ("endpoint_ann", "pass_ann", "endpoint_bob_ann")
    assert change.call is not None
    assert change.call.connections["con_bob"].subscriptions == {}
    with pytest.raises(StreamNotFoundError):
        changes.unpublish(change.call, "con_ann", Reason.UNPUBLISH, at=AT, to_owner=False)


def test_the_owner_is_notified_of_a_forced_end_of_a_stream_too(pair: Call) -> None:
    change = changes.unpublish(
        pair, "con_ann", Reason.FORCE_UNPUBLISH_BY_SERVER, at=LATER, to_owner=True
    )
    assert notified(change) == [(("rpc_ann", "rpc_bob"), "participantUnpublished")]


def test_who_leaves_takes_streams_and_subscriptions_along(pair: Call) -> None:
    change = changes.leave(pair, "con_ann", Reason.DISCONNECT, at=LATER)
    assert names(change) == [*["webrtcConnectionDestroyed"] * 3, "participantLeft"]
    assert [event.payload("")["participantId"] for event in change.events] == [
        "con_bob",
        "con_ann",
        "con_ann",
        "con_ann",
    ]
    assert notified(change) == [(("rpc_bob",), "participantLeft")]
    assert change.released == ("endpoint_ann", "pass_ann", "endpoint_bob_ann", "endpoint_ann_bob")
    assert change.evicted == ("rpc_ann",)
    assert change.call is not None
    assert list(change.call.connections) == ["con_bob"]


@pytest.mark.parametrize(
    ("reason", "session_reason"),
    [
        (Reason.DISCONNECT, "lastParticipantLeft"),
        (Reason.NETWORK_DISCONNECT, "lastParticipantLeft"),
        (Reason.FORCE_DISCONNECT_BY_SERVER, "lastParticipantLeft"),
        (Reason.FORCE_DISCONNECT_BY_USER, "lastParticipantLeft"),
        (Reason.MEDIA_SERVER_DISCONNECT, "mediaServerDisconnect"),
        (Reason.NODE_CRASHED, "nodeCrashed"),
    ],
)
def test_the_session_ends_with_its_last_connection(
    empty: Call, reason: Reason, session_reason: str
) -> None:
    call = changes.add_connection(joined(empty, "ann"), connection("late")).call
    assert call is not None
    change = changes.leave(call, "con_ann", reason, at=LATER)
    assert change.call is None
    assert names(change) == ["participantLeft", "sessionDestroyed"]
    assert [event.payload("")["reason"] for event in change.events] == [reason, session_reason]
    assert change.released == ("pipeline",)


def test_an_evicted_browser_and_those_that_stay_are_notified(pair: Call) -> None:
    change = changes.leave(
        pair, "con_ann", Reason.FORCE_DISCONNECT_BY_SERVER, at=LATER, evicts=True
    )
    assert notified(change) == [
        (("rpc_bob",), "participantLeft"),
        (("rpc_ann", "rpc_bob"), "participantEvicted"),
    ]


def test_a_pending_connection_is_forgotten_without_a_word(pair: Call) -> None:
    call = changes.add_connection(pair, connection("cy")).call
    assert call is not None
    change = changes.leave(call, "con_cy", Reason.FORCE_DISCONNECT_BY_SERVER, at=LATER)
    assert change == changes.Change(pair)


def test_closing_evicts_everybody(pair: Call) -> None:
    change = changes.close(pair, Reason.SESSION_CLOSED_BY_SERVER, at=LATER)
    assert change.call is None
    assert names(change) == [
        *["webrtcConnectionDestroyed"] * 3,
        "participantLeft",
        "webrtcConnectionDestroyed",
        "participantLeft",
        "sessionDestroyed",
    ]
    assert {event.payload("")["reason"] for event in change.events} == {"sessionClosedByServer"}
    assert notified(change) == [
        (("rpc_ann",), "participantEvicted"),
        (("rpc_bob",), "participantEvicted"),
    ]
    assert change.evicted == ("rpc_ann", "rpc_bob")
    assert change.released == ("pipeline",)


def test_an_unused_session_closes_without_events() -> None:
    call = Call(CallSession("ses_A", AT))
    change = changes.close(call, Reason.SESSION_CLOSED_BY_SERVER, at=LATER)
    assert change == changes.Change(None)


def test_a_second_subscription_replaces_the_first(pair: Call) -> None:
    again = Subscription(stream("ann").id, "con_ann", LATER, "endpoint_new")
    change = changes.subscribe(pair, "con_bob", again)
    assert change.events == ()
    assert change.released == ("endpoint_bob_ann",)


def test_unsubscribing_ends_one_leg(pair: Call) -> None:
    change = changes.unsubscribe(pair, "con_bob", "con_ann", at=LATER)
    assert names(change) == ["webrtcConnectionDestroyed"]
    assert change.released == ("endpoint_bob_ann",)
    assert change.notifications == ()
    assert change.call is not None
    with pytest.raises(ConnectionNotFoundError):
        changes.unsubscribe(change.call, "con_bob", "con_ann", at=LATER)


def test_a_rebuilt_call_waits_for_its_browsers(pair: Call) -> None:
    media = CallMedia("kms_2", "srv2", "rpc2", "pipeline2")
    passes = {stream(name).id: Endpoint("", f"new_{name}") for name in ("ann", "bob")}
    change = changes.rebuild(pair, media, passes)
    assert change.events == ()
    assert change.released == ("pipeline",)
    assert change.call is not None
    ann = change.call.connections["con_ann"]
    assert ann.stream is not None
    assert (ann.stream.endpoint, ann.stream.pass_through) == ("", "new_ann")
    assert [each.endpoint for each in ann.subscriptions.values()] == [""]

    left = changes.leave(change.call, "con_ann", Reason.DISCONNECT, at=LATER)
    assert left.released == ("new_ann",)


def test_a_muted_stream_is_notified_as_text(pair: Call) -> None:
    change = changes.change_media_options(
        pair,
        "con_ann",
        "videoActive",
        False,
        "publishVideo",
    )
    assert change.notifications == (
        Notification(
            ("rpc_bob",),
            "streamPropertyChanged",
            {
                "connectionId": "con_ann",
                "streamId": stream("ann").id,
                "property": "videoActive",
                "newValue": "false",
                "reason": "publishVideo",
            },
        ),
    )
    assert change.call is not None
    muted = change.call.connections["con_ann"].stream
    assert muted is not None
    assert not muted.media.video_active


def test_a_stream_has_one_filter(pair: Call) -> None:
    applied = Filter("GStreamerFilter", '{"command":"videobalance"}', "element")
    change = changes.change_filter(pair, stream("ann").id, applied, by="con_bob", replaces=False)
    assert notified(change) == [(("rpc_ann",), "streamPropertyChanged")]
    assert change.call is not None
    with pytest.raises(FilterExistsError):
        changes.change_filter(change.call, stream("ann").id, applied, by="con_bob", replaces=False)
    named, by = stream("ann").id, "con_bob"
    heard = changes.listen_to_filter(change.call, named, ("con_bob", "CodeFound"), is_on=True)
    assert heard.call is not None
    called = changes.note_filter_method(heard.call, named, "element", ("method", "{}"), by=by)
    removed = changes.change_filter(heard.call, named, None, by=by, replaces=True)
    assert [each.notifications[0].params["reason"] for each in (change, called, removed)] == [
        "applyFilter",
        "execFilterMethod",
        "removeFilter",
    ]
    assert called.call is not None
    assert removed.call is not None
    kept = called.call.connections["con_ann"].stream
    assert kept is not None
    assert kept.filter is not None
    assert kept.filter.listeners == (("con_bob", "CodeFound"),)
    with pytest.raises(StreamNotFoundError):
        changes.note_filter_method(removed.call, named, "element", ("method", "{}"), by=by)
    ended = changes.unpublish(change.call, "con_ann", Reason.UNPUBLISH, at=LATER, to_owner=False)
    assert "element" in ended.released


def test_a_browser_is_notified_of_its_new_role(pair: Call) -> None:
    change = changes.modify(pair, "con_ann", role=Role.MODERATOR, record=False)
    assert [each.params for each in change.notifications] == [
        {"property": "role", "newValue": "MODERATOR"},
        {"property": "record", "newValue": "false"},
    ]
    assert changes.modify(pair, "con_ann", role=Role.PUBLISHER, record=None) == changes.Change(pair)


def test_only_what_changed_is_stored(pair: Call) -> None:
    after = changes.unsubscribe(pair, "con_bob", "con_ann", at=LATER).call
    assert [each.connection_id for each in changes.records("ses_A", pair, after)] == ["con_bob"]
    assert list(changes.records("ses_A", pair, pair)) == []
    gone = list(changes.records("ses_A", pair, None))
    assert [(each.connection_id, each.value) for each in gone] == [
        ("con_ann", None),
        ("con_bob", None),
        ("", None),
    ]
