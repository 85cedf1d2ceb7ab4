"""`mediafleet nodes`: list, show, add and remove the Media Nodes of a running server."""

import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Annotated, Final, NoReturn

import typer

from mediafleet.cli.connection import Access, Server
from mediafleet.cli.errors import CommandError, ExitCode
from mediafleet.cli.options import ExtraInfo, Id, Json, Sessions, connects, connects_and_waits
from mediafleet.cli.tables import diagnostics_table, node_list, node_table
from mediafleet.cli.terminal import print_json, print_lines, print_message
from mediafleet.cli.waiting import NodePoller, added_node, known_node, stderr_is_terminal, waiting
from mediafleet_client.models import DeletionStrategy, MediaNode, RequestableMediaNodeStatus

WATCH_INTERVAL_S: Final = 2.0


class Output(StrEnum):
    """How a list is printed."""

    WIDE = "wide"
    JSON = "json"
    NAME = "name"


@connects
def list_nodes(
    access: Access,
    *,
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
    with access.connect() as server:

        def ask() -> list[MediaNode]:
            return server.ask(
                lambda client: client.media_nodes.list(
                    sessions=sessions or output not in {Output.JSON, Output.NAME},
                    extra_info=extra_info,
                )
            )

        def print_nodes(nodes: list[MediaNode]) -> None:
            if output is Output.NAME:
                print_lines("".join(f"{node.id}\n" for node in nodes).removesuffix("\n"))
                return
            table_of = partial(node_list, wide=output is Output.WIDE)
            server.print(nodes, table_of, json=output is Output.JSON, in_place=watch)

        print_nodes(ask())
        if watch:
            with suppress(KeyboardInterrupt):
                _watch(server, ask, print_nodes)


def _watch(
    server: Server,
    ask: Callable[[], list[MediaNode]],
    print_nodes: Callable[[list[MediaNode]], None],
) -> NoReturn:
    """Print the list again whenever it has changed; retry while the server does not respond."""
    printed, complaint = server.content, ""
    while True:
        time.sleep(WATCH_INTERVAL_S)
        try:
            nodes = ask()
        except CommandError as error:
            if error.code is not ExitCode.FAILURE:
                raise
            if error.message != complaint:
                complaint = error.message
                print_message(f"mediafleet: {complaint}")
            continue
        if server.content != printed or complaint:
            print_nodes(nodes)
        printed, complaint = server.content, ""


@connects
def get_node(
    access: Access,
    media_node_id: Id,
    *,
    sessions: Sessions = False,
    extra_info: ExtraInfo = False,
    json: Json = False,
) -> None:
    """Show one Media Node.

    Examples:
      mediafleet nodes get kms_FVrQslIr
      mediafleet nodes get kms_FVrQslIr --sessions --extra-info --json
    """
    access.show(
        lambda client: client.media_nodes.get(
            media_node_id, sessions=sessions, extra_info=extra_info
        ),
        node_table,
        json=json,
    )


@connects
def show_diagnostics(access: Access, media_node_id: Id, *, json: Json = False) -> None:
    """Show the diagnostics of a Media Node.

    These are its pings and replies, and the last decisions with the data they are based on.

    Examples:
      mediafleet nodes diagnostics kms_FVrQslIr
      mediafleet nodes diagnostics kms_FVrQslIr --json
    """
    access.show(
        lambda client: client.media_nodes.diagnostics(media_node_id), diagnostics_table, json=json
    )


@connects_and_waits
def add_node(
    access: Access,
    uri: Annotated[
        str | None,
        typer.Argument(metavar="[URI]", help="Where the running node is; needed on premises."),
    ] = None,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the node is running.")] = False,
    json: Json = False,
) -> None:
    """Add a Media Node.

    Examples:
      mediafleet nodes add ws://172.17.0.5:8888/kurento
      mediafleet nodes add wss://[fd00::5]:8433/kurento --wait --json
    """
    with access.connect(wait=wait) as server:
        shown = wait and not json and stderr_is_terminal()
        with waiting(
            "Launching the node",
            shown=shown,
            what="The launch",
            poller=NodePoller(server, added_node(server, uri)) if shown else None,
        ):
            node = server.ask(lambda client: client.media_nodes.add(uri, wait=wait))
        # On premises a new node has the given uri, and no environment id.
        if uri is not None and (node.uri is None or node.environment_id is not None):
            print_message(
                f"{uri} was ignored: the environment of this server launches its Media Nodes."
            )
        server.print(node, node_table, json=json)


@connects_and_waits
def remove_node(
    access: Access,
    media_node_id: Id,
    *,
    strategy: Annotated[
        DeletionStrategy,
        typer.Option(
            help="With sessions on the node: refuse, close them now, or let them end before."
        ),
    ] = "if-no-sessions",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the node is gone.")] = False,
    json: Json = False,
) -> None:
    """Remove a Media Node.

    Examples:
      mediafleet nodes remove kms_FVrQslIr
      mediafleet nodes remove kms_FVrQslIr --strategy when-no-sessions --wait
    """
    with (
        access.connect(wait=wait) as server,
        waiting(
            f"Removing {media_node_id}",
            shown=wait and not json,
            what="The removal",
            look_with=f"nodes get {media_node_id}",
            poller=NodePoller(server, known_node(media_node_id)),
        ),
    ):
        has_begun = server.ask(
            lambda client: client.media_nodes.remove(
                media_node_id, deletion_strategy=strategy, wait=wait
            )
        )
    if not has_begun:
        print_message(f"{media_node_id} hosts sessions and is removed when the last one has ended.")
    elif wait:
        print_message(f"{media_node_id} is removed.")
    else:
        print_message(f"{media_node_id} is being removed.")
    if json:
        print_json(server.content)


@connects
def change_status(
    access: Access,
    media_node_id: Id,
    status: Annotated[
        RequestableMediaNodeStatus, typer.Argument(metavar="STATUS", help="The wanted status.")
    ],
    *,
    json: Json = False,
) -> None:
    """Move a Media Node to another status.

    STATUS is canceled, launching, running, terminating or waiting-idle-to-terminate; which one
    is allowed depends on the status that the node has.

    Examples:
      mediafleet nodes status kms_FVrQslIr waiting-idle-to-terminate
      mediafleet nodes status kms_FVrQslIr running
    """
    with access.connect() as server:
        with waiting(
            f"Moving {media_node_id}",
            shown=not json,
            what="The change",
            look_with=f"nodes get {media_node_id}",
        ):
            node = server.ask(lambda client: client.media_nodes.modify(media_node_id, status))
        if node is None:
            print_message(f"{media_node_id} is {status} already.")
        else:
            server.print(node, node_table, json=json)


@connects
def discover_nodes(access: Access, *, json: Json = False) -> None:
    """Add the machines of the environment that are no members yet.

    Their media servers run already: launched by hand, or lost by the cluster.

    Examples:
      mediafleet nodes discover
      mediafleet nodes discover --json
    """
    with access.connect() as server:
        with waiting("Looking for Media Nodes", shown=not json, what="The search"):
            found = server.ask(lambda client: client.media_nodes.discover())
        if not found:
            print_message("No Media Node was found that is not in the cluster already.")
        server.print(found, node_list, json=json)
