"""`mediafleet sessions`: the sessions of participants that were created over REST."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, TypeAlias

import typer

from mediafleet.cli.connection import Access
from mediafleet.cli.errors import CommandError, ExitCode, UsageError
from mediafleet.cli.options import Json, connects
from mediafleet.cli.tables import session_list, session_table
from mediafleet.cli.terminal import print_message
from mediafleet_client import Mediafleet, NotFound
from mediafleet_client.models import OpenViduSession

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")

SessionId: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The session's id, as listed.")
]


@connects
def list_sessions(access: Access, *, json: Json = False) -> None:
    """List the sessions, also those that nobody has joined yet.

    Examples:
      mediafleet sessions list
      mediafleet sessions list --json
    """

    def found(client: Mediafleet) -> list[OpenViduSession]:
        return client.sessions.list(pending_connections=True)

    with access.connect() as server:
        server.print(server.ask(found), session_list, json=json)


@connects
def show_session(access: Access, session_id: SessionId, *, json: Json = False) -> None:
    """Show a session, its participants and their streams.

    Examples:
      mediafleet sessions show physics-101
    """
    checked = _checked(session_id)

    def found(client: Mediafleet) -> OpenViduSession:
        with _naming(checked):
            return client.sessions.get(checked, pending_connections=True)

    with access.connect() as server:
        server.print(server.ask(found), session_table, json=json)


@connects
def close_session(access: Access, session_id: SessionId, *, json: Json = False) -> None:
    """End a session; its participants are disconnected.

    Examples:
      mediafleet sessions close physics-101
    """
    checked = _checked(session_id)

    def close(client: Mediafleet) -> None:
        with _naming(checked):
            client.sessions.close(checked)

    with access.connect() as server:
        server.ask(close)
    if not json:
        print_message(f"{checked} is closed.")


@contextmanager
def _naming(session_id: str) -> Iterator[None]:
    """Name the session that is not there, since the response has no body.

    Raises:
        CommandError: There is no such session.
    """
    try:
        yield
    except NotFound as error:
        raise CommandError(f"There is no session {session_id}.", ExitCode.NOT_FOUND) from error


def _checked(session_id: str) -> str:
    if not _ID.fullmatch(session_id):
        raise UsageError("The id of a session has 1 to 128 letters, digits, _ and -.")
    return session_id
