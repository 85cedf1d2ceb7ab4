"""Drains looked at again and again until all nodes are gone, or at work again."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from mediafleet.cli.drain_tables import line_of
from mediafleet.cli.exits import CommandError, ExitCode
from mediafleet.cli.terminal import complain, show_json
from mediafleet.cli.waiting import can_be_seen, spinner
from mediafleet.texts import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from rich.progress import Progress, TaskID

    from mediafleet.cli.connection import Server
    from mediafleet_client.models import Drain

_LOOKS_EVERY_S: Final = 1.0


class DrainFollowing:
    """Shows how far drains have come; on a terminal in place, else one line for each change.

    Args:
        server: Is asked.
        media_node_ids: Of the drained nodes.
        patience: Seconds for which the server may not answer.
        json: Print the API's answers to stdout, one a line, instead.
    """

    def __init__(
        self, server: Server, media_node_ids: Sequence[str], *, patience: float, json: bool
    ) -> None:
        self._server = server
        self._left = list(media_node_ids)
        self._patience = patience
        self._json = json
        self._told: dict[str, tuple[object, ...]] = {}
        self._restored: list[str] = []
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def run(self) -> list[str]:
        """Go on until no drain is left.

        Returns:
            Ids of nodes that are at work again, since their drain was given up.

        Raises:
            CommandError: The server refuses, or does not answer for too long.
        """
        progress = spinner() if can_be_seen() and not self._json else None
        shown: AbstractContextManager[object] = nullcontext() if progress is None else progress
        with shown:
            self._progress = progress
            answered = time.monotonic()
            while self._left:
                try:
                    self._look()
                    answered = time.monotonic()
                except CommandError as error:
                    is_late = time.monotonic() - answered > self._patience
                    if error.code is not ExitCode.FAILURE or is_late:
                        raise
                if self._left:
                    time.sleep(_LOOKS_EVERY_S)
        return self._restored

    def _look(self) -> None:
        for media_node_id in list(self._left):
            try:
                drain = self._drain(media_node_id)
            except CommandError as error:
                if error.code is not ExitCode.NOT_FOUND:
                    raise
                self._end(media_node_id)
                continue
            self._tell(drain)

    def _drain(self, media_node_id: str) -> Drain:
        return self._server.ask(lambda client: client.drains.get(media_node_id))

    def _tell(self, drain: Drain) -> None:
        facts = (drain.status, drain.sessions_left, drain.extensions, drain.connected)
        is_news = self._told.get(drain.id) != facts
        self._told[drain.id] = facts
        if self._progress is not None:
            self._show(drain.id, line_of(drain))
        elif is_news and self._json:
            show_json(self._server.content)
        elif is_news:
            complain(line_of(drain))

    def _show(self, media_node_id: str, line: str) -> None:
        if self._progress is None:
            return
        if media_node_id not in self._tasks:
            self._tasks[media_node_id] = self._progress.add_task("", total=None)
        self._progress.update(self._tasks[media_node_id], description=printable(line))

    def _end(self, media_node_id: str) -> None:
        """There is no drain any more: the node is gone, or it is at work again."""
        try:
            self._server.ask(lambda client: client.media_nodes.get(media_node_id))
        except CommandError as error:
            if error.code is not ExitCode.NOT_FOUND:
                raise
            outcome = f"{media_node_id} is gone."
        else:
            self._restored.append(media_node_id)
            outcome = f"{media_node_id} is at work again."
        self._left.remove(media_node_id)
        self._show(media_node_id, outcome)
        if self._progress is None:
            complain(outcome)
