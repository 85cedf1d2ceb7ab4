"""A process of its own that commits events and has them delivered, to be killed at any time."""

from __future__ import annotations

import sys
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

import anyio

from mediafleet.api.events import EventHandlers
from mediafleet.app import load_contract
from mediafleet.clock import SystemClock
from mediafleet.contract import ContractSchemas
from mediafleet.delivery import CdrSettings, CdrWriter, Webhook, WebhookSettings
from mediafleet.domain.events import SessionDestroyed
from mediafleet.supervise import Loop, supervise
from support.event_source import event_source
from support.store_cases import added, noted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.event_source import EventSource

BATCH = 20
NODES = 50
SCHEDULE = (0.05, 0.2, 1.0)


async def main(folder: Path, count: int, port: int, rate: float = 0.0) -> None:
    """Commit events as fast as possible; or so many each second, and follow a stream of them."""
    clock = SystemClock()
    settings = WebhookSettings(
        is_on=True,
        endpoint=f"http://127.0.0.1:{port}/",
        events=frozenset({SessionDestroyed.name}),
        networks=(ip_network("127.0.0.0/8"),),
        schedule=SCHEDULE,
    )
    async with event_source(folder, retention=10 * count) as source:
        webhook = Webhook(source.log, lambda: settings, clock, SystemRandom())
        records = CdrWriter(source.log, lambda: CdrSettings(True, folder / "cdr"), clock)
        await webhook.begin(source.store)
        await records.begin(source.store)
        print("started", flush=True)
        async with anyio.create_task_group() as tasks:
            readers: list[Callable[[Callable[[], None]], Awaitable[None]]] = [
                partial(webhook.run, source.store),
                partial(records.run, source.store),
            ]
            for run in readers:
                loop = Loop("reader", clock.monotonic)
                tasks.start_soon(supervise, loop, partial(run, loop.beat))
            if rate:
                tasks.start_soon(follow, source)
            while (made := source.log.newest) < count:
                await anyio.sleep(1 / rate if rate else 0)
                some = range(made + 1, min(made + (1 if rate else BATCH), count) + 1)
                source.log.append(
                    await source.store.commit(
                        [noted(added(f"kms_{n % NODES}").node, str(n)) for n in some]
                    )
                )
            while webhook.lag or records.lag:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()


async def follow(source: EventSource) -> None:
    """Read a stream of events as its client does."""
    schema = ContractSchemas(load_contract()).component("StoredEvent")
    pieces, *_ = await EventHandlers(source.log, schema).stream_events()
    async for _ in pieces:
        pass


if __name__ == "__main__":
    folder, count, port, *rate = sys.argv[1:]
    options = {"use_uvloop": True}  # as the server does
    anyio.run(main, Path(folder), int(count), int(port), float(*rate), backend_options=options)
