"""Which ends of sessions are emitted already, also by an earlier server."""

import random
from datetime import timedelta

import pytest

from mediafleet.clock import AwakeClock, SystemClock
from mediafleet.domain.cluster import Session
from mediafleet.domain.entries import EventOnly, Mutation
from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.media_node import new_media_node
from mediafleet.kurento import KurentoMediaServers, LinkSettings
from mediafleet.services.cluster_state import ClusterState
from mediafleet.services.evictions import Evictions
from mediafleet.store import SqlStore
from support.factories import MOMENT

pytestmark = pytest.mark.anyio

NODE_ID = "kms_A0000001"
OBJECT_ID = "a_kurento.MediaPipeline"


@pytest.mark.parametrize("emitted_as", ["room", OBJECT_ID])
async def test_an_end_emitted_by_an_earlier_server_is_found_by_either_id(
    store: SqlStore, emitted_as: str
) -> None:
    clock = AwakeClock(SystemClock())
    state, source = ClusterState(clock), random.Random(1)
    servers = KurentoMediaServers(
        state.observe, clock=clock, random=source, settings=LinkSettings()
    )
    end = SessionDestroyed(
        timestamp=MOMENT, id=NODE_ID, session_id=emitted_as, start_time=MOMENT, reason="nodeCrashed"
    )
    same = Session("room", OBJECT_ID, MOMENT.replace(microsecond=0))
    other = Session("room", "b_kurento.MediaPipeline", MOMENT + timedelta(minutes=1))
    async with state.kept_in(store):
        await state.apply(Mutation(*new_media_node(NODE_ID, at=MOMENT)), EventOnly(end))

        reported = await Evictions(state, servers, clock).reported(NODE_ID, (same, other))

    assert reported == (same,)
