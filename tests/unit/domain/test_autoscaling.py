"""The plan of autoscaling: the published scenarios, the order of preference, laws, guards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mediafleet.domain.autoscaling import Cause, Inputs, Plan, Policy, plan
from mediafleet.domain.autoscaling_guards import Guards, History, guarded
from mediafleet.domain.cluster import Member
from mediafleet.domain.drain import AtDeadline, Drain, Limit
from mediafleet.domain.media_node import MediaNodeStatus as S
from mediafleet.domain.media_node import transition
from support.factories import MOMENT, make_member

POLICY = Policy(min_nodes=1, max_nodes=8, min_load=30, max_load=70)


def node(number: int, status: S = S.RUNNING, load: float | None = None, **changes: Any) -> Member:
    return make_member(
        id=f"kms_{number:04}",
        status=status,
        load=load if status not in {S.LAUNCHING, S.CANCELED} else None,
        launching_time=MOMENT + timedelta(seconds=number),
        **changes,
    )


def ids(members: Sequence[Member]) -> list[int]:
    return [int(member.node.id.removeprefix("kms_")) for member in members]


def applied(members: Sequence[Member], planned: Plan) -> list[Member]:
    """The cluster once a plan is carried out."""

    def moved(member: Member, to: S) -> Member:
        return replace(member, node=transition(member.node, to, at=MOMENT)[0])

    def after(member: Member) -> Member:
        if member in planned.restored:
            return moved(member, S.RUNNING)
        if member in planned.resumed:
            return moved(member, S.LAUNCHING)
        if member in planned.canceled:
            return moved(member, S.CANCELED)
        if member in planned.removed:
            hosts = bool(member.connection.sessions)
            return moved(member, S.WAITING_IDLE_TO_TERMINATE if hosts else S.TERMINATING)
        return member

    new = [node(1000 + len(members) + n, S.LAUNCHING) for n in range(planned.new_nodes)]
    return [*map(after, members), *new]


# The two scenarios published with OpenVidu Pro, in steps of five minutes. The new node of the first
# one needs 15 minutes to run, that of the second one as long.

SCENARIO_1 = (
    # total load, average load, running, launching: before the decision; then what is decided
    (0.0, 0.0, 1, 0, ""),
    (0.0, 0.0, 1, 0, ""),
    (36.59, 36.59, 1, 0, ""),
    (36.59, 36.59, 1, 0, ""),
    (36.59, 36.59, 1, 0, ""),
    (73.18, 73.18, 1, 0, "launch"),
    (73.18, 36.59, 1, 1, ""),
    (73.18, 36.59, 1, 1, ""),
    (73.18, 36.59, 2, 0, ""),
    (36.59, 18.295, 2, 0, "terminate"),
    (36.59, 36.59, 1, 0, ""),
    (36.59, 36.59, 1, 0, ""),
    (36.59, 36.59, 1, 0, ""),
)
SCENARIO_2 = (
    (0.0, 0.0, 1, 0, ""),
    (0.0, 0.0, 1, 0, ""),
    (25.0, 25.0, 1, 0, ""),
    (50.0, 50.0, 1, 0, ""),
    (75.0, 75.0, 1, 0, "launch"),
    (100.0, 50.0, 1, 1, ""),
    (125.0, 62.5, 1, 1, ""),
    (150.0, 75.0, 2, 0, ""),
    (150.0, 75.0, 2, 0, ""),
    (125.0, 62.5, 2, 0, ""),
    (125.0, 62.5, 2, 0, ""),
    (125.0, 62.5, 2, 0, ""),
    (125.0, 62.5, 2, 0, ""),
)


@pytest.mark.parametrize(
    ("max_nodes", "steps"), [(8, SCENARIO_1), (2, SCENARIO_2)], ids=["big sessions", "small ones"]
)
def test_the_published_scenarios_minute_by_minute(max_nodes: int, steps: Any) -> None:
    policy = replace(POLICY, max_nodes=max_nodes)
    members = [node(1, load=0.0)]
    for number, (total, average, running, launching, decided) in enumerate(steps):
        if launching == 0 and running == 2 and members[1].node.status is S.LAUNCHING:
            members[1] = node(2, load=0.0)
        sessions = round(total / (36.59 if max_nodes == 8 else 25))
        first = node(1, load=total, sessions=sessions)
        for minute in range(5):
            members = [first, *members[1:]]
            found = plan(members, policy)
            if minute == 0:
                assert found.inputs.total_load == pytest.approx(total), number
                assert found.inputs.avg_load == pytest.approx(average), number
                assert (len(found.inputs.running), len(found.inputs.launching)) == (
                    running,
                    launching,
                ), number
                grown, shrunk = found.new_nodes, ids(found.removed)
                assert (grown, shrunk) == (
                    (1, []) if decided == "launch" else (0, [2] if decided else [])
                ), number
                members = [
                    each
                    for each in applied(members, found)
                    if each.node.status is not S.TERMINATING
                ]
            else:
                assert found.is_empty, (number, minute)


def test_the_published_event_cancels_two_launches_at_once() -> None:
    policy = replace(POLICY, max_nodes=3)
    found = plan(
        [node(1, load=23.84, sessions=1), node(2, S.LAUNCHING), node(3, S.LAUNCHING)], policy
    )
    assert (ids(found.canceled), found.removed) == ([3, 2], ())
    assert found.inputs.avg_load == 7.946666666666666
    assert found.reason == (
        "The average load (7.95%) is below the limits [30.00%, 70.00%] and the minimum of nodes (1)"
        " is not reached. Active nodes: 3 (2 launching and 1 running). 2 launching nodes are"
        " canceled."
    )


def test_quarantined_nodes_add_load_and_no_capacity() -> None:
    found = plan(
        [node(1, load=60), node(2, S.WAITING_IDLE_TO_TERMINATE, load=90, sessions=1)], POLICY
    )
    assert found.inputs.avg_load == 150
    assert (ids(found.restored), found.new_nodes) == ([2], 1)


@pytest.mark.parametrize("status", [S.CANCELED, S.TERMINATING, S.FAILED])
def test_other_statuses_count_nowhere(status: S) -> None:
    inputs = Inputs.of([node(1, load=50), node(2, status, load=90)])
    assert (inputs.num_nodes, inputs.total_load) == (1, 50)


@pytest.mark.parametrize(("load", "cause"), [(70, Cause.WITHIN_LIMITS), (70.01, Cause.HIGH_LOAD)])
def test_the_upper_limit_itself_is_within(load: float, cause: Cause) -> None:
    assert plan([node(1, load=load)], POLICY).cause is cause


@pytest.mark.parametrize(("load", "cause"), [(30, Cause.WITHIN_LIMITS), (29.99, Cause.LOW_LOAD)])
def test_the_lower_limit_itself_is_within(load: float, cause: Cause) -> None:
    assert plan([node(1, load=load), node(2, load=load)], POLICY).cause is cause


def test_growth_restores_then_resumes_the_oldest_launches_then_launches() -> None:
    members = [
        node(1, load=100, sessions=4),
        node(2, S.WAITING_IDLE_TO_TERMINATE, load=95, sessions=4),
        node(3, S.CANCELED),
        node(4, S.CANCELED),
        node(5, S.WAITING_IDLE_TO_TERMINATE, load=90, sessions=4),
        node(6, load=100, sessions=4),
    ]
    found = plan(members, replace(POLICY, max_load=50))
    assert (ids(found.restored), ids(found.resumed), found.new_nodes) == ([5, 2], [3, 4], 2)


def test_shrinking_cancels_the_youngest_launch_then_removes_the_lowest_load() -> None:
    members = [
        node(1, load=9, sessions=1),
        node(2, load=5, sessions=1),
        node(3, S.LAUNCHING),
        node(4, S.LAUNCHING),
        node(5, load=40, sessions=1),
    ]
    found = plan(members, POLICY)
    assert (ids(found.canceled), ids(found.removed)) == ([4, 3], [2, 1])


def test_a_node_stays_whose_removal_would_exceed_the_upper_limit() -> None:
    policy = replace(POLICY, min_load=60, max_load=70)
    found = plan([node(1, load=50, sessions=1), node(2, load=50, sessions=1)], policy)
    assert (found.cause, found.is_empty) == (Cause.LOAD_OF_FEWER, True)


def test_the_load_of_an_empty_node_leaves_with_it() -> None:
    """Else more nodes would leave at the next evaluation, or the plan would be undone."""
    policy = replace(POLICY, min_load=60, max_load=70)
    found = plan([node(1, load=60, sessions=1), node(2, load=50)], policy)
    assert ids(found.removed) == [2]


@pytest.mark.parametrize("load", [0.0, 100.0, None])
def test_the_bounds_hold_whatever_the_load(load: float | None) -> None:
    fewer = plan([node(1, load=load)], replace(POLICY, min_nodes=3, max_nodes=3))
    assert (fewer.new_nodes, fewer.cause) == (2, Cause.BELOW_MIN_NODES)
    more = plan([node(n, load=load, sessions=1) for n in range(4)], replace(POLICY, max_nodes=3))
    assert more.shrinks == (0 if load is None else 3 if load == 0 else 1)
    assert more.cause is (Cause.BLIND if load is None else Cause.ABOVE_MAX_NODES)


def test_an_empty_cluster_has_no_load_and_grows_to_its_minimum() -> None:
    found = plan([], POLICY)
    assert (found.inputs.avg_load, found.new_nodes) == (0, 1)
    assert plan([], replace(POLICY, min_nodes=0)).is_empty


def test_quarantined_nodes_alone_have_an_average_of_0() -> None:
    left = [node(1, S.WAITING_IDLE_TO_TERMINATE, load=90, sessions=2)]
    assert plan(left, replace(POLICY, min_nodes=0)).is_empty


def test_a_drain_with_a_deadline_is_not_called_off_nor_is_one_of_a_lost_node() -> None:
    drain = Drain(Limit(60, AtDeadline.FORCE), MOMENT)
    members = [
        node(1, load=100),
        node(2, S.WAITING_IDLE_TO_TERMINATE, load=1, sessions=1, drain=drain),
        node(3, S.WAITING_IDLE_TO_TERMINATE, load=None, sessions=1, connected=False),
    ]
    found = plan(members, POLICY)
    assert (found.restored, found.new_nodes) == ((), 1)


def test_unknown_load_removes_nobody() -> None:
    members = [node(1, load=0), node(2, load=None), node(3, S.LAUNCHING)]
    found = plan(members, POLICY)
    assert (found.cause, found.is_empty, found.inputs.unknown) == (Cause.BLIND, True, ("kms_0002",))
    assert found.reason.endswith(
        "Nothing is changed. The load of 1 node is not known and counts as none; nothing is removed"
        " meanwhile."
    )


def test_known_loads_that_suffice_let_the_cluster_grow_while_others_are_unknown() -> None:
    found = plan(
        [node(1, load=100), node(2, load=100), node(3, load=None)], replace(POLICY, max_load=60)
    )
    assert found.new_nodes == 1


def test_a_node_that_was_not_measured_yet_is_capacity_as_one_that_is_launching() -> None:
    before = [node(1, load=75, sessions=3), node(2, S.LAUNCHING)]
    after = [node(1, load=75, sessions=3), node(2, load=None)]
    assert plan(before, POLICY).is_empty
    assert plan(after, POLICY).is_empty


def test_a_node_that_a_session_was_placed_on_is_not_removed() -> None:
    members = [node(1, load=2), node(2, load=1), node(3, load=3)]
    assert ids(plan(members, POLICY, {"kms_0002"}).removed) == [1, 3]
    held = plan(members[:2], POLICY, {"kms_0001", "kms_0002"})
    assert (held.cause, held.is_empty) == (Cause.RESERVED, True)
    assert plan(members[:1], POLICY, {"kms_0001"}).cause is Cause.AT_MIN_NODES


loads = st.one_of(
    st.floats(min_value=0, max_value=100),
    st.sampled_from([0.0, 29.99, 30.0, 69.99, 70.0, 70.01, 100.0, 1e-300]),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    fewest = draw(st.integers(0, 6))
    lowest = draw(st.integers(0, 100))
    return Policy(
        min_nodes=fewest,
        max_nodes=draw(st.integers(fewest, 12)),
        min_load=lowest,
        max_load=draw(st.integers(lowest, 100)),
        launches_machines=draw(st.booleans()),
    )


@st.composite
def clusters(draw: st.DrawFn, *, unknown: bool = False) -> list[Member]:
    statuses = st.sampled_from([S.RUNNING] * 3 + [s for s in S if s is not S.TERMINATED])
    load = st.one_of(loads, st.none()) if unknown else loads
    return [
        node(number, draw(statuses), draw(load), sessions=draw(st.integers(0, 2)))
        for number in range(draw(st.integers(0, 10)))
    ]


@given(clusters(unknown=True), policies())
def test_law_the_bounds_are_kept(members: list[Member], policy: Policy) -> None:
    found = plan(members, policy)
    if found.grows:
        assert found.size <= policy.max_nodes
    assert found.size >= policy.min_nodes
    if not found.inputs.unknown:
        assert found.size <= policy.max_nodes
    assert not (found.grows and found.shrinks)


@given(clusters(unknown=True), policies(), st.data())
def test_law_half_a_plan_planned_again_is_the_other_half(
    members: list[Member], policy: Policy, data: st.DataObject
) -> None:
    policy = replace(policy, launches_machines=True)
    whole = plan(members, policy)
    count = whole.grows + whole.shrinks
    made = whole.first(data.draw(st.integers(0, count)))
    rest = plan(applied(members, made), policy)
    assert made.grows + rest.grows == whole.grows
    assert made.new_nodes + rest.new_nodes == whole.new_nodes
    for kind in ("restored", "resumed", "canceled", "removed"):
        assert ids(getattr(made, kind)) + ids(getattr(rest, kind)) == ids(getattr(whole, kind))


@example(
    [node(1, load=45), node(2, S.WAITING_IDLE_TO_TERMINATE, load=66, sessions=1)],
    Policy(min_nodes=0, max_nodes=3, min_load=60, max_load=70),
)
@given(clusters(unknown=True), policies())
def test_law_a_plan_that_is_carried_out_leaves_nothing_to_do(
    members: list[Member], policy: Policy
) -> None:
    """So a constant load makes no cluster oscillate.

    Only after growth may there be one more plan: a node without sessions leaves with its load.
    """
    policy = replace(policy, launches_machines=True)
    first = plan(members, policy)
    members = applied(members, first)
    second = plan(members, policy)
    if not second.is_empty:
        assert first.grows
        assert not second.canceled
        assert any(each.connection.load and not each.connection.sessions for each in second.removed)
    assert plan(applied(members, second), policy).is_empty


@given(clusters(), policies(), st.floats(0, 30))
def test_law_nodes_that_come_and_go_with_a_load_of_their_own_make_no_cluster_oscillate(
    members: list[Member], policy: Policy, own: float
) -> None:
    """New nodes begin to run with the load of a node without sessions; the cluster grows once."""
    policy = replace(policy, launches_machines=True)
    directions = []
    for _ in range(30):
        found = plan(members, policy)
        if found.is_empty:
            break
        directions.append(found.grows > 0)
        members = [
            replace(
                each,
                node=transition(each.node, S.RUNNING, at=MOMENT)[0],
                connection=replace(each.connection, load=own, sessions=()),
            )
            if each.node.status is S.LAUNCHING
            else each
            for each in applied(members, found)
        ]
    else:
        pytest.fail(f"it does not come to rest: {directions}")
    assert [grows for grows, _ in groupby(directions)].count(True) <= 1


@given(clusters(unknown=True), policies())
def test_law_blind_never_removes_a_node(members: list[Member], policy: Policy) -> None:
    found = plan(members, policy)
    if found.inputs.unknown:
        assert found.shrinks == 0


@given(clusters(), policies(), st.data())
def test_law_a_load_that_becomes_unknown_never_makes_the_cluster_smaller_or_larger(
    members: list[Member], policy: Policy, data: st.DataObject
) -> None:
    if not members:
        return
    known = plan(members, policy)
    lost = data.draw(st.sets(st.integers(0, len(members) - 1), min_size=1))
    blind = [
        replace(each, connection=replace(each.connection, load=None)) if number in lost else each
        for number, each in enumerate(members)
    ]
    found = plan(blind, policy)
    assert found.grows <= known.grows
    assert found.shrinks <= known.shrinks


@settings(max_examples=50)
@given(st.lists(loads, min_size=1, max_size=60), policies())
def test_law_the_same_loads_in_another_order_are_the_same_decision(
    found: list[float], policy: Policy
) -> None:
    members = [node(number, load=load, sessions=1) for number, load in enumerate(found)]
    forward, backward = plan(members, policy), plan(members[::-1], policy)
    assert ids(forward.removed) == ids(backward.removed)
    assert forward.new_nodes == backward.new_nodes
    assert forward.reason == backward.reason


# Guards


def hot(count: int = 1) -> list[Member]:
    return [node(number, load=100, sessions=1) for number in range(count)]


def idle(count: int = 3) -> list[Member]:
    return [node(number, load=1, sessions=1) for number in range(count)]


def kept_back(
    members: list[Member],
    guards: Guards,
    history: History | None = None,
    *,
    policy: Policy = POLICY,
    at: float = 0.0,
) -> Plan:
    found = plan(members, policy)
    history = (history or History()).found(found.cause)
    moment = MOMENT + timedelta(seconds=at)
    return guarded(found, members, guards, history, at=moment, now=at)


@given(clusters(unknown=True), policies(), st.integers(1, 9))
def test_guards_are_neutral_by_default(
    members: list[Member], policy: Policy, evaluations: int
) -> None:
    found = plan(members, policy)
    history = History(found.cause, evaluations, changed=0.0, launches=(0.0,) * 100)
    assert guarded(found, members, Guards(), history, at=MOMENT, now=0.0) == found


def test_hysteresis_waits_for_evaluations_in_a_row() -> None:
    guards = Guards(evaluations=3)
    history = History()
    for _ in range(2):
        history = history.found(Cause.HIGH_LOAD)
        found = plan(hot(), POLICY)
        held = guarded(found, hot(), guards, history, at=MOMENT, now=0.0)
        assert held.is_empty
        assert "evaluations in a row" in held.reason
    history = history.found(Cause.HIGH_LOAD)
    assert guarded(plan(hot(), POLICY), hot(), guards, history, at=MOMENT, now=0.0).new_nodes == 1
    assert history.found(Cause.WITHIN_LIMITS).found(Cause.HIGH_LOAD).evaluations == 1


@pytest.mark.parametrize(
    ("guards", "members"),
    [(Guards(growth_cooldown=60), hot()), (Guards(shrink_cooldown=60), idle())],
    ids=["growth", "shrinking"],
)
def test_the_cool_down_begins_with_any_change_of_the_size(
    guards: Guards, members: list[Member]
) -> None:
    history = History(changed=0.0)
    held = kept_back(members, guards, history, at=20)
    assert held.is_empty
    assert held.held == "It waits for 40 s more after the last change of the size."
    assert not kept_back(members, guards, history, at=60).is_empty
    other = Guards(guards.evaluations, guards.shrink_cooldown, guards.growth_cooldown)
    assert not kept_back(members, other, history, at=20).is_empty


def test_the_largest_step_counts_the_preferred_changes_first() -> None:
    held = kept_back([*idle(2), node(9, S.LAUNCHING), node(8, S.LAUNCHING)], Guards(max_step=2))
    assert (ids(held.canceled), held.removed) == ([9, 8], ())
    grown = kept_back(hot(), Guards(max_step=2), policy=replace(POLICY, min_nodes=5))
    assert grown.new_nodes == 2


def test_launches_within_an_hour_are_limited_also_below_the_minimum() -> None:
    guards, policy = Guards(launches_per_hour=3), replace(POLICY, min_nodes=4)
    history = History(launches=(0.0, 10.0))
    held = kept_back(hot(), guards, history, policy=policy, at=100)
    assert (held.new_nodes, held.held) == (1, "At most 3 nodes are launched within an hour.")
    assert kept_back(hot(), guards, history, policy=policy, at=3601).new_nodes == 2


def test_a_cluster_below_its_minimum_waits_for_no_cool_down() -> None:
    guards = Guards(evaluations=9, growth_cooldown=999, shrink_cooldown=999)
    assert kept_back([], guards, History(changed=0.0)).new_nodes == 1


def failed(number: int, at: float) -> Member:
    moment = MOMENT + timedelta(seconds=at)
    return node(number, S.FAILED, status_since=moment, load=None)


def test_launches_that_fail_in_a_row_stop_further_ones_for_longer_each_time() -> None:
    guards = Guards(failed_launches=2, back_off=60)
    assert kept_back([failed(1, 0)], guards, at=0).new_nodes == 1
    members = [failed(1, 0), failed(2, 10)]
    held = kept_back(members, guards, at=30)
    assert (held.new_nodes, held.held) == (
        0,
        "The last 2 launches failed: the next one is tried in 40 s.",
    )
    assert kept_back(members, guards, at=70).new_nodes == 1
    third = [*members, failed(3, 70)]
    assert kept_back(third, guards, at=189).new_nodes == 0
    assert kept_back(third, guards, at=190).new_nodes == 1


def test_after_the_back_off_one_launch_at_a_time_is_tried() -> None:
    guards, policy = Guards(failed_launches=1, back_off=60), replace(POLICY, min_nodes=3)
    members = [failed(1, 0)]
    assert kept_back(members, guards, policy=policy, at=60).new_nodes == 1
    trying = [*members, node(2, S.LAUNCHING)]
    assert kept_back(trying, guards, policy=policy, at=60).new_nodes == 0
    assert kept_back([*members, node(2, load=0)], guards, policy=policy, at=60).new_nodes == 2


def test_a_clock_that_is_set_back_does_not_stop_launches() -> None:
    guards = Guards(failed_launches=1, back_off=60)
    assert kept_back([failed(1, 10_000)], guards, at=0).new_nodes == 1


def test_a_request_on_premises_is_no_launch() -> None:
    policy = replace(POLICY, launches_machines=False, min_nodes=3)
    guards = Guards(launches_per_hour=1, failed_launches=1)
    held = kept_back([failed(1, 0)], guards, policy=policy)
    assert held.new_nodes == 3
    assert "3 new nodes are needed: add them to the cluster." in held.reason
