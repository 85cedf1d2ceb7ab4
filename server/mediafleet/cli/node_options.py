"""Options and arguments that several `nodes` commands share."""

import re
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from mediafleet.cli.completion import complete_node_id

ANSWER_S: Final = 30.0
WAITED_ANSWER_S: Final = 3_600.0
_MAX_S: Final = 7 * 86_400.0
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def _node_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise typer.BadParameter("an id has 1 to 64 letters, digits, _ and -")
    return text


Id: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The node's id, as listed.",
        callback=_node_id,
        autocompletion=complete_node_id,
    ),
]
Url: TypeAlias = Annotated[
    str, typer.Option("--url", envvar="MEDIAFLEET_URL", help="Where the server is.")
]
SecretFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File of the server's secret; else OPENVIDU_SECRET, else the one that a server on "
        "this machine made.",
    ),
]
CaFile: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM file of authorities to trust for https.")
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        max=_MAX_S,
        metavar="SECONDS",
        help=f"Longest wait for the answer; {ANSWER_S:g}, with --wait {WAITED_ANSWER_S:g}.",
    ),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the API's answer instead of a table.")
]
Sessions: TypeAlias = Annotated[
    bool, typer.Option("--sessions", help="With the sessions that are on the node.")
]
ExtraInfo: TypeAlias = Annotated[
    bool, typer.Option("--extra-info", help="With what the media server tells about itself.")
]
