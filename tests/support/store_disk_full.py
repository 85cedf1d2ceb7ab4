"""A process of its own whose disk fills up while it commits, and has space again afterwards."""

from __future__ import annotations

import resource
import sys

import anyio

from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.store import open_store
from support.store_cases import CLUSTER_ID, added

ROOM = 100_000
"""Bytes that the log beside the database may have."""


def allow(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def main(url: str) -> None:
    async with (
        anyio.create_task_group() as tasks,
        open_store(url, tasks=tasks, make_cluster_id=lambda: CLUSTER_ID) as store,
    ):
        allow(ROOM)
        made: list[str] = []
        failure = ""
        try:
            while True:
                await store.commit([added(f"kms_{len(made)}")])
                made.append(f"kms_{len(made)}")
        except StoreUnavailableError as error:
            failure = error.detail
        assert made
        assert [node.id for node in await store.load()] == made

        allow(resource.RLIM_INFINITY)
        await store.commit([added("kms_later")])
        assert [node.id for node in await store.load()] == [*made, "kms_later"]
        numbers = [event.sequence for event in await store.events()]
        assert numbers == list(range(1, len(made) + 2))
        print(len(made), failure)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
