"""No node can make an answer break the contract, whatever it says of itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.api import wire
from mediafleet.app import load_contract
from mediafleet.contract import ContractSchemas, SchemaValidator
from mediafleet.domain.cluster import Connection, Member
from mediafleet.kurento.protocol import read_server_info, to_load
from mediafleet.kurento.session_cache import PIPELINE_SUFFIX, SessionCache
from mediafleet.kurento.settings import LinkSettings
from support.factories import MOMENT, make_member
from support.hostile_answers import INFO, JSON, MOST_INFO


@pytest.fixture(scope="module")
def media_node() -> SchemaValidator:
    return ContractSchemas(load_contract()).component("MediaNode")


def pipelines() -> st.SearchStrategy[list[str]]:
    name = st.text(max_size=200) | st.from_regex(r"[a-f0-9-]{1,150}", fullmatch=True)
    return st.lists(name.map(lambda text: f"{text}_kurento.MediaPipeline"), max_size=8)


@given(info=JSON | INFO, memory=JSON)
def test_any_server_information_is_fit_to_be_answered(
    media_node: SchemaValidator, info: object, memory: object
) -> None:
    found = read_server_info(info, memory)
    if found is None:
        return

    body = {**wire.media_node(make_member()), "kurentoInfo": wire.kurento_info(found)}

    assert media_node.is_valid(body)


def test_the_most_that_a_server_can_say_is_fit_to_be_answered(media_node: SchemaValidator) -> None:
    limit = LinkSettings().max_sessions_per_node
    book = SessionCache(limit)
    for number in range(limit + 1):
        object_id = f"{number:0>{128 - len(PIPELINE_SUFFIX)}}{PIPELINE_SUFFIX}"
        book.create(object_id, None, now=MOMENT)
        book.set_name(object_id, f"{number:0>128}")
    book.show_all()
    found = read_server_info(MOST_INFO, 1e15 - 1)
    assert found is not None
    member = make_member()
    member = Member(member.node, Connection(last_load=to_load(1e14, 1), sessions=book.sessions()))

    body = {
        **wire.media_node(member),
        "sessions": [wire.session_object(each, "kms_1") for each in member.sessions],
        "kurentoInfo": wire.kurento_info(found),
    }

    assert len(body["sessions"]) == limit
    assert {len(session["sessionId"]) for session in body["sessions"]} == {128}
    media_node.check(body)


@given(used=JSON, count=JSON, ids=pipelines(), names=st.lists(JSON, max_size=8))
def test_any_load_and_sessions_are_fit_to_be_answered(
    media_node: SchemaValidator, used: object, count: object, ids: list[str], names: list[object]
) -> None:
    book = SessionCache(limit=5)
    for object_id in ids:
        book.create(object_id, None, now=MOMENT)
    for object_id, name in zip(ids, names, strict=False):
        if object_id in book:
            book.set_name(object_id, name)
    book.show_all()
    member = make_member()
    connection = Connection(last_load=to_load(used, count), sessions=book.sessions())
    member = Member(member.node, connection)

    body = {
        **wire.media_node(member),
        "sessions": [wire.session_object(each, "kms_1") for each in member.sessions],
    }

    assert media_node.is_valid(body)
    assert len({session["sessionId"] for session in body["sessions"]}) == len(body["sessions"])


def test_times_are_utc_milliseconds_and_a_load_has_two_decimals() -> None:
    member = make_member()
    lost = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
    connection = Connection(connection_time=MOMENT, disconnection_time=lost, last_load=12.34567)

    body = wire.media_node(Member(member.node, connection))

    assert body["connectionTime"] == 1767323045678
    assert body["disconnectionTime"] == 1767323046000
    assert body["load"] == 12.35
    assert "disconnectionTime" not in wire.media_node(make_member())
