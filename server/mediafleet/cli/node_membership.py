"""`mediafleet nodes add` and `remove`: what they ask for takes time, and they can wait for it."""

from typing import Annotated

import typer

from mediafleet.cli.connection import server_at
from mediafleet.cli.following import member, newcomer
from mediafleet.cli.node_answers import print_answer
from mediafleet.cli.node_options import (
    ANSWER_S,
    WAITED_ANSWER_S,
    CaFile,
    Id,
    Json,
    SecretFile,
    Url,
    WaitTimeout,
)
from mediafleet.cli.node_tables import details_of
from mediafleet.cli.starting import DEFAULT_URL
from mediafleet.cli.terminal import complain, show_json
from mediafleet.cli.waiting import Following, can_be_seen, waiting
from mediafleet_client.models import DeletionStrategy, MediaNode


def add_node(
    uri: Annotated[
        str | None,
        typer.Argument(metavar="[URI]", help="Where the running node is; needed on premises."),
    ] = None,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: WaitTimeout = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the node is running.")] = False,
    json: Json = False,
) -> None:
    """Add a Media Node.

    Examples:
      mediafleet nodes add ws://172.17.0.5:8888/kurento
      mediafleet nodes add wss://[fd00::5]:8433/kurento --wait --json
    """
    with server_at(url, secret_file, ca_file, _patience(timeout, wait=wait)) as server:
        shown = wait and not json and can_be_seen()
        with waiting(
            "Launching the node",
            shown=shown,
            what="The launch",
            following=Following(server, newcomer(server, uri)) if shown else None,
        ):
            node = server.ask(lambda client: client.media_nodes.add(uri, wait=wait))
        if uri is not None and _is_launched(node):
            complain(f"{uri} was ignored: the environment of this server launches its Media Nodes.")
        print_answer(server, node, details_of, json=json)


def remove_node(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: WaitTimeout = None,
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
        server_at(url, secret_file, ca_file, _patience(timeout, wait=wait)) as server,
        waiting(
            f"Removing {media_node_id}",
            shown=wait and not json,
            what="The removal",
            look_with=f"nodes get {media_node_id}",
            following=Following(server, member(media_node_id)),
        ),
    ):
        has_begun = server.ask(
            lambda client: client.media_nodes.remove(
                media_node_id, deletion_strategy=strategy, wait=wait
            )
        )
    if not has_begun:
        complain(f"{media_node_id} hosts sessions and is removed when the last one has ended.")
    elif wait:
        complain(f"{media_node_id} is removed.")
    else:
        complain(f"{media_node_id} is being removed.")
    if json:
        show_json(server.content)


def _is_launched(node: MediaNode) -> bool:
    """Whether a new node is a machine of the environment's; on premises none is, and has a uri."""
    return node.uri is None or node.environment_id is not None


def _patience(timeout: float | None, *, wait: bool) -> float:
    return timeout or (WAITED_ANSWER_S if wait else ANSWER_S)
