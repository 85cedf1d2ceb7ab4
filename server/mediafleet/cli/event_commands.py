"""`mediafleet events`: list, follow and verify the events of a running server."""

from contextlib import suppress
from typing import Annotated, Final, TypeAlias

import orjson
import typer

from mediafleet.cli.connection import Access, Server
from mediafleet.cli.errors import CommandError, ExitCode, UsageError
from mediafleet.cli.options import Json, connects
from mediafleet.cli.tables import (
    EVENT_HEADINGS,
    dead_letter_list,
    event_line,
    event_list,
    webhook_table,
)
from mediafleet.cli.terminal import print_json, print_lines
from mediafleet.domain.events import event_hash
from mediafleet_client import Mediafleet
from mediafleet_client.models import EventPage, Replay

_VERIFIED_AT_ONCE: Final = 1_000
_REPLAYED_AT_ONCE: Final = 100

After: TypeAlias = Annotated[
    int | None,
    typer.Option(min=0, metavar="NUMBER", help="Begin behind the event of this number."),
]
Limit: TypeAlias = Annotated[
    int, typer.Option(min=1, max=1000, metavar="COUNT", help="The greatest number of events.")
]


@connects
def list_events(
    access: Access,
    *,
    after: After = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List events, the oldest first.

    Examples:
      mediafleet events list
      mediafleet events list --after 4711 --limit 1000 --json
    """
    access.show(lambda client: client.events.list(after=after, limit=limit), event_list, json=json)


@connects
def watch_events(
    access: Access,
    *,
    after: After = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="COUNT", help="End after so many events.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON.")
    ] = False,
) -> None:
    """Print events as they happen, without a gap, until Ctrl-C.

    Without --after it begins with the next event. If the server is away for a while, the command
    waits for it and goes on behind the last event that it has printed.

    Examples:
      mediafleet events watch
      mediafleet events watch --after 0 --json
    """

    def follow(client: Mediafleet) -> None:
        if not json:
            print_lines(EVENT_HEADINGS)
        for event in client.events.stream(after=after, limit=limit):
            if json:
                print_json(orjson.dumps(event.to_dict()))
            else:
                print_lines(event_line(event))

    with access.connect() as server, suppress(KeyboardInterrupt):
        server.ask(follow)


@connects
def verify_events(access: Access, *, json: Json = False) -> None:
    """Check that no event was changed, added or removed.

    Every event has a hash that covers it and the hash of the event before it. The command computes
    all hashes again, from the oldest event that is kept to the newest. The hash of the oldest one
    is taken as it is, unless that is event 1. The exit status is 4 if a hash is wrong.

    Examples:
      mediafleet events verify
    """
    with access.connect() as server:
        first, last, last_hash = _verify(server)
    if json:
        print_json(orjson.dumps({"first": first, "last": last, "hash": last_hash}))
    elif last < first:
        print_lines("There are no events.")
    else:
        print_lines(f"Events {first} to {last} are unchanged; the last hash is {last_hash}.")


def _verify(server: Server) -> tuple[int, int, str]:
    """Return the numbers of the first and the last event, and the hash of the last one.

    Raises:
        CommandError: An event does not follow from the one before it.
    """
    page = _page(server, None)
    first, known, last_hash = page.oldest, page.oldest - 1, ""
    while page.content:
        for event in page.content:
            payload = event.payload.to_dict()
            expected = event_hash(last_hash, event.sequence, event.event, payload)
            is_anchor = event.sequence == first > 1  # the one before it is not kept
            if event.sequence != known + 1 or (event.hash_ != expected and not is_anchor):
                raise CommandError(
                    f"The chain is broken at event {event.sequence}: it, or one before it, was "
                    f"changed, added or removed. Unchanged are {first} to {known}.",
                    ExitCode.CONFLICT,
                )
            known, last_hash = event.sequence, event.hash_
        page = _page(server, known)
    return first, known, last_hash


def _page(server: Server, after: int | None) -> EventPage:
    return server.ask(lambda client: client.events.list(after=after, limit=_VERIFIED_AT_ONCE))


@connects
def show_records(
    access: Access,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="The file to print, as listed.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """List the files of call detail records, or print one: a JSON object in each line.

    Examples:
      mediafleet events cdr
      mediafleet events cdr CDR.2026-11-28_08-50-36.log
    """

    def print_file(client: Mediafleet, file: str) -> None:
        for line in client.events.cdr_file(file):
            print_lines(line)

    with access.connect() as server:
        if file is not None:
            server.ask(lambda client: print_file(client, file))
            return
        names = server.ask(lambda client: client.events.cdr_files())
        if json:
            print_json(server.content)
        elif names:
            print_lines("\n".join(names))


@connects
def show_webhook(access: Access, *, json: Json = False) -> None:
    """Show how the webhook does: what it has sent, and why it does not go on.

    Examples:
      mediafleet events webhook
    """
    access.show(lambda client: client.events.webhook(), webhook_table, json=json)


@connects
def list_dead_letters(
    access: Access,
    *,
    after: After = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List the events that the webhook's receiver refused for good, the oldest first.

    Examples:
      mediafleet events dead-letters
      mediafleet events dead-letters --json
    """
    access.show(
        lambda client: client.events.dead_letters(after=after or 0, limit=limit),
        dead_letter_list,
        json=json,
    )


Numbers: TypeAlias = Annotated[
    list[int] | None, typer.Argument(min=1, metavar="[NUMBER]...", help="Numbers of dead letters.")
]


@connects
def replay_dead_letters(
    access: Access,
    numbers: Numbers = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Send all of them.")] = False,
    json: Json = False,
) -> None:
    """Send events that the webhook's receiver refused once more, and print what it takes.

    The exit status is 4 if an event remains that was to be sent.

    Examples:
      mediafleet events replay 4711 4712
      mediafleet events replay --all
    """
    if all_ == bool(numbers):
        raise UsageError("Name the numbers of dead letters, or --all.")
    with access.connect(wait=True) as server:
        delivered, problem = _replay(server, numbers or _dead_letters(server))
    if json:
        print_json(orjson.dumps({"delivered": delivered, "problem": problem}))
    else:
        for number in delivered:
            print_lines(f"Event {number} is delivered.")
    if problem is not None:
        raise CommandError(f"Not all events are delivered: {problem}", ExitCode.CONFLICT)


def _dead_letters(server: Server) -> list[int]:
    """Return the numbers of all dead letters."""

    def ask(client: Mediafleet) -> list[int]:
        numbers: list[int] = []
        while page := client.events.dead_letters(
            after=max(numbers, default=0), limit=1_000
        ).content:
            numbers += [letter.sequence for letter in page]
        return numbers

    return server.ask(ask)


def _replay(server: Server, numbers: list[int]) -> tuple[list[int], str | None]:
    """Send dead letters.

    Returns:
        Numbers of those that are delivered, and what is wrong with the rest if there is one.
    """
    left, delivered, problem = numbers, list[int](), None
    while left:
        some, left = left[:_REPLAYED_AT_ONCE], left[_REPLAYED_AT_ONCE:]
        replay = _replay_some(server, some)
        delivered += replay.delivered
        if replay.problem is None:  # the rest of these did not fail, but took too long
            left = [each for each in some if each not in replay.delivered] + left
        else:
            problem = replay.problem
    return delivered, problem


def _replay_some(server: Server, numbers: list[int]) -> Replay:
    return server.ask(lambda client: client.events.replay(numbers))


@connects
def delete_dead_letters(
    access: Access,
    numbers: Annotated[
        list[int], typer.Argument(min=1, metavar="NUMBER...", help="Numbers of dead letters.")
    ],
    *,
    json: Json = False,
) -> None:
    """Delete events that the webhook's receiver refused, so that they are never sent again.

    Examples:
      mediafleet events discard 4711
    """

    def delete(client: Mediafleet) -> None:
        for number in numbers:
            client.events.delete_dead_letter(number)

    with access.connect() as server:
        server.ask(delete)
    if json:
        print_json(server.content)
