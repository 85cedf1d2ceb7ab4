"""The commands of `mediafleet nodes`: they ask a running server and print what it answers."""

from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import typer

from mediafleet.cli.connection import Access, Server, open_server
from mediafleet.cli.evidence_tables import evidence_of
from mediafleet.cli.node_options import (
    ANSWER_S,
    WAITED_ANSWER_S,
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
from mediafleet.cli.terminal import complain, show, show_json
from mediafleet.cli.waiting import waiting
from mediafleet_client.api.media_nodes import (
    add_media_node,
    autodiscover_media_nodes,
    get_media_node,
    get_media_node_evidence,
    list_media_nodes,
    modify_media_node,
    remove_media_node,
)
from mediafleet_client.models import (
    DeletionStrategy,
    MediaNode,
    MediaNodeEvidence,
    MediaNodeList,
    MediaNodePatch,
    NewMediaNode,
    RequestableMediaNodeStatus,
)
from mediafleet_client.types import UNSET, Response


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
    with _server(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(
            list_media_nodes.sync_detailed,
            client=server.client,
            sessions=sessions or not json,
            extra_info=extra_info,
        )
        _print(server, server.ask(ask), json=json)


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
    with _server(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(
            get_media_node.sync_detailed,
            media_node_id,
            client=server.client,
            sessions=sessions,
            extra_info=extra_info,
        )
        _print(server, server.ask(ask), json=json)


def show_evidence(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Show what a Media Node is judged on: pings, answers, and the last verdicts.

    Examples:
      mediafleet nodes evidence kms_FVrQslIr
      mediafleet nodes evidence kms_FVrQslIr --json
    """
    with _server(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(get_media_node_evidence.sync_detailed, media_node_id, client=server.client)
        _print(server, server.ask(ask), json=json)


def add_node(
    uri: Annotated[
        str | None,
        typer.Argument(metavar="[URI]", help="Where the running node is; needed on premises."),
    ] = None,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the node is running.")] = False,
    json: Json = False,
) -> None:
    """Add a Media Node.

    Examples:
      mediafleet nodes add ws://172.17.0.5:8888/kurento
      mediafleet nodes add wss://[fd00::5]:8433/kurento --wait --json
    """
    body = NewMediaNode(uri=UNSET if uri is None else uri)
    with _server(url, secret_file, ca_file, _patience(timeout, wait=wait)) as server:
        ask = partial(add_media_node.sync_detailed, client=server.client, body=body, wait=wait)
        with waiting(
            "The node is launched",
            shown=wait and not json,
            if_interrupted="The launch goes on. Look at it with: mediafleet nodes list",
        ):
            answer = server.ask(ask)
        _print(server, answer, json=json)


def remove_node(
    media_node_id: Id,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    strategy: Annotated[
        DeletionStrategy,
        typer.Option(
            help="With sessions on the node: refuse, close them now, or let them end before."
        ),
    ] = DeletionStrategy.IF_NO_SESSIONS,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the node is gone.")] = False,
    json: Json = False,
) -> None:
    """Remove a Media Node.

    Examples:
      mediafleet nodes remove kms_FVrQslIr
      mediafleet nodes remove kms_FVrQslIr --strategy when-no-sessions --wait
    """
    with _server(url, secret_file, ca_file, _patience(timeout, wait=wait)) as server:
        ask = partial(
            remove_media_node.sync_detailed,
            media_node_id,
            client=server.client,
            wait=wait,
            deletion_strategy=strategy,
        )
        with waiting(
            f"{media_node_id} is removed",
            shown=wait and not json,
            if_interrupted="The removal goes on. Look at it with: mediafleet nodes list",
        ):
            answer = server.ask(ask)
    if answer.status_code is HTTPStatus.ACCEPTED:
        complain(f"{media_node_id} hosts sessions and is removed when the last one has ended.")
    else:
        complain(f"{media_node_id} is removed.")
    if json:
        show_json(answer.content)


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
    with _server(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(
            modify_media_node.sync_detailed,
            media_node_id,
            client=server.client,
            body=MediaNodePatch(status=status),
        )
        answer = server.ask(ask)
        if answer.status_code is HTTPStatus.NO_CONTENT:
            complain(f"{media_node_id} is {status} already.")
        _print(server, answer, json=json)


def discover_nodes(
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Add the running Media Nodes that the environment knows and the cluster does not.

    Examples:
      mediafleet nodes discover
      mediafleet nodes discover --json
    """
    with _server(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        ask = partial(autodiscover_media_nodes.sync_detailed, client=server.client)
        answer = server.ask(ask)
        if isinstance(answer.parsed, MediaNodeList) and not answer.parsed.content:
            complain("No Media Node was found that is not in the cluster already.")
        _print(server, answer, json=json)


def _server(
    url: str, secret_file: Path | None, ca_file: Path | None, timeout: float
) -> AbstractContextManager[Server]:
    return open_server(Access(url=url, secret_file=secret_file, ca_file=ca_file, timeout=timeout))


def _patience(timeout: float | None, *, wait: bool) -> float:
    return timeout or (WAITED_ANSWER_S if wait else ANSWER_S)


def _print(server: Server, answer: Response[Any], *, json: bool) -> None:
    if json:
        show_json(answer.content)
        return
    with server.understanding():
        if isinstance(answer.parsed, MediaNode):
            table = details_of(answer.parsed)
        elif isinstance(answer.parsed, MediaNodeList):
            table = list_of(answer.parsed.content)
        elif isinstance(answer.parsed, MediaNodeEvidence):
            table = evidence_of(answer.parsed)
        else:
            return
    show(table)
