"""Options and arguments that several commands share, and what the shell offers for them."""

import inspect
import math
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from mediafleet.cli.connection import TIMEOUT_S, WAIT_TIMEOUT_S, Access
from mediafleet.cli.server_configuration import DEFAULT_URL
from mediafleet.cli.terminal import UNITS_S

_NODE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MIN_TIMEOUT_S: Final = 0.1
_MAX_TIMEOUT_S: Final = 7 * 86_400.0
_DURATION: Final = re.compile(
    r"(?:(?P<d>\d{1,4})d)?(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,8})m)?(?:(?P<s>\d{1,8})s?)?", re.ASCII
)
_MAX_DURATION_S: Final = 30 * UNITS_S["d"]
_COMPLETION_TIMEOUT_S: Final = 0.8
_SHELL_SAFE: Final = re.compile(r"[\w.:/\[\]-]{1,200}", re.ASCII)


def is_node_id(text: str) -> bool:
    """Whether the text has the form of an id; nothing else goes into a path or to the shell."""
    return _NODE_ID.fullmatch(text) is not None


def parse_duration(text: str) -> int:
    """Parse a duration such as `90`, `90s`, `30m`, `1h30m` or `2d`, from 1 second to 30 days.

    Returns:
        Whole seconds.

    Raises:
        typer.BadParameter: It has another form, or is out of bounds.
    """
    found = _DURATION.fullmatch(text.strip())
    if not text.strip() or found is None:
        raise typer.BadParameter("must be like 90s, 30m, 1h30m or 2d; a number alone is seconds")
    seconds = sum(int(found[unit] or 0) * size for unit, size in UNITS_S.items())
    if not 1 <= seconds <= _MAX_DURATION_S:
        raise typer.BadParameter("must be from 1s to 30d")
    return seconds


def complete_node_id(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the ids of the server's Media Nodes, each with its status and uri.

    It never fails, and offers nothing if the server is slow.
    """
    offers: list[tuple[str, str]] = []

    def ask() -> None:
        # An error message would destroy the line that the user is typing.
        with suppress(Exception):
            offers[:] = _offers(context)

    # A timeout of the connection does not bound name servers, pipes, or a slow response.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_COMPLETION_TIMEOUT_S)
    return [(node_id, text) for node_id, text in offers if node_id.startswith(incomplete)]


def _offers(context: typer.Context) -> list[tuple[str, str]]:
    files = {name: context.params.get(name) for name in ("secret_file", "ca_file")}
    access = Access(
        url=context.params.get("url") or DEFAULT_URL,
        timeout=_COMPLETION_TIMEOUT_S,
        **{name: None if given is None else Path(given) for name, given in files.items()},
    )
    with access.connect() as server:
        nodes = server.ask(lambda client: client.media_nodes.list())
    # The shell evaluates what it is offered.
    return [(node.id, _describe(node.status, node.uri)) for node in nodes if is_node_id(node.id)]


def _describe(status: str, uri: str | None) -> str:
    return f"{status} {uri}" if uri is not None and _SHELL_SAFE.fullmatch(uri) else str(status)


def check_ids(given: str | list[str] | None) -> str | list[str] | None:
    """Check one id, or several, of which each is kept once.

    Raises:
        typer.BadParameter: One does not have the form of an id.
    """
    ids = given if isinstance(given, list) else [given] if given is not None else []
    if not all(map(is_node_id, ids)):
        raise typer.BadParameter("an id has 1 to 64 letters, digits, _ and -")
    return list(dict.fromkeys(given)) if isinstance(given, list) else given


def _seconds(number: float | None) -> float | None:
    if number is not None and math.isnan(number):  # it is in every range
        raise typer.BadParameter("nan is no number of seconds")
    return number


Id: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The node's id, as listed.",
        callback=check_ids,
        autocompletion=complete_node_id,
    ),
]
Ids: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help="The nodes' ids, as listed.",
        callback=check_ids,
        autocompletion=complete_node_id,
    ),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the API's answer instead of a table.")
]
Sessions: TypeAlias = Annotated[
    bool, typer.Option("--sessions", help="With the sessions that are on the node.")
]
ExtraInfo: TypeAlias = Annotated[
    bool, typer.Option("--extra-info", help="With version, modules and memory of the media server.")
]
_Url: TypeAlias = Annotated[
    str, typer.Option("--url", metavar="URL", envvar="MEDIAFLEET_URL", help="Where the server is.")
]
_SecretFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File of the server's secret; else OPENVIDU_SECRET, else the one that a server on "
        "this machine made.",
    ),
]
_CaFile: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM file of authorities to trust for https.")
]


_Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=_MIN_TIMEOUT_S,
        max=_MAX_TIMEOUT_S,
        metavar="SECONDS",
        callback=_seconds,
        help=f"Longest wait for the answer; {TIMEOUT_S:g} if not given.",
    ),
]
_WaitTimeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=_MIN_TIMEOUT_S,
        max=_MAX_TIMEOUT_S,
        metavar="SECONDS",
        callback=_seconds,
        help="Longest wait for the answer; "
        f"{TIMEOUT_S:g} if not given, {WAIT_TIMEOUT_S:g} with --wait.",
    ),
]


def connects(command: Callable[..., None], *, can_wait: bool = False) -> Callable[..., None]:
    """Give a command the options --url, --secret-file, --ca-file and --timeout.

    Args:
        command: Its first argument is the `Access` that is made of them.
        can_wait: Whether the command has an option --wait, with which the timeout is longer.
    """

    @wraps(command)
    def connecting(
        url: str,
        secret_file: Path | None,
        ca_file: Path | None,
        timeout: float | None,
        **options: Any,  # noqa: ANN401 - those of the command
    ) -> None:
        access = Access(url=url, secret_file=secret_file, ca_file=ca_file, timeout=timeout)
        command(access, **options)

    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, default, kind in (
            ("url", DEFAULT_URL, _Url),
            ("secret_file", None, _SecretFile),
            ("ca_file", None, _CaFile),
            ("timeout", None, _WaitTimeout if can_wait else _Timeout),
        )
    ]
    own = list(inspect.signature(command).parameters.values())[1:]
    arguments = [each for each in own if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    parameters = [*arguments, *added, *own[len(arguments) :]]
    # Typer reads the options of a command from its signature.
    connecting.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    connecting.__annotations__ = {each.name: each.annotation for each in parameters}
    return connecting


connects_and_waits = partial(connects, can_wait=True)
