"""`mediafleet nodes drain`, `progress` and `undrain`."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from mediafleet.cli import program
from mediafleet.cli.completion import complete_node_id
from mediafleet.cli.connection import server_at
from mediafleet.cli.drain_following import DrainFollowing
from mediafleet.cli.drain_tables import drain_of
from mediafleet.cli.durations import seconds_of
from mediafleet.cli.exits import CommandError, ExitCode, UsageFault
from mediafleet.cli.node_answers import print_answer
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
from mediafleet.cli.terminal import complain, show_json
from mediafleet.cli.waiting import waiting
from mediafleet_client.models import AtDeadline, Drain


def _node_ids(texts: list[str]) -> list[str]:
    if not all(map(is_node_id, texts)):
        raise typer.BadParameter("an id has 1 to 64 letters, digits, _ and -")
    return list(dict.fromkeys(texts))


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
        int | None,
        typer.Option(
            metavar="TIME",
            parser=seconds_of,
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
    if deadline is None and at_deadline is not None:
        raise UsageFault("--at-deadline needs --deadline.")
    patience = timeout or ANSWER_S
    with server_at(url, secret_file, ca_file, patience) as server:

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
                        together_with=others,
                        force=force,
                        dry_run=dry_run,
                    )
                )

        if dry_run:
            for each in media_node_ids:
                drain = begin(each, [other for other in media_node_ids if other != each])
                print_answer(server, drain, drain_of, json=json)
            return
        try:
            _begin_all(begin, media_node_ids)
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
        drain = server.ask(lambda client: client.drains.get(media_node_id))
        print_answer(server, drain, drain_of, json=json)


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
    with (
        server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server,
        waiting(
            f"Ending the drain of {media_node_id}",
            shown=not json,
            what="The end of the drain",
            look_with=f"nodes get {media_node_id}",
        ),
    ):
        server.ask(lambda client: client.drains.end(media_node_id))
    complain(f"{media_node_id} is running again.")
    if json:
        show_json(server.content)


def _begin_all(begin: Callable[[str, Sequence[str]], Drain], media_node_ids: Sequence[str]) -> None:
    """Begin every drain, each in the light of those that are still to begin."""
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
        complain(f"{each} is being drained.")
