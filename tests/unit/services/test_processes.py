from hypothesis import given
from hypothesis import strategies as st

from mediafleet.services.processes import Processes

NODES = st.sampled_from(["kms_A", "kms_B", "kms_C"])
SERVERS = st.none() | st.sampled_from(["1", "2"])


@given(st.lists(st.tuples(NODES, SERVERS)))
def test_it_is_as_if_all_members_were_looked_at(noted: list[tuple[str, str | None]]) -> None:
    processes, known = Processes(), dict.fromkeys(["kms_A", "kms_B", "kms_C"])
    for node_id, server_id in noted:
        processes.note(node_id, server_id)
        known[node_id] = server_id

        for each, process in known.items():
            same = {other for other in known if process is not None and known[other] == process}
            assert processes.shared_by(each) == same
    assert len(processes._members) == len(set(known.values()) - {None}), "nothing is left behind"
