"""A process of its own that opens a store and commits without end; says what was acknowledged."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import anyio

from mediafleet.domain.entries import Mutation
from mediafleet.domain.media_node import MediaNodeStatus, new_media_node, transition
from mediafleet.store import SqlStore, StoreStartError, open_store

NODES_PER_WRITER = 10_000


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def write_on(store: SqlStore, writer: int) -> None:
    at = datetime.now(UTC)
    for number in range(NODES_PER_WRITER):
        node, event = new_media_node(f"kms_{writer}_{number}", at=at)
        await store.commit([Mutation(node, event)])
        say("ack", node.id, node.version)
        node, event = transition(node, MediaNodeStatus.RUNNING, at=at)
        await store.commit([Mutation(node, event)])
        say("ack", node.id, node.version)


async def main(url: str, writers: int) -> None:
    async with (
        anyio.create_task_group() as tasks,
        open_store(url, tasks=tasks, make_cluster_id=lambda: "cluster-1") as store,
        anyio.create_task_group() as writing,
    ):
        say("open", os.getpid())
        for writer in range(writers):
            writing.start_soon(write_on, store, writer)
        if not writers:
            await anyio.sleep_forever()


if __name__ == "__main__":
    try:
        anyio.run(main, sys.argv[1], int(sys.argv[2]))
    except* StoreStartError as refused:
        say("refused", *(type(error).__name__ for error in refused.exceptions))
        sys.exit(3)
