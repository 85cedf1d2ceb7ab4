"""Connections of calls are measured evenly, and a node that does not answer costs one request."""

from collections import Counter
from random import Random

import anyio
import pytest

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain.calls import (
    Call,
    CallConnection,
    CallMedia,
    CallSession,
    Filter,
    MediaOptions,
    Stream,
)
from mediafleet.domain.placement import Reservations
from mediafleet.services import call_statistics
from mediafleet.services.call_statistics import AT_ONCE, CallStatistics
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.placements import Placements
from mediafleet.services.rooms import CallSettings, Rooms
from support.call_media import CountedMedia
from support.factories import MOMENT

pytestmark = pytest.mark.anyio

INTERVAL_S = 1.0


def call(session_id, node_id, publishers):
    """A session whose participants publish, through a filter."""
    connections = {}
    for number in range(publishers):
        name = f"{session_id}_{number}"
        stream = Stream(
            f"str_{name}", MOMENT, MediaOptions(), f"end_{name}", "", filter=Filter("f", "", name)
        )
        connections[name] = CallConnection(name, MOMENT, "", active_at=MOMENT, stream=stream)
    return Call(CallSession(session_id, MOMENT, media=CallMedia(node_id, "", "", "p")), connections)


class Measured:
    def __init__(self, *calls):
        clock = AwakeClock(SystemClock())
        self.state = state = ClusterState(clock, Reservations(measured_after=1))
        self.media = CountedMedia()
        placements = Placements(state, clock, lambda: "")
        self.rooms = Rooms(state, placements, self.media, CallSettings)
        self.load(*calls)
        self.statistics = CallStatistics(self.rooms, self.media, clock, Random(1))
        self.documents = []

    def load(self, *calls):
        for each in calls:
            self.state._place_call(each.id, each.session)
        self.rooms.load(calls)

    async def until(self, condition):
        """Measure until something holds."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.statistics.run, INTERVAL_S, self.add)
            with anyio.fail_after(20):
                while not condition():
                    await anyio.sleep(0.005)
            tasks.cancel_scope.cancel()

    def add(self, kind, body):
        assert kind == "webrtcStats"
        self.documents.append(body)


async def test_each_endpoint_is_measured_once_in_an_interval():
    measured = Measured(call("ses_A", "kms_1", 40), call("ses_B", "kms_2", 2))
    await measured.until(lambda: len(measured.documents) >= 2 * 42)
    counts = Counter((body["endpoint"], body["mediaType"]) for body in measured.documents)
    assert set(counts.values()) == {1}
    assert len(counts) == 2 * 42
    assert max(len(ids) for _, ids, _ in measured.media.asked) == AT_ONCE
    assert {body["media_node_id"] for body in measured.documents} == {"kms_1", "kms_2"}


async def test_what_is_there_then_is_measured():
    measured = Measured(call("ses_A", "kms_1", 1))
    await measured.until(lambda: len(measured.documents) == 2)
    measured.load(call("ses_B", "kms_2", 1))
    await measured.until(lambda: len(measured.documents) == 6)
    assert {body["sessionId"] for body in measured.documents[2:]} == {"ses_A", "ses_B"}


async def test_a_node_that_does_not_answer_costs_one_request_and_delays_no_other(monkeypatch):
    monkeypatch.setattr(call_statistics, "AT_ONCE", 1)
    measured = Measured(call("ses_A", "kms_1", 5), call("ses_B", "kms_2", 5))
    measured.media.unreachable = {"kms_1"}
    await measured.until(lambda: len(measured.documents) >= 10)
    asked = Counter(node_id for node_id, _, _ in measured.media.asked)
    assert asked == {"kms_1": 1, "kms_2": 10}
    assert len(measured.documents) == 10


async def test_without_calls_nothing_is_asked():
    measured = Measured(Call(CallSession("ses_A", MOMENT)))
    with anyio.move_on_after(0.1):
        await measured.statistics.run(0.02, measured.add)
    assert measured.media.asked == []
