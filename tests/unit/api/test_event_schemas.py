"""Every event that the domain can make has exactly the properties of its schema."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mediafleet.app import load_contract
from mediafleet.contract import ContractSchemas
from mediafleet.domain.autoscaling import Autoscaling, AutoscalingBlind, Policy, plan
from mediafleet.domain.call_events import (
    FilterEventDispatched,
    ParticipantJoined,
    ParticipantLeft,
    SessionCreated,
    WebrtcConnectionCreated,
    WebrtcConnectionDestroyed,
)
from mediafleet.domain.calls import (
    Camera,
    ConnectionProperties,
    ConnectionType,
    MediaOptions,
    Reason,
    Stream,
    Subscription,
)
from mediafleet.domain.drain import AtDeadline, Drain, Limit
from mediafleet.domain.events import (
    DrainChange,
    MediaNodeDeduplicated,
    MediaNodeDrainChanged,
    MediaNodeForgotten,
    MediaNodeLabelsChanged,
    MediaNodeStatusChanged,
    NodeCrashed,
    NodeRecovered,
    SessionDestroyed,
)
from mediafleet.domain.media_node import MediaNodeStatus
from support.factories import event_names, make_member
from support.store_cases import connection_of

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
CONTRACT = load_contract()
SCHEMAS = CONTRACT["components"]["schemas"]
ENDPOINT: dict[str, Any] = {"ip": "10.0.0.1", "uri": "ws://10.0.0.1:8888/kurento"}
UNKNOWN: dict[str, Any] = {"environment_id": None, "ip": None, "uri": None}
NODE: dict[str, Any] = {"timestamp": AT, "id": "kms_1", "environment_id": "i-0c58", **ENDPOINT}
DRAIN = Drain(Limit(60, AtDeadline.FORCE), AT, 2)
S = MediaNodeStatus
SCALED = [
    make_member(id="kms_1", load=99.126, sessions=1),
    make_member(id="kms_2", status=S.LAUNCHING, uri=None),
    make_member(id="kms_3", status=S.WAITING_IDLE_TO_TERMINATE, load=1.5, sessions=1),
    make_member(id="kms_4", status=S.CANCELED, uri=None),
    make_member(id="kms_5", load=3),
]
IN_ROOM: dict[str, Any] = {"timestamp": AT, "id": "kms_1", "session_id": "room"}
JOINED = connection_of("con_1", active_at=AT.replace(hour=11), platform="Chrome 156")
RECEIVED = Subscription("str_1", "con_1", AT, "endpoint-1")
CAMERA = ConnectionProperties(type=ConnectionType.IPCAM, camera=Camera("rtsp://10.0.0.9/stream"))
PUBLISHERS = [
    replace(JOINED, properties=properties, stream=Stream("str_1", AT, media, "e", "p"))
    for properties in (ConnectionProperties(data="server"), CAMERA)
    for media in (
        MediaOptions(frame_rate=30, video_dimensions='{"width":640,"height":480}'),
        MediaOptions(type_of_video="IPCAM"),
        MediaOptions(has_video=False),
    )
]
STREAMED: list[dict[str, Any]] = [
    {**IN_ROOM, "connection": connection, "stream": publisher.stream, "received": received}
    for publisher in PUBLISHERS
    for connection, received in ((publisher, None), (JOINED, RECEIVED))
]
WITH_OPTIONAL_PROPERTIES = frozenset({WebrtcConnectionCreated.name, WebrtcConnectionDestroyed.name})
LONGEST_CLUSTER_ID, LONGEST_REASON = 128, 4000
"""Of what the configuration and the store take."""
EVENTS: list[Any] = [
    *(
        MediaNodeStatusChanged(**NODE, new_status=status.value, old_status=old)
        for status in MediaNodeStatus
        for old in (None, "launching")
    ),
    MediaNodeStatusChanged(**NODE | UNKNOWN, new_status="launching", old_status=None),
    MediaNodeForgotten(AT, "kms_1", None),
    MediaNodeForgotten(AT, "kms_1", "x" * LONGEST_REASON),
    MediaNodeDeduplicated(AT, "kms_1", None, "kms_2"),
    MediaNodeDeduplicated(AT, "kms_1", ENDPOINT["uri"], "kms_2"),
    NodeCrashed(**NODE, time_of_disconnection=AT, session_ids=()),
    NodeCrashed(**NODE | UNKNOWN, time_of_disconnection=AT, session_ids=("a", "b")),
    NodeRecovered(**NODE),
    NodeRecovered(**NODE | {"environment_id": "i" * 128, "ip": "h" * 253, "uri": "w" * 255}),
    NodeRecovered(**NODE | UNKNOWN),
    SessionDestroyed(AT, "kms_1", "room", AT.replace(hour=11), "nodeCrashed"),
    SessionDestroyed(AT, "kms_1", "room", AT.replace(hour=13), "mediaServerDisconnect"),
    SessionCreated(**IN_ROOM),
    ParticipantJoined(**IN_ROOM, connection=JOINED),
    *(ParticipantLeft(**IN_ROOM, connection=JOINED, reason=reason) for reason in Reason),
    *(WebrtcConnectionCreated(**fields) for fields in STREAMED),
    *(WebrtcConnectionDestroyed(**fields, reason=Reason.UNPUBLISH) for fields in STREAMED),
    FilterEventDispatched(
        **IN_ROOM,
        connection=PUBLISHERS[0],
        stream=STREAMED[0]["stream"],
        filter_type="ZBarFilter",
        event_type="CodeFound",
        data="{value=4006381333931, tags=[]}",
    ),
    *(MediaNodeDrainChanged(AT, "kms_1", change, DRAIN) for change in DrainChange),
    MediaNodeDrainChanged(AT, "kms_1", DrainChange.UNLIMITED, None),
    MediaNodeLabelsChanged(AT, "kms_1", frozenset()),
    MediaNodeLabelsChanged(AT, "kms_1", frozenset({("zone", "eu-1"), ("gpu", "")})),
    *(
        Autoscaling(AT, plan(members, Policy(nodes, nodes, 30, 70)))
        for nodes in (0, 1, 10)
        for members in ([], SCALED, SCALED[:1])
    ),
    AutoscalingBlind(AT, ("kms_1", "kms_2")),
    AutoscalingBlind(AT, tuple(f"kms_{number}" for number in range(10_000))),
    AutoscalingBlind(AT, ()),
]


def schema_name(event: str) -> str:
    return f"{event[0].upper()}{event[1:]}Event"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_payload_is_exactly_what_its_schema_says(event: Any) -> None:
    name = schema_name(event.name)
    payload = event.payload("c" * LONGEST_CLUSTER_ID)

    ContractSchemas(CONTRACT).component(name).check(payload)
    required, properties = SCHEMAS[name]["required"], SCHEMAS[name]["properties"]
    if event.name not in WITH_OPTIONAL_PROPERTIES:
        assert list(payload) == required
        assert set(properties) == {"event", *payload}
    assert list(payload) == [key for key in properties if key in payload]
    assert required == [key for key in payload if key in required]


def test_each_optional_property_is_in_the_payload_of_some_event_and_in_some_it_is_not() -> None:
    for name in WITH_OPTIONAL_PROPERTIES:
        keys = [set(event.payload("")) for event in EVENTS if event.name == name]
        schema = SCHEMAS[schema_name(name)]
        assert set.union(*keys) | {"event"} == set(schema["properties"])
        assert set.intersection(*keys) == set(schema["required"])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_payload_with_a_property_more_or_less_breaks_its_schema(event: Any) -> None:
    schema = ContractSchemas(CONTRACT).component(schema_name(event.name))
    payload = event.payload("clu_1")

    assert not schema.is_valid(payload | {"more": 1})
    for name in SCHEMAS[schema_name(event.name)]["required"]:
        assert not schema.is_valid({key: payload[key] for key in payload if key != name})


def test_every_kind_of_event_has_a_schema_and_a_case_here() -> None:
    kinds = event_names()

    assert {event.name for event in EVENTS} == kinds
    described = SCHEMAS["StoredEvent"]["properties"]["event"]["description"]
    assert {name for name in kinds if f"`{name}`" not in described} == set()
    mapping = SCHEMAS["WebhookBody"]["discriminator"]["mapping"]
    assert mapping == {name: f"#/components/schemas/{schema_name(name)}" for name in mapping}
    assert set(mapping) == kinds
    assert [each["$ref"] for each in SCHEMAS["WebhookBody"]["oneOf"]] == list(mapping.values())
