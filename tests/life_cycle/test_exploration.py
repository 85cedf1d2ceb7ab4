"""All interleavings of two Media Nodes, two sessions, one crash and every verb, over the domain."""

import time
from collections.abc import Callable

import pytest

from support.exploration import explore, stuck
from support.life_cycle_world import LostError, TwoNodes, Variant


@pytest.mark.parametrize("variant", Variant)
def test_whatever_happens_no_node_session_or_event_is_lost(
    variant: Variant, tell: Callable[[str], None]
) -> None:
    began = time.monotonic()
    nodes = TwoNodes(variant)

    explored = explore(nodes.beginning(), nodes.moves, LostError)
    left = stuck(explored, nodes.moves_without_people, nodes.is_at_rest)

    tell(
        f"{variant}: {len(explored.came_from):,} states, {explored.moved:,} moves, "
        f"{time.monotonic() - began:.1f} s"
    )
    assert not left, f"no way out of\n{explored.story(left[0])}\n{nodes.tell(left[0])}"
