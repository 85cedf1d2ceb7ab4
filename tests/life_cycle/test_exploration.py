"""All interleavings of Media Nodes, sessions, crashes and every verb, over the domain.

Two nodes are walked with two sessions and one crash. They touch each other where one media server
is behind both, by what may still happen, and by a kill of the server, which hits both. All else
happens to one node alone, so one is walked with all that can happen to it: two sessions, whose ends
are followed, and two faults.
"""

import time
from collections.abc import Callable

import pytest

from mediafleet.domain.lifecycle import Step
from support.exploration import explore
from support.life_cycle_state import Variant
from support.one_node import OneNode
from support.session_states import LostError
from support.two_nodes import TwoNodes

pytestmark = [pytest.mark.timeout(90), pytest.mark.slow]
LAUNCHES = {Step.LAUNCH}
IN_DEPTH = {Step.REACH_DRAIN_DEADLINE, Step.REPORT_LOST_SESSIONS}
"""Steps that only a node walked in depth comes to: for deadlines, and for lost sessions."""
CALLS = {Step.EVICT_CALLS, Step.MOVE_CALLS, Step.REMOVE_LOST_CALLS}
"""Steps for calls of this server, which the model does not have: the sessions in it are those of
other clients. `tests/unit/services/test_hosted_calls.py` races calls with what happens to nodes."""


def steps(labels: set[str]) -> set[Step]:
    joined = " ".join(labels)
    return {step for step in Step if step.name in joined}


@pytest.mark.parametrize("variant", Variant)
def test_whatever_happens_no_node_session_or_event_is_lost(
    variant: Variant, report: Callable[[str], None]
) -> None:
    began = time.monotonic()
    nodes = TwoNodes(variant)

    nodes.explore()
    left = nodes.stuck()

    report(f"two nodes {variant}: {nodes.states:,} states, {time.monotonic() - began:.1f} s")
    taken = set() if variant is Variant.LAUNCHED else LAUNCHES
    assert steps(nodes.labels) == set(Step) - CALLS - IN_DEPTH - taken
    assert not left, f"no way out of\n{nodes.story(left[0])}"


@pytest.mark.parametrize("variant", [Variant.LAUNCHED, Variant.ON_PREMISE])
def test_whatever_happens_to_a_node_each_end_of_a_session_is_emitted_once(
    variant: Variant, report: Callable[[str], None]
) -> None:
    began = time.monotonic()
    node = OneNode(variant)

    explored = explore(node.beginning(), node.moves, LostError)
    left = explored.stuck(node.is_at_rest)

    states = len(explored.came_from)
    report(f"one node {variant}: {states:,} states, {time.monotonic() - began:.1f} s")
    taken = set() if variant is Variant.LAUNCHED else LAUNCHES
    assert steps(explored.labels) == set(Step) - CALLS - taken
    assert not left, f"no way out of\n{explored.story(left[0])}\n{node.describe(left[0])}"
