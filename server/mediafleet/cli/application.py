"""The commands of `mediafleet`, and the exit status of their errors."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from mediafleet import __version__
from mediafleet.cli.configuration_commands import config, restart
from mediafleet.cli.drain_commands import drain_nodes, show_drain, undrain_node
from mediafleet.cli.emulator import emulator
from mediafleet.cli.errors import CommandError, ExitCode, OutputError
from mediafleet.cli.node_commands import (
    add_node,
    change_status,
    discover_nodes,
    get_node,
    list_nodes,
    remove_node,
    show_diagnostics,
)
from mediafleet.cli.server_commands import demo, serve
from mediafleet.cli.terminal import flush_output, prepare_streams, print_lines, print_message

_VERBATIM_PARAGRAPHS: Final = ("Examples:", "Exit status:")
_KEEP_LINES: Final = "\b\n"
"""At the beginning of a paragraph: typer does not fill its lines."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print_lines(f"mediafleet {__version__}")
        raise typer.Exit


def describe(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """The open control plane for clusters of WebRTC Media Nodes.

    Examples:
      mediafleet demo                    a server with three emulated Media Nodes
      mediafleet serve                   a server for Media Nodes of your own
      mediafleet nodes list              the Media Nodes of a running server
      mediafleet nodes add --help        more about one command
      mediafleet config                  the configuration of a running server
      mediafleet restart KEY=VALUE       another configuration for it

    Exit status: 0 done, 1 failure of the server or the connection to it,
    2 wrong usage or configuration, 3 not found, 4 conflict, 5 secret refused,
    130 interrupted while waiting (what was asked of the server goes on).
    """


def describe_nodes() -> None:
    """List, add, drain and remove the Media Nodes of a running server.

    Examples:
      mediafleet nodes list
      mediafleet nodes add ws://172.17.0.5:8888/kurento --wait
      mediafleet nodes remove kms_FVrQslIr --strategy when-no-sessions
      mediafleet nodes drain kms_FVrQslIr --deadline 30m --at-deadline force
      MEDIAFLEET_URL=https://media.example.org mediafleet nodes list --json

    Exit status:
      0  done
      1  the server or the connection to it failed
      2  wrong options, or a request that the server calls wrong
      3  no such Media Node, or not within reach
      4  in conflict with the state of the cluster
      5  the secret was refused
      130  interrupted while waiting; what was asked of the server goes on
    """


def _help(command: Callable[..., Any]) -> str:
    """Take the help from the docstring; examples and exit statuses keep their lines."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(
        _KEEP_LINES + each if each.startswith(_VERBATIM_PARAGRAPHS) else each for each in paragraphs
    )


def _group(
    describe: Callable[..., None], commands: dict[str, Callable[..., None] | typer.Typer]
) -> typer.Typer:
    group = typer.Typer(
        no_args_is_help=True,
        # Plain help and plain errors: they contain text of the user, which is no markup.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    group.callback(help=_help(describe))(describe)
    for name, command in commands.items():
        if isinstance(command, typer.Typer):
            group.add_typer(command, name=name)
        else:
            group.command(name, help=_help(command))(command)
    return group


nodes = _group(
    describe_nodes,
    {
        "list": list_nodes,
        "get": get_node,
        "diagnostics": show_diagnostics,
        "add": add_node,
        "remove": remove_node,
        "drain": drain_nodes,
        "progress": show_drain,
        "undrain": undrain_node,
        "status": change_status,
        "discover": discover_nodes,
    },
)
application = _group(
    describe,
    {
        "serve": serve,
        "demo": demo,
        "emulator": emulator,
        "nodes": nodes,
        "config": config,
        "restart": restart,
    },
)


def main() -> None:
    """Run the command line; the exit status is one of `ExitCode`."""
    prepare_streams()
    try:
        _run()
    except CommandError as error:
        print_message(f"mediafleet: {error.message}")
        raise SystemExit(int(error.code)) from None
    except OutputError as error:
        print_message(f"mediafleet: {error}")
        raise SystemExit(int(ExitCode.FAILURE)) from None


def _run() -> None:
    try:
        application(prog_name="mediafleet")
    except OSError:
        flush_output()  # raises OutputError if it was the library's output that failed
        raise
