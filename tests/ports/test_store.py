"""What every store must do, over every database that can be one."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.lowlevel import checkpoint

from mediafleet.domain.drain import AtDeadline
from mediafleet.domain.errors import StaleMediaNodeError, StoreUnavailableError
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.store import Leadership, StoreInUseError
from support import store_child
from support.store_cases import (
    AT,
    CLUSTER_ID,
    QUICK,
    added,
    crashed,
    drained,
    forgotten,
    moved,
    noted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediafleet.domain.entries import Mutation
    from mediafleet.store import SqlStore
    from support.store_cases import StoreCase

pytestmark = pytest.mark.anyio

S = MediaNodeStatus
DEADLINE_S = 30
WRITERS = 4


async def all_events(store: SqlStore) -> list:
    found = []
    while page := await store.events(after=len(found)):
        found += page
    return found


async def test_a_new_store_is_empty(store):
    assert await store.load() == ()
    assert await store.events() == ()


async def test_a_member_comes_back_as_it_was_saved(store):
    change = added(
        "kms_1",
        uri="ws://172.17.0.5:8888/kurento",
        environment_id="i-0c58bcdd26l11d0sd",
    )
    failed = moved(change.node, S.FAILED, reason="the image is missing: «mediaserver»\nline two")

    await store.commit([change])
    assert await store.load() == (change.node,)

    await store.commit([failed])
    assert await store.load() == (failed.node,)


async def test_a_termination_that_evicts_sessions_is_kept(store):
    first = added("kms_1")
    running = moved(first.node, S.RUNNING)
    terminating = moved(running.node, S.TERMINATING, evicts_sessions=True)
    await store.commit([first, running, terminating])

    assert [node.evicts_sessions for node in await store.load()] == [True]


async def test_members_load_in_the_order_of_joining(store):
    ids = [f"kms_{number}" for number in range(20)]
    random.Random(7).shuffle(ids)
    joined = [added(node_id) for node_id in ids]
    for change in joined:
        await store.commit([change])

    await store.commit([moved(joined[13].node, S.RUNNING)])
    await store.commit([moved(joined[2].node, S.RUNNING)])
    leaving = moved(moved(joined[19].node, S.CANCELED).node, S.TERMINATING)
    await store.commit([moved(joined[19].node, S.CANCELED), leaving])
    await store.commit([moved(leaving.node, S.TERMINATED)])
    await store.commit([added("kms_last")])

    assert [node.id for node in await store.load()] == [*ids[:19], "kms_last"]


async def test_an_event_is_kept_as_on_the_wire(store):
    change = added("kms_1", uri="ws://172.17.0.5:8888/kurento")
    running = moved(change.node, S.RUNNING)

    await store.commit([change])
    await store.commit([running])

    first, second = await store.events()
    assert (first.sequence, first.node_id, first.name) == (1, "kms_1", "mediaNodeStatusChanged")
    assert first.timestamp == to_milliseconds(AT)
    assert first.payload == change.event.payload(CLUSTER_ID)
    assert first.payload["oldStatus"] is None
    assert first.payload["clusterId"] == CLUSTER_ID
    assert second.sequence == 2
    assert second.payload["newStatus"] == "running"


async def test_events_are_read_in_pages(store):
    for number in range(5):
        await store.commit([added(f"kms_{number}")])

    assert [event.sequence for event in await store.events(after=1, limit=2)] == [2, 3]
    assert [event.sequence for event in await store.events(after=4)] == [5]
    assert await store.events(after=5) == ()


async def test_commits_are_there_after_reopening(case, tasks):
    changes = [added("kms_b"), added("kms_a")]
    async with case.opened(tasks) as store:
        await store.commit(changes)
    async with case.opened(tasks) as store:
        assert await store.load() == tuple(change.node for change in changes)
        await store.commit([added("kms_c")])
        assert [event.sequence for event in await store.events()] == [1, 2, 3]


async def test_nothing_to_commit_changes_nothing(store):
    await store.commit([])

    assert await store.events() == ()


@pytest.mark.parametrize("behind", [-1, 0, 2])
async def test_a_node_that_is_not_one_version_behind_is_stale(store, behind):
    first = added("kms_1")
    steps = [first, moved(first.node, S.CANCELED)]
    steps += [moved(steps[-1].node, S.LAUNCHING)]
    steps += [moved(steps[-1].node, S.RUNNING)]
    await store.commit(steps[:2])
    wrong = {-1: first, 0: steps[1], 2: steps[3]}[behind]

    with pytest.raises(StaleMediaNodeError) as raised:
        await store.commit([wrong])

    assert raised.value.node_id == "kms_1"
    assert await store.load() == (steps[1].node,)
    assert len(await store.events()) == 2
    await store.commit(steps[2:])
    assert await store.load() == (steps[3].node,)


async def test_a_step_of_an_unknown_node_is_stale(store):
    with pytest.raises(StaleMediaNodeError):
        await store.commit([moved(added("kms_1").node, S.RUNNING)])

    assert await store.load() == ()


async def test_several_changes_are_saved_all_or_none(store):
    known = added("kms_known")
    await store.commit([known])

    with pytest.raises(StaleMediaNodeError):
        await store.commit(
            [added("kms_new"), moved(known.node, S.RUNNING), added("kms_known"), added("kms_x")]
        )

    assert await store.load() == (known.node,)
    assert len(await store.events()) == 1


async def test_a_refused_change_leaves_no_gap_between_events(store):
    await store.commit([added("kms_1")])
    with pytest.raises(StaleMediaNodeError):
        await store.commit([added("kms_2"), added("kms_1")])
    await store.commit([added("kms_3")])

    assert [(event.sequence, event.node_id) for event in await store.events()] == [
        (1, "kms_1"),
        (2, "kms_3"),
    ]


async def test_several_steps_of_one_node_fit_in_one_commit(store):
    first = added("kms_1")
    second = moved(first.node, S.RUNNING)
    third = moved(second.node, S.TERMINATING)

    await store.commit([first, second, third])

    assert await store.load() == (third.node,)
    assert [event.payload["newStatus"] for event in await store.events()] == [
        "launching",
        "running",
        "terminating",
    ]


async def test_a_terminated_member_leaves_and_its_events_stay(store):
    steps = [added("kms_1")]
    for status in (S.RUNNING, S.TERMINATING, S.TERMINATED):
        steps.append(moved(steps[-1].node, status))
    for step in steps:
        await store.commit([step])

    assert await store.load() == ()
    assert [event.payload["newStatus"] for event in await store.events()] == [
        "launching",
        "running",
        "terminating",
        "terminated",
    ]


async def test_a_forgotten_member_leaves_and_its_events_stay(store):
    first = added("kms_1")
    failed = moved(first.node, S.FAILED, reason="no answer")
    await store.commit([first])
    await store.commit([failed])
    await store.commit([forgotten(failed.node)])

    assert await store.load() == ()
    last = (await store.events())[-1]
    assert (last.name, last.payload["reason"]) == ("mediaNodeForgotten", "no answer")


async def test_forgetting_passes_the_guard_too(store):
    first = added("kms_1")
    failed = moved(first.node, S.FAILED)
    await store.commit([first])

    with pytest.raises(StaleMediaNodeError):
        await store.commit([forgotten(failed.node)])

    assert await store.load() == (first.node,)


async def test_a_crash_is_kept_with_the_node_and_names_every_session(store):
    first = added("kms_1")
    running = moved(first.node, S.RUNNING)
    crash = crashed(running.node, *(f"{number:05}" * 20 for number in range(5000)))
    await store.commit([first, running, crash])

    (node,) = await store.load()
    assert node == crash.node
    assert node.crashed_since == AT
    payload = (await store.events())[-1].payload
    assert payload["timeOfDisconnection"] == payload["timestamp"] - 3000
    assert len(payload["sessionIds"]) == 5000


@pytest.mark.parametrize("at_deadline", AtDeadline)
async def test_the_deadline_of_a_drain_is_kept_with_the_node_and_goes_with_it(store, at_deadline):
    first = added("kms_1")
    running = moved(first.node, S.RUNNING)
    quarantined, extended = drained(running.node, 2_592_000, at_deadline)
    back = moved(extended.node, S.RUNNING)

    await store.commit([first, running, quarantined])
    assert await store.load() == (quarantined.node,)
    await store.commit([extended])
    (node,) = await store.load()
    assert node == extended.node
    assert node.drain.extensions == 1
    assert (await store.events())[-1].payload["atDeadline"] == at_deadline
    await store.commit([back])
    assert (await store.load())[0].drain is None


async def test_an_event_alone_changes_no_node_and_keeps_its_place(store):
    first = added("kms_1")
    running = moved(first.node, S.RUNNING)
    terminating = moved(running.node, S.TERMINATING)
    await store.commit([first, running])
    await store.commit([noted(running.node, "a"), terminating, noted(running.node, "b")])

    assert await store.load() == (terminating.node,)
    events = await store.events()
    assert [(event.sequence, event.name) for event in events[2:]] == [
        (3, "sessionDestroyed"),
        (4, "mediaNodeStatusChanged"),
        (5, "sessionDestroyed"),
    ]
    assert {event.node_id for event in events} == {"kms_1"}
    assert events[2].payload == {
        "sessionId": "a",
        "timestamp": events[2].payload["startTime"] + 7900,
        "startTime": events[2].payload["startTime"],
        "duration": 7,
        "reason": "nodeCrashed",
    }


async def test_ends_of_sessions_are_found_by_their_node(store):
    first, other = added("kms_1"), added("kms_2")
    await store.commit([first, other, noted(first.node, "a"), noted(other.node, "b")])
    assert await store.ended_sessions("kms_1") == {("a", AT)}
    assert await store.ended_sessions("kms_3") == frozenset()


async def test_an_event_alone_is_dropped_with_the_commit_it_is_part_of(store):
    first = added("kms_1")
    await store.commit([first])
    with pytest.raises(StaleMediaNodeError):
        await store.commit([noted(first.node), first])

    assert len(await store.events()) == 1


async def test_a_number_is_never_given_twice(case, tasks):
    async with case.opened(tasks) as store:
        await store.commit([added("kms_1"), added("kms_2")])
    case.execute("DELETE FROM events")
    async with case.opened(tasks) as store:
        await store.commit([added("kms_3")])

        assert [event.sequence for event in await store.events()] == [3]


async def test_concurrent_commits_number_events_without_gap_and_in_order(store):
    async def live(node_id: str) -> None:
        steps = [added(node_id)]
        for status in (S.RUNNING, S.WAITING_IDLE_TO_TERMINATE, S.RUNNING, S.TERMINATING):
            steps.append(moved(steps[-1].node, status))
        for step in steps:
            await store.commit([step])
            with pytest.raises(StaleMediaNodeError):
                await store.commit([added(f"{node_id}_x"), step])

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(live, f"kms_{number}")

    found = await all_events(store)
    assert [event.sequence for event in found] == list(range(1, 101))
    for number in range(20):
        mine = [event for event in found if event.node_id == f"kms_{number}"]
        assert [event.payload["newStatus"] for event in mine] == [
            "launching",
            "running",
            "waiting-idle-to-terminate",
            "running",
            "terminating",
        ]


async def test_one_of_many_that_decided_on_the_same_version_wins(store):
    first = added("kms_1")
    await store.commit([first])
    won: list[Mutation] = []

    async def attempt(change: Mutation) -> None:
        try:
            await store.commit([change])
        except StaleMediaNodeError:
            return
        won.append(change)

    async with anyio.create_task_group() as group:
        for status in [S.RUNNING, S.CANCELED, S.FAILED] * 5:
            group.start_soon(attempt, moved(first.node, status))

    assert len(won) == 1
    assert await store.load() == (won[0].node,)
    assert len(await store.events()) == 2


async def test_a_value_is_made_once_and_kept(case, tasks):
    made = []

    def make() -> str:
        made.append("made")
        return f"value-{len(made)}"

    async with case.opened(tasks) as store:
        assert await store.get_or_set("some_key", make) == "value-1"
        assert await store.get_or_set("some_key", make) == "value-1"
    async with case.opened(tasks) as store:
        assert await store.get_or_set("some_key", make) == "value-1"
        assert await store.get_or_set("other_key", make) == "value-2"


async def test_a_value_can_be_replaced(case, tasks):
    async with case.opened(tasks) as store:
        assert await store.get_value("some_key") is None
        await store.set_value("some_key", "one")
        await store.set_value("some_key", "two")
        assert await store.get_value("some_key") == "two"
    async with case.opened(tasks) as store:
        assert await store.get_value("some_key") == "two"
        assert await store.get_value("other_key") is None


async def test_the_cluster_keeps_its_id(case, tasks):
    async with case.opened(tasks, make_cluster_id=lambda: "made-1") as store:
        assert store.cluster_id == "made-1"
    async with case.opened(tasks, make_cluster_id=lambda: "made-2") as store:
        assert store.cluster_id == "made-1"


async def test_a_configured_cluster_id_wins_and_is_kept(case, tasks):
    async with case.opened(tasks, make_cluster_id=lambda: "made") as store:
        assert store.cluster_id == "made"
    async with case.opened(tasks, cluster_id="configured") as store:
        await store.commit([added("kms_1")])
        assert (await store.events())[0].payload["clusterId"] == "configured"
    async with case.opened(tasks) as store:
        assert store.cluster_id == "configured"


async def test_a_locked_database_refuses_changes_in_time_and_takes_them_again_later(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        first = added("kms_1")
        await store.commit([first])
        async with case.locked():
            with anyio.fail_after(DEADLINE_S), pytest.raises(StoreUnavailableError) as raised:
                await store.commit([moved(first.node, S.RUNNING)])
            with anyio.fail_after(DEADLINE_S), pytest.raises(StoreUnavailableError):
                await store.get_or_set("key", lambda: "value")
        assert raised.value.detail

        assert await store.load() == (first.node,)
        await store.commit([moved(first.node, S.RUNNING)])
        assert [event.sequence for event in await store.events()] == [1, 2]
        assert store.leadership is Leadership.LEADER


async def test_the_problem_of_the_store_is_reported_until_it_is_over(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        await store.commit([added("kms_1")])
        assert store.problem is None
        async with case.locked():
            with pytest.raises(StoreUnavailableError) as refused:
                await store.commit([added("kms_2")])
            assert store.problem == refused.value.detail
        with anyio.fail_after(DEADLINE_S):
            while store.problem is not None:
                await anyio.sleep(QUICK.heartbeat / 4)
        assert len(await store.events()) == 1, "what tries again changes nothing"


REPLACED = {
    "another store": "UPDATE key_values SET value = 'another' WHERE key = 'store_id'",
    "no id": "DELETE FROM key_values WHERE key = 'store_id'",
    "an older copy": "UPDATE journal SET last_sequence = last_sequence - 1",
    "a copy that went on": "UPDATE journal SET last_sequence = last_sequence + 1",
    "an empty journal": "DELETE FROM journal",
    "no table": "DROP TABLE key_values",
    "no journal": "DROP TABLE journal",
    "no nodes": "DROP TABLE media_nodes",
}


@pytest.mark.parametrize("statement", REPLACED.values(), ids=REPLACED)
async def test_a_store_that_is_not_as_it_was_left_takes_no_changes(case, tasks, statement):
    async with case.opened(tasks, limits=QUICK) as store:
        await store.commit([added("kms_1")])
        case.execute(statement)

        for _ in range(2):
            with anyio.fail_after(DEADLINE_S), pytest.raises(StoreUnavailableError):
                await store.commit([added("kms_2")])
        assert store.problem
        assert store.leadership is not Leadership.LOST


async def test_a_store_without_changes_is_checked_all_the_same(case, tasks):
    limits = replace(QUICK, check=QUICK.heartbeat)
    async with case.opened(tasks, limits=limits) as store, case.locked():
        with anyio.fail_after(DEADLINE_S):
            while store.problem is None:
                await anyio.sleep(QUICK.heartbeat / 4)


async def test_no_change_refused_by_a_locked_database_is_made_after_all(case, tasks):
    refused: list[str] = []

    async def attempt(store: SqlStore, node_id: str) -> None:
        try:
            await store.commit([added(node_id)])
        except StoreUnavailableError:
            refused.append(node_id)

    async with case.opened(tasks, limits=QUICK) as store:
        async with case.locked():
            with anyio.fail_after(DEADLINE_S):
                async with anyio.create_task_group() as group:
                    for number in range(30):
                        group.start_soon(attempt, store, f"kms_{number}")
        assert len(refused) == 30

        await store.commit([added("kms_after")])
        assert [node.id for node in await store.load()] == ["kms_after"]


async def test_reads_go_on_while_changes_are_refused(case, tasks):
    async with case.opened(tasks, limits=QUICK) as store:
        await store.commit([added("kms_1")])
        async with case.locked(), anyio.create_task_group() as group:

            async def refused() -> None:
                with pytest.raises(StoreUnavailableError):
                    await store.commit([added("kms_2")])

            group.start_soon(refused)
            await checkpoint()

            assert [node.id for node in await store.load()] == ["kms_1"]


async def test_text_that_is_no_unicode_is_refused_and_the_writer_goes_on(store):
    first = added("kms_1")
    await store.commit([first])

    with pytest.raises(StoreUnavailableError):
        await store.commit([moved(first.node, S.FAILED, reason="\ud800")])
    await store.commit([moved(first.node, S.FAILED, reason="\N{GRINNING FACE}")])

    assert (await store.load())[0].reason == "\N{GRINNING FACE}"


async def test_text_over_its_bound_is_refused(store):
    first = added("kms_1")
    await store.commit([first])

    with pytest.raises(StoreUnavailableError):
        await store.commit([moved(first.node, S.FAILED, reason="x" * 4001)])

    assert await store.load() == (first.node,)


async def test_a_closed_store_refuses_changes(case, tasks):
    async with case.opened(tasks) as store:
        pass

    with pytest.raises(StoreUnavailableError):
        await store.commit([added("kms_1")])


async def test_changes_under_way_are_finished_when_the_store_closes(case, tasks):
    async with anyio.create_task_group() as group, case.opened(tasks) as store:
        for number in range(10):
            group.start_soon(store.commit, [added(f"kms_{number}")])
        await checkpoint()
    async with case.opened(tasks) as store:
        assert len(await store.load()) == 10


async def test_the_store_stays_open_when_its_task_group_is_cancelled(case, tasks):
    async with anyio.create_task_group() as group, case.opened(group) as store:
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await store.commit([added("kms_1")])
    async with case.opened(tasks) as store:
        assert [node.id for node in await store.load()] == ["kms_1"]


@pytest.mark.parametrize("kind", ["task", "scope"])
async def test_a_cancelled_change_is_made_and_reported_or_not_made_at_all(store, kind):
    reported: set[str] = set()

    async def commit(node_id: str) -> None:
        await store.commit([added(node_id)])
        reported.add(node_id)

    with anyio.fail_after(DEADLINE_S):
        for number in range(40):
            if kind == "task":
                task = asyncio.create_task(commit(f"kms_{number}"))
                await anyio.sleep(number * 0.0002)
                task.cancel()
                await asyncio.wait([task])
            else:
                async with anyio.create_task_group() as group:
                    group.start_soon(commit, f"kms_{number}")
                    await anyio.sleep(number * 0.0002)
                    group.cancel_scope.cancel()

    assert {node.id for node in await store.load()} == reported
    assert [event.sequence for event in await store.events()] == list(range(1, len(reported) + 1))


async def test_a_caller_cancelled_while_it_waits_is_free_at_once_and_changes_nothing(case, tasks):
    async with case.opened(tasks) as store:
        async with case.locked():
            task = asyncio.create_task(store.commit([added("kms_1")]))
            await checkpoint()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await store.commit([added("kms_2")])

        assert [node.id for node in await store.load()] == ["kms_2"]


async def test_a_server_superseded_without_noticing_writes_no_more(case, tasks):
    leaderships: list[Leadership] = []
    async with case.opened(tasks, observer=leaderships.append) as store:
        await store.commit([added("kms_1")])
        case.execute("UPDATE journal SET epoch = epoch + 1")

        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                await store.commit([added("kms_2")])
        with pytest.raises(StoreUnavailableError):
            await store.get_or_set("key", lambda: "value")

        assert leaderships == [Leadership.LOST]
        assert store.leadership is Leadership.LOST
        assert [node.id for node in await store.load()] == ["kms_1"]


async def test_a_second_store_on_the_same_database_is_refused(case, tasks, store):
    await store.commit([added("kms_1")])

    with pytest.raises(StoreInUseError) as raised:
        async with case.opened(tasks, limits=QUICK):
            pytest.fail("it was opened")

    assert raised.value.holder is not None
    await store.commit([added("kms_2")])


@contextmanager
def child(case: StoreCase, writers: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, store_child.__file__, case.url, str(writers)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(store_child.__file__).parents[1])},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def run_until_killed(case: StoreCase, seed: int) -> list[tuple[str, int]]:
    enough = random.Random(seed).randint(20, 120)
    acknowledged = []
    with child(case, WRITERS) as process:
        for line in process.stdout:
            word, *rest = line.split()
            if word == "ack":
                acknowledged.append((rest[0], int(rest[1])))
            if len(acknowledged) == enough:
                process.send_signal(signal.SIGKILL)
    return acknowledged


def test_a_second_process_is_refused_until_the_first_is_gone(case):
    with child(case, writers=0) as first:
        word, pid = first.stdout.readline().split()
        assert (word, int(pid)) == ("open", first.pid)
        with child(case, writers=0) as second:
            assert second.stdout.readline() == "refused StoreInUseError\n"
            assert second.wait(DEADLINE_S) == 3
        first.send_signal(signal.SIGKILL)
        first.wait(DEADLINE_S)
    with child(case, writers=0) as third:
        assert third.stdout.readline().startswith("open")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_every_acknowledged_change_survives_kill_9(case, tasks, seed):
    acknowledged = await anyio.to_thread.run_sync(run_until_killed, case, seed)

    async with case.opened(tasks) as store:
        kept = {node.id: node.version for node in await store.load()}
        found = await all_events(store)
    assert {node_id: kept.get(node_id, 0) >= version for node_id, version in acknowledged} == {
        node_id: True for node_id, _ in acknowledged
    }
    # Each of the writers may have had one change made and not yet acknowledged.
    assert len(acknowledged) <= sum(kept.values()) <= len(acknowledged) + WRITERS
    assert [event.sequence for event in found] == list(range(1, sum(kept.values()) + 1))
