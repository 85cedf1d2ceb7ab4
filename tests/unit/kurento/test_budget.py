"""How much may be spent in a second: by one, and by all together."""

from __future__ import annotations

import pytest

from mediafleet.kurento.budget import Budget, Traffic


class Seconds:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Seconds()


def test_what_is_saved_up_is_free_and_what_is_beyond_it_is_waited_for(clock):
    budget = Budget(10, 30, clock)
    assert budget.spend(30) == 0
    assert budget.spend(5) == pytest.approx(0.5)
    clock.now += 0.5
    assert budget.spend(1) == pytest.approx(0.1)


def test_no_more_is_saved_up_than_the_burst(clock):
    budget = Budget(10, 30, clock)
    clock.now += 1000
    assert budget.spend(31) == pytest.approx(0.1)


def test_nobody_waits_longer_than_the_longest_wait(clock):
    budget = Budget(10, 30, clock, max_wait=2)
    assert [budget.spend(10**9) for _ in range(3)] == [2.0] * 3


def test_however_many_share_a_budget_it_is_kept(clock):
    budget = Budget(10, 10, clock)
    due = [clock.now] * 1000
    spent = 0
    while clock.now < 200:
        for one, at in enumerate(due):
            if at <= clock.now:
                due[one] = clock.now + max(budget.spend(1), 1)
                spent += 1
        clock.now += 0.5
    assert spent <= 1000 + 10 + 10 * 100


def test_a_calm_node_is_read_whatever_the_others_send(clock):
    shared = Budget(1000, 1000, clock, max_wait=2)
    calm, loud = (Traffic(Budget(10, 100, clock), shared) for _ in range(2))
    assert loud.read(100_000) == 2.0
    assert [calm.read(10) for _ in range(10)] == [0] * 10
    assert calm.read(10) > 0
    clock.now += 1
    assert calm.read(10) == 0


def test_what_is_read_in_a_second_is_bounded_for_one_and_for_all(clock):
    shared = Budget(1000, 1000, clock)
    nodes = {Traffic(Budget(10, 100, clock), shared): 100.0 for _ in range(5)}
    read = 0
    while clock.now < 110:
        for node, due in nodes.items():
            if due <= clock.now:
                nodes[node] = clock.now + node.read(80)
                read += 80
        clock.now += 0.01
    assert read <= 5 * (100 + 10 * 10) + 1000 + 10 * 1000 + 5 * 80
