"""The commands of `mediafleet nodes` that look at Media Nodes, move and find them."""

import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Annotated, Final, NoReturn

import typer

from mediafleet.cli.connection import Server, server_at
from mediafleet.cli.diagnostics_tables import diagnostics_of
from mediafleet.cli.exits import CommandError, ExitCode
from mediafleet.cli.node_answers import print_answer
from mediafleet.cli.node_options import (
    ANSWER_S,
    CaFile,
    ExtraInfo,
    Id,
    Json,
    SecretFile,
    Sessions,
    Timeout,
    Url,
)
from mediafleet.cli.node_tables import details_of, list_of
from mediafleet.cli.starting import DEFAULT_URL
from mediafleet.cli.terminal import complain, say
from mediafleet.cli.waiting import waiting
from mediafleet_client.models import MediaNode, RequestableMediaNodeStatus

WATCH_S: Final = 2.0


class Output(StrEnum):
    """How a list is printed."""

    WIDE = "wide"
    JSON = "json"
    NAME = "name"


def list_nodes(
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    sessions: Sessions = False,
    extra_info: ExtraInfo = False,
    json: Json = False,
    output: Annotated[
        Output | None,
        typer.Option(
            "--output", "-o", help="More columns, the API's answer (as --json), or only the ids."
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Print the list again whenever it has changed.")
    ] = False,
) -> None:
    """List all Media Nodes.

    With --watch a terminal shows the list in place; elsewhere one list follows the other, with
    -o json each in a line of its own. A server that does not answer meanwhile is asked again.

    Examples:
      mediafleet nodes list
      mediafleet nodes list -o wide --watch
      mediafleet nodes list --json --sessions
      mediafleet nodes list -o name
    """
    output = Output.JSON if json else output
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:

        def ask() -> list[MediaNode]:
            return server.ask(
                lambda client: client.media_nodes.list(
                    sessions=sessions or output not in {Output.JSON, Output.NAME},
                    extra_info=extra_info,
                )
            )

        def print_nodes(nodes: list[MediaNode]) -> None:
            if output is Output.NAME:
                say("".join(f"{node.id}\n" for node in nodes).removesuffix("\n"))
                return
            table_of = partial(list_of, wide=output is Output.WIDE)
            print_answer(server, nodes, table_of, json=output is Output.JSON, in_place=watch)

        print_nodes(ask())
        if watch:
            with suppress(KeyboardInterrupt):
                _watch(server, ask, print_nodes)


def _watch(
    server: Server,
    ask: Callable[[], list[MediaNode]],
    print_nodes: Callable[[list[MediaNode]], None],
) -> NoReturn:
    """Print the list again whenever it has changed; a server that is away is asked again."""
    printed, complaint = server.content, ""
    while True:
        time.sleep(WATCH_S)
        try:
            nodes = ask()
        except CommandError as error:
            if error.code is not ExitCode.FAILURE:
                raise
            if error.message != complaint:
                complaint = error.message
                complain(f"mediafleet: {complaint}")
            continue
        if server.content != printed or complaint:
            print_nodes(nodes)
        printed, complaint = server.content, ""


def get_node(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    sessions: Sessions = False,
    extra_info: ExtraInfo = False,
    json: Json = False,
) -> None:
    """Show one Media Node.

    Examples:
      mediafleet nodes get kms_FVrQslIr
      mediafleet nodes get kms_FVrQslIr --sessions --extra-info --json
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        node = server.ask(
            lambda client: client.media_nodes.get(
                media_node_id, sessions=sessions, extra_info=extra_info
            )
        )
        print_answer(server, node, details_of, json=json)


def show_diagnostics(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Show the diagnostics of a Media Node.

    These are its pings and replies, and the last decisions with the data they are based on.

    Examples:
      mediafleet nodes diagnostics kms_FVrQslIr
      mediafleet nodes diagnostics kms_FVrQslIr --json
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        diagnostics = server.ask(lambda client: client.media_nodes.diagnostics(media_node_id))
        print_answer(server, diagnostics, diagnostics_of, json=json)


def change_status(
    media_node_id: Id,
    status: Annotated[
        RequestableMediaNodeStatus, typer.Argument(metavar="STATUS", help="The wanted status.")
    ],
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Move a Media Node to another status.

    STATUS is canceled, launching, running, terminating or waiting-idle-to-terminate; which one
    is allowed depends on the status that the node has.

    Examples:
      mediafleet nodes status kms_FVrQslIr waiting-idle-to-terminate
      mediafleet nodes status kms_FVrQslIr running
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        with waiting(
            f"Moving {media_node_id}",
            shown=not json,
            what="The change",
            look_with=f"nodes get {media_node_id}",
        ):
            node = server.ask(lambda client: client.media_nodes.modify(media_node_id, status))
        if node is None:
            complain(f"{media_node_id} is {status} already.")
        else:
            print_answer(server, node, details_of, json=json)


def discover_nodes(
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Add Media Nodes that run and are no members yet.

    They are those that the environment tells of: launched by hand, or lost by the cluster.

    Examples:
      mediafleet nodes discover
      mediafleet nodes discover --json
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        with waiting("Looking for Media Nodes", shown=not json, what="The search"):
            found = server.ask(lambda client: client.media_nodes.discover())
        if not found:
            complain("No Media Node was found that is not in the cluster already.")
        print_answer(server, found, list_of, json=json)
