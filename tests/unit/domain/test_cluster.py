from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain.cluster import (
    WAITING_STATUSES,
    Cluster,
    Member,
    MemberIndex,
    Progress,
    Trait,
)
from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.machines import Machine
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNodeStatus
from support.factories import make_member


def test_new_sessions_are_placed_on_a_running_node_that_answers_and_nowhere_else() -> None:
    member = make_member()
    suspect = replace(member, connection=replace(member.connection, suspect=True))

    assert member.accepts_sessions
    assert not suspect.accepts_sessions
    assert not make_member(connected=False).accepts_sessions
    assert not make_member(status=MediaNodeStatus.WAITING_IDLE_TO_TERMINATE).accepts_sessions


NODE_IDS = st.sampled_from(["kms_A", "kms_B", "kms_C"])
URIS = st.sampled_from(["ws://10.0.0.1:8888/kurento", "ws://10.0.0.1:08888/kurento", "ws://other/"])
MACHINES = st.none() | st.builds(Machine, st.sampled_from(["i-1", "i-2"]), URIS)


@st.composite
def members(draw: st.DrawFn) -> Member:
    member = make_member(
        id=draw(NODE_IDS),
        uri=draw(st.none() | URIS),
        status=draw(st.sampled_from(MediaNodeStatus)),
        connected=draw(st.booleans()),
    )
    connection = replace(member.connection, server_id=draw(st.none() | st.sampled_from("12")))
    progress = Progress(error=draw(st.none() | st.just("the environment fails")))
    return replace(member, connection=connection, machine=draw(MACHINES), progress=progress)


@given(st.lists(members() | NODE_IDS))
def test_an_index_finds_what_a_look_at_all_members_finds(changes: list[Member | str]) -> None:
    """A member stands for its addition or change, an id for its removal."""
    known: dict[str, Member] = {}
    index = MemberIndex()
    cluster = Cluster(known, index)
    for change in changes:
        if isinstance(change, Member):
            known[change.node.id] = change
            index.put(change)
        else:
            known.pop(change, None)
            index.remove(change)

        everyone = tuple(known.values())
        for uri in ("ws://10.0.0.1:8888/kurento", "ws://other/"):
            endpoint = MediaServerUri.parse(uri)
            at = tuple(m for m in everyone if m.uri and MediaServerUri.parse(m.uri) == endpoint)
            assert cluster.at_endpoint(endpoint) == at
        for name in ("i-1", "i-2"):
            of_machine = tuple(m for m in everyone if m.located().environment_id == name)
            assert cluster.of_machine(name) == of_machine
        for server_id in ("1", "2"):
            of_server = tuple(m for m in everyone if m.connection.server_id == server_id)
            assert cluster.of_server(server_id) == of_server
        assert cluster.with_trait(Trait.ACCEPTS_SESSIONS) == tuple(
            m for m in everyone if m.accepts_sessions
        )
        assert cluster.with_trait(Trait.DISCONNECTED) == tuple(
            m for m in everyone if m.node.status in SERVING_STATUSES and not m.connection.connected
        )
        assert cluster.with_trait(Trait.WAITING) == tuple(
            m for m in everyone if m.node.status in WAITING_STATUSES or m.progress.error
        )
        rebuilt = Cluster(known)
        assert all(rebuilt.with_trait(t) == cluster.with_trait(t) for t in Trait)
    for node_id in known:
        index.remove(node_id)
    assert not index._ids, "nothing is left behind"
    assert not index._numbers
