"""`mediafleet nodes drain`, `progress` and `undrain`."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer

from mediafleet.cli import program
from mediafleet.cli.completion import complete_node_id
from mediafleet.cli.connection import Server, server_at
from mediafleet.cli.drain_following import DrainFollowing
from mediafleet.cli.drain_tables import drains_of
from mediafleet.cli.durations import seconds_of
from mediafleet.cli.exits import CommandError, ExitCode, UsageFault
from mediafleet.cli.node_ids import is_node_id
from mediafleet.cli.node_options import (
    ANSWER_S,
    CaFile,
    Id,
    Json,
    SecretFile,
    Timeout,
    Url,
)
from mediafleet.cli.starting import DEFAULT_URL
from mediafleet.cli.terminal import complain, show, show_json
from mediafleet_client.api.media_nodes import (
    drain_media_node,
    end_media_node_drain,
    get_media_node_drain,
)
from mediafleet_client.models import AtDeadline, Drain, DrainLimit
from mediafleet_client.types import UNSET, Response, Unset


def _node_ids(texts: list[str]) -> list[str]:
    if not all(map(is_node_id, texts)):
        raise typer.BadParameter("an id has 1 to 64 letters, digits, _ and -")
    return list(dict.fromkeys(texts))


def _seconds(text: str | None) -> int | None:
    return None if text is None else seconds_of(text)


def drain_nodes(
    media_node_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="The nodes' ids, as listed.",
            callback=_node_ids,
            autocompletion=complete_node_id,
        ),
    ],
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            callback=_seconds,
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
    force: Annotated[
        bool, typer.Option("--force", help="Even if the other nodes could not carry the load.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be, and change nothing.")
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
      mediafleet nodes drain kms_FVrQslIr kms_8Yw2LxQd --dry-run
    """
    limit = _limit(deadline, at_deadline)
    patience = timeout or ANSWER_S
    with server_at(url, secret_file, ca_file, patience) as server:
        ask = partial(_drain, server, limit=limit, force=force)
        if dry_run:
            others = {each: _but(each, media_node_ids) for each in media_node_ids}
            told = [ask(each, others[each], dry_run=True) for each in media_node_ids]
            _print(server, told, json=json)
            return
        try:
            _begin_all(ask, media_node_ids)
            if not wait:
                return
            following = DrainFollowing(server, media_node_ids, patience=patience, json=json)
            restored = following.run()
        except KeyboardInterrupt:
            first = media_node_ids[0]
            raise CommandError(
                "What was begun goes on. Look at it with: "
                f"{program.line(f'nodes progress {first}')} — end it with: "
                f"{program.line(f'nodes undrain {first}')}",
                ExitCode.INTERRUPTED,
            ) from None
    if restored:
        raise CommandError(f"Not drained: {', '.join(restored)}.", ExitCode.CONFLICT)


def show_drain(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Show how far the drain of a node has come, and what it waits for.

    Examples:
      mediafleet nodes progress kms_FVrQslIr
      mediafleet nodes progress kms_FVrQslIr --json
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(get_media_node_drain.sync_detailed, media_node_id, client=server.client)
        _print(server, [server.ask(ask)], json=json)


def undrain_node(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Have a drained node run again.

    Examples:
      mediafleet nodes undrain kms_FVrQslIr
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(end_media_node_drain.sync_detailed, media_node_id, client=server.client)
        answer = server.ask(ask)
    complain(f"{media_node_id} is running again.")
    if json:
        show_json(answer.content)


def _limit(deadline: object, at_deadline: AtDeadline | None) -> DrainLimit | Unset:
    if not isinstance(deadline, int) and at_deadline is None:
        return UNSET
    if not isinstance(deadline, int):
        raise UsageFault("--at-deadline needs --deadline.")
    return DrainLimit(deadline=deadline, at_deadline=at_deadline or AtDeadline.ABORT)


def _but(media_node_id: str, media_node_ids: Sequence[str]) -> list[str]:
    return [each for each in media_node_ids if each != media_node_id]


def _begin_all(ask: partial[Response[Any]], media_node_ids: Sequence[str]) -> None:
    """Begin every drain, each in the light of those that are still to begin."""
    for number, each in enumerate(media_node_ids):
        try:
            ask(each, media_node_ids[number + 1 :], dry_run=False)
        except CommandError as error:
            begun = ", ".join(media_node_ids[:number])
            if begun:
                raise CommandError(
                    f"{error.message} Drained already: {begun}.", error.code
                ) from None
            raise
        complain(f"{each} is being drained.")


def _drain(
    server: Server,
    media_node_id: str,
    others: Sequence[str],
    *,
    limit: DrainLimit | Unset,
    force: bool,
    dry_run: bool,
) -> Response[Any]:
    return server.ask(
        partial(
            drain_media_node.sync_detailed,
            media_node_id,
            client=server.client,
            body=limit,
            together_with=",".join(others) or UNSET,
            force=force,
            dry_run=dry_run,
        )
    )


def _print(server: Server, answers: Sequence[Response[Any]], *, json: bool) -> None:
    if json:
        for answer in answers:
            show_json(answer.content)
        return
    with server.understanding():
        show(drains_of(each.parsed for each in answers if isinstance(each.parsed, Drain)))
