"""Handlers of the operations on the webhook and on the events that its receiver refused."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from mediafleet.api import wire
from mediafleet.domain.errors import NoDeadLetterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mediafleet.api.wire import HandlerResult
    from mediafleet.domain.ports import Replay, Store, WebhookState


class Webhook(Protocol):
    """What the handlers need of the webhook."""

    def state(self) -> WebhookState:
        """Return what it does now."""

    async def replay(self, store: Store, sequences: Iterable[int] | None) -> Replay:
        """Send dead letters again; the oldest if no numbers are given.

        Raises:
            NoDeadLetterError: There is none with one of the numbers; nothing was sent.
            ReplayUnderWayError: Another replay has not ended.
            UnavailableError: The store or the file of certificate authorities cannot be read.
        """


class WebhookHandlers:
    """One method for each operation, named after it; arguments were checked by the contract.

    Args:
        webhook: The webhook.
        store: Returns the open store, which keeps the dead letters.
    """

    def __init__(self, webhook: Webhook, store: Callable[[], Store]) -> None:
        self._webhook = webhook
        self._store = store

    async def get_webhook(self) -> HandlerResult:
        return wire.webhook(self._webhook.state()), HTTPStatus.OK

    async def list_dead_letters(self, *, limit: int, after: int = 0) -> HandlerResult:
        store = self._store()
        letters = await store.dead_letters(after, limit)
        body = {
            **wire.listing(map(wire.dead_letter, letters)),
            "next": letters[-1].event.sequence if letters else after,
            "total": await store.count_dead_letters(),
        }
        return body, HTTPStatus.OK

    async def replay_dead_letters(self, body: dict[str, Any]) -> HandlerResult:
        store = self._store()
        sequences = None if body.get("all") else body.get("sequences", ())
        replay = await self._webhook.replay(store, sequences)
        return wire.replay(replay, remaining=await store.count_dead_letters()), HTTPStatus.OK

    async def delete_dead_letter(self, sequence: int) -> HandlerResult:
        store = self._store()
        letters = await store.dead_letters(sequence - 1, 1)
        if not letters or letters[0].event.sequence != sequence:
            raise NoDeadLetterError(sequence)
        await store.delete_dead_letter(sequence)
        return None, HTTPStatus.NO_CONTENT
