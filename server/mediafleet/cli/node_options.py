"""Options and arguments that several `nodes` commands share."""

import math
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from mediafleet.cli.completion import complete_node_id
from mediafleet.cli.node_ids import is_node_id

ANSWER_S: Final = 30.0
WAITED_ANSWER_S: Final = 3_600.0
_MIN_S: Final = 0.1
_MAX_S: Final = 7 * 86_400.0


def _node_id(text: str) -> str:
    if not is_node_id(text):
        raise typer.BadParameter("an id has 1 to 64 letters, digits, _ and -")
    return text


def _seconds(number: float | None) -> float | None:
    if number is not None and math.isnan(number):  # it is in every range
        raise typer.BadParameter("nan is no number of seconds")
    return number


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
    str, typer.Option("--url", metavar="URL", envvar="MEDIAFLEET_URL", help="Where the server is.")
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
        min=_MIN_S,
        max=_MAX_S,
        metavar="SECONDS",
        callback=_seconds,
        help=f"Longest wait for the answer; {ANSWER_S:g} if not given.",
    ),
]
WaitTimeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        min=_MIN_S,
        max=_MAX_S,
        metavar="SECONDS",
        callback=_seconds,
        help="Longest wait for the answer; "
        f"{ANSWER_S:g} if not given, {WAITED_ANSWER_S:g} with --wait.",
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
