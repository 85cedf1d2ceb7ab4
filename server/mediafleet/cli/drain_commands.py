"""`mediafleet nodes drain`, `progress` and `undrain`."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mediafleet.cli.connection import Access, Server
from mediafleet.cli.errors import CommandError, ExitCode, UsageError
from mediafleet.cli.options import Id, Ids, Json, connects, parse_duration
from mediafleet.cli.tables import drain_line, drain_table
from mediafleet.cli.terminal import command_line, print_json, print_message
from mediafleet.cli.waiting import spinner, stderr_is_terminal, waiting
from mediafleet.texts import printable
from mediafleet_client.models import AtDeadline, Drain

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_POLL_INTERVAL_S: Final = 1.0


@connects
def drain_nodes(
    access: Access,
    media_node_ids: Ids,
    *,
    deadline: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            parser=parse_duration,
            help="How long it may take, such as 90s, 30m or 1h30m; no limit if not given.",
        ),
    ] = None,
    at_deadline: Annotated[
        AtDeadline | None,
        typer.Option(
            help="Then give up, give the same time again, or close the sessions that are left; "
            "abort if not given."
        ),
    ] = None,
    move: Annotated[
        bool, typer.Option("--move", help="Move calls to other nodes instead of waiting for them.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if the other nodes could not carry the load.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Show the progress until the nodes are gone.")
    ] = True,
    json: Json = False,
) -> None:
    """Take nodes out of service: no new sessions, and gone when the last one has ended.

    Ctrl-C ends the command and not the drain. With --json every change is one line.

    Examples:
      mediafleet nodes drain kms_FVrQslIr
      mediafleet nodes drain kms_FVrQslIr --deadline 30m
      mediafleet nodes drain kms_FVrQslIr --deadline 30m --at-deadline force
      mediafleet nodes drain kms_FVrQslIr --move
      mediafleet nodes drain kms_FVrQslIr kms_8Yw2LxQd --dry-run
    """
    if deadline is None and at_deadline is not None:
        raise UsageError("--at-deadline needs --deadline.")
    with access.connect() as server:

        def begin(media_node_id: str, others: Sequence[str]) -> Drain:
            with waiting(
                f"Draining {media_node_id}",
                shown=not json,
                what="The drain",
                look_with=f"nodes progress {media_node_id}",
            ):
                return server.ask(
                    lambda client: client.drains.begin(
                        media_node_id,
                        deadline=deadline,
                        at_deadline=at_deadline or "abort",
                        move=move,
                        together_with=others,
                        force=force,
                        dry_run=dry_run,
                    )
                )

        if dry_run:
            for each in media_node_ids:
                drain = begin(each, [other for other in media_node_ids if other != each])
                server.print(drain, drain_table, json=json)
            return
        try:
            _begin_all(begin, media_node_ids)
            if not wait:
                return
            not_drained = _DrainWatch(server, media_node_ids, json=json).run()
        except KeyboardInterrupt:
            first = media_node_ids[0]
            raise CommandError(
                "What was begun goes on. Look at it with: "
                f"{command_line(f'nodes progress {first}')} — end it with: "
                f"{command_line(f'nodes undrain {first}')}",
                ExitCode.INTERRUPTED,
            ) from None
    if not_drained:
        raise CommandError(f"Not drained: {', '.join(not_drained)}.", ExitCode.CONFLICT)


@connects
def show_drain(access: Access, media_node_id: Id, *, json: Json = False) -> None:
    """Show the progress of a drain, and what it waits for.

    Examples:
      mediafleet nodes progress kms_FVrQslIr
      mediafleet nodes progress kms_FVrQslIr --json
    """
    access.show(lambda client: client.drains.get(media_node_id), drain_table, json=json)


@connects
def undrain_node(access: Access, media_node_id: Id, *, json: Json = False) -> None:
    """End the drain of a node, which is running again.

    Examples:
      mediafleet nodes undrain kms_FVrQslIr
    """
    with (
        access.connect() as server,
        waiting(
            f"Ending the drain of {media_node_id}",
            shown=not json,
            what="The end of the drain",
            look_with=f"nodes get {media_node_id}",
        ),
    ):
        server.ask(lambda client: client.drains.end(media_node_id))
    print_message(f"{media_node_id} is running again.")
    if json:
        print_json(server.content)


def _begin_all(begin: Callable[[str, Sequence[str]], Drain], media_node_ids: Sequence[str]) -> None:
    """Begin every drain; each takes into account those that are still to begin."""
    for number, each in enumerate(media_node_ids):
        try:
            begin(each, media_node_ids[number + 1 :])
        except CommandError as error:
            begun = ", ".join(media_node_ids[:number])
            if begun:
                raise CommandError(
                    f"{error.message} Drained already: {begun}.", error.code
                ) from None
            raise
        print_message(f"{each} is being drained.")


class _DrainWatch:
    """Polls drains until all nodes are gone or running again, and shows their progress.

    On a terminal the progress is shown in place, else each change is one line.

    Args:
        server: May be away for its timeout.
        media_node_ids: Of the nodes that are being drained.
        json: Print the responses to stdout, one a line, instead.
    """

    def __init__(self, server: Server, media_node_ids: Sequence[str], *, json: bool) -> None:
        self._server = server
        self._left = list(media_node_ids)
        self._json = json
        self._shown: dict[str, tuple[object, ...]] = {}
        self._not_drained: list[str] = []
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress | None = None

    def run(self) -> list[str]:
        """Poll until no drain is left.

        Returns:
            Ids of nodes that are running again, because their drain was given up.

        Raises:
            CommandError: The server responds with an error, or is away for too long.
        """
        progress = spinner() if stderr_is_terminal() and not self._json else None
        shown: AbstractContextManager[object] = nullcontext() if progress is None else progress
        with shown:
            self._progress = progress
            responded = time.monotonic()
            while self._left:
                try:
                    for media_node_id in list(self._left):
                        self._poll(media_node_id)
                    responded = time.monotonic()
                except CommandError as error:
                    is_late = time.monotonic() - responded > self._server.timeout
                    if error.code is not ExitCode.FAILURE or is_late:
                        raise
                if self._left:
                    time.sleep(_POLL_INTERVAL_S)
        return self._not_drained

    def _poll(self, media_node_id: str) -> None:
        try:
            drain = self._server.ask(lambda client: client.drains.get(media_node_id))
        except CommandError as error:
            if error.code is not ExitCode.NOT_FOUND:
                raise
            self._end(media_node_id)
        else:
            self._show(drain)

    def _show(self, drain: Drain) -> None:
        state = (drain.status, drain.sessions_left, drain.extensions, drain.connected)
        has_changed = self._shown.get(drain.id) != state
        self._shown[drain.id] = state
        if self._progress is not None:
            self._show_in_place(drain.id, drain_line(drain))
        elif has_changed and self._json:
            print_json(self._server.content)
        elif has_changed:
            print_message(drain_line(drain))

    def _show_in_place(self, media_node_id: str, line: str) -> None:
        if self._progress is None:
            return
        if media_node_id not in self._tasks:
            self._tasks[media_node_id] = self._progress.add_task("", total=None)
        self._progress.update(self._tasks[media_node_id], description=printable(line))

    def _end(self, media_node_id: str) -> None:
        """Show whether a node that is no longer being drained is gone or running again."""
        try:
            self._server.ask(lambda client: client.media_nodes.get(media_node_id))
        except CommandError as error:
            if error.code is not ExitCode.NOT_FOUND:
                raise
            outcome = f"{media_node_id} is gone."
        else:
            self._not_drained.append(media_node_id)
            outcome = f"{media_node_id} is at work again."
        self._left.remove(media_node_id)
        self._show_in_place(media_node_id, outcome)
        if self._progress is None:
            print_message(outcome)
