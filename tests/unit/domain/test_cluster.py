from dataclasses import replace

from mediafleet.domain.media_node import MediaNodeStatus
from support.factories import make_member


def test_new_sessions_are_placed_on_a_running_node_that_answers_and_nowhere_else() -> None:
    member = make_member()
    suspect = replace(member, connection=replace(member.connection, suspect=True))

    assert member.accepts_sessions
    assert not suspect.accepts_sessions
    assert not make_member(connected=False).accepts_sessions
    assert not make_member(status=MediaNodeStatus.WAITING_IDLE_TO_TERMINATE).accepts_sessions
