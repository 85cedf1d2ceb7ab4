"""`mediafleet events`: list, follow and verify the events of a running server."""

from contextlib import suppress
from typing import Annotated, Final, TypeAlias

import orjson
import typer

from mediafleet.cli.connection import Access, Server
from mediafleet.cli.errors import CommandError, ExitCode
from mediafleet.cli.options import Json, connects
from mediafleet.cli.tables import EVENT_HEADINGS, event_line, event_list
from mediafleet.cli.terminal import print_json, print_lines
from mediafleet.domain.events import event_hash
from mediafleet_client import Mediafleet
from mediafleet_client.models import EventPage, StoredEvent

_VERIFIED_AT_ONCE: Final = 1_000

After: TypeAlias = Annotated[
    int | None,
    typer.Option(min=0, metavar="NUMBER", help="Begin behind the event of this number."),
]


@connects
def list_events(
    access: Access,
    *,
    after: After = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, metavar="COUNT", help="The greatest number of events.")
    ] = 100,
    json: Json = False,
) -> None:
    """List events, the oldest first.

    Examples:
      mediafleet events list
      mediafleet events list --after 4711 --limit 1000 --json
    """
    with access.connect() as server:
        page = server.ask(lambda client: client.events.list(after=after, limit=limit))
        server.print(page, lambda page: event_list(page.content), json=json)


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
                print_json(_as_json(event))
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


def _as_json(event: StoredEvent) -> bytes:
    return orjson.dumps(event.to_dict())
