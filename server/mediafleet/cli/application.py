"""The commands of `mediafleet`, and the exit status of their errors."""

import gc
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeAlias

import typer

from mediafleet import __version__
from mediafleet.cli.emulator import emulator
from mediafleet.cli.errors import CommandError, ExitCode, OutputError
from mediafleet.cli.server_commands import demo, serve
from mediafleet.cli.terminal import flush_output, prepare_streams, print_lines, print_message

Command: TypeAlias = Callable[..., None]

# Python's default is 700: a start would walk all that it loads again and again, and a server the
# objects that live for one request or measurement.
_ALLOCATIONS_PER_COLLECTION: Final = 5_000
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
      mediafleet placements create ROOM  the node for a new session
      mediafleet events watch            what happens to the cluster
      mediafleet config                  the configuration of a running server
      mediafleet restart KEY=VALUE       another configuration for it

    Exit status: 0 done, 1 failure of the server or the connection to it,
    2 wrong usage or configuration, 3 not found, 4 conflict, 5 secret refused,
    130 interrupted while waiting (what was asked of the server goes on).
    """


def _help(command: Command, more: str = "") -> str:
    """Take the help from the docstring; examples and exit statuses keep their lines."""
    paragraphs = f"{inspect.cleandoc(command.__doc__ or '')}\n\n{more}".strip().split("\n\n")
    return "\n\n".join(
        _KEEP_LINES + each if each.startswith(_VERBATIM_PARAGRAPHS) else each for each in paragraphs
    )


def make_application(command: str | None = None) -> typer.Typer:
    """Make the command line.

    Args:
        command: The command that will run, if known: one that runs a server is loaded without the
            commands for running servers.
    """
    commands: dict[str, Command | typer.Typer] = {
        "serve": serve,
        "demo": demo,
        "emulator": emulator,
    }
    if command not in commands:
        from mediafleet.cli import client_commands as client  # noqa: PLC0415 - loads the HTTP client

        commands |= {
            name: _group(describe, members, more_help=client.EXIT_STATUSES)
            for name, (describe, members) in client.GROUPS.items()
        }
        commands |= client.COMMANDS
    return _group(describe, commands)


def _group(
    describe: Command, commands: Mapping[str, Command | typer.Typer], more_help: str = ""
) -> typer.Typer:
    group = typer.Typer(
        no_args_is_help=True,
        # Plain help and plain errors: they contain text of the user, which is no markup.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    group.callback(help=_help(describe, more_help))(describe)
    for name, command in commands.items():
        if isinstance(command, typer.Typer):
            group.add_typer(command, name=name)
        else:
            group.command(name, help=_help(command))(command)
    return group


def main() -> None:
    """Run the command line; the exit status is one of `ExitCode`."""
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION)
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
        make_application(next(iter(sys.argv[1:]), None))(prog_name="mediafleet")
    except OSError:
        flush_output()  # raises OutputError if it was the library's output that failed
        raise
