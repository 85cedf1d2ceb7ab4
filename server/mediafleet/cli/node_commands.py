"""The commands of `mediafleet nodes` that look at Media Nodes, move and find them."""

from typing import Annotated

import typer

from mediafleet.cli.connection import server_at
from mediafleet.cli.evidence_tables import evidence_of
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
from mediafleet.cli.terminal import complain
from mediafleet.cli.waiting import waiting
from mediafleet_client.models import RequestableMediaNodeStatus


def list_nodes(
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    sessions: Sessions = False,
    extra_info: ExtraInfo = False,
    json: Json = False,
) -> None:
    """List all Media Nodes.

    Examples:
      mediafleet nodes list
      mediafleet nodes list --json --sessions
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        nodes = server.ask(
            lambda client: client.media_nodes.list(
                sessions=sessions or not json, extra_info=extra_info
            )
        )
        print_answer(server, nodes, list_of, json=json)


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


def show_evidence(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Show what a Media Node is judged on.

    That is: its pings and answers, and the last verdicts with what they were based on.

    Examples:
      mediafleet nodes evidence kms_FVrQslIr
      mediafleet nodes evidence kms_FVrQslIr --json
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        evidence = server.ask(lambda client: client.media_nodes.evidence(media_node_id))
        print_answer(server, evidence, evidence_of, json=json)


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
