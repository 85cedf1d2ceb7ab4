"""All interleavings of two Media Nodes, two sessions, one crash and every verb, over the domain."""

import time
from collections.abc import Callable

import pytest

from mediafleet.domain.lifecycle import Step
from support.exploration import explore, stuck
from support.life_cycle_world import LostError, TwoNodes, Variant

STEPS = {
    variant: set(Step) - {Step.CLOSE_BOOKS} - ({Step.LAUNCH, Step.EXPIRE} if taken else set())
    for variant, taken in (
        (Variant.LAUNCHED, False),
        (Variant.ON_PREMISE, True),
        (Variant.TWINS, True),
    )
}
"""What the server does by itself in each world; books are closed for what is in memory only."""


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
    told = " ".join(explored.labels)
    assert {step for step in Step if step.name in told} == STEPS[variant]
    assert not left, f"no way out of\n{explored.story(left[0])}\n{nodes.tell(left[0])}"
