"""`mediafleet sessions`: the sessions of participants that were created over REST."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, TypeAlias

import typer

from mediafleet.cli.connection import Access
from mediafleet.cli.errors import CommandError, ExitCode
from mediafleet.cli.options import Json, connects
from mediafleet.cli.tables import session_list, session_table
from mediafleet.cli.terminal import print_message

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def _checked(session_id: str) -> str:
    if not _ID.fullmatch(session_id):
        raise typer.BadParameter("an id has 1 to 128 letters, digits, _ and -")
    return session_id


SessionId: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The session's id, as listed.", callback=_checked)
]


@connects
def list_sessions(access: Access, *, json: Json = False) -> None:
    """List the sessions, also those that nobody has joined yet.

    Examples:
      mediafleet sessions list
      mediafleet sessions list --json
    """
    access.show(
        lambda client: client.sessions.list(pending_connections=True), session_list, json=json
    )


@connects
def show_session(access: Access, session_id: SessionId, *, json: Json = False) -> None:
    """Show a session, its participants and their streams.

    Examples:
      mediafleet sessions show physics-101
    """
    with _naming(session_id):
        access.show(
            lambda client: client.sessions.get(session_id, pending_connections=True),
            session_table,
            json=json,
        )


@connects
def close_session(access: Access, session_id: SessionId, *, json: Json = False) -> None:
    """End a session; its participants are disconnected.

    Examples:
      mediafleet sessions close physics-101
    """
    with access.connect() as server, _naming(session_id):
        server.ask(lambda client: client.sessions.close(session_id))
    if not json:
        print_message(f"{session_id} is closed.")


@contextmanager
def _naming(session_id: str) -> Iterator[None]:
    """Name the session that is not there, since the response has no body."""
    try:
        yield
    except CommandError as error:
        if error.code is not ExitCode.NOT_FOUND:
            raise
        raise CommandError(f"There is no session {session_id}.", error.code) from error
