"""The command line as a whole: its commands, `--version`, and what happens to their errors."""

from typing import Annotated

import typer

from mediafleet import __version__
from mediafleet.cli.configuration_commands import config, restart
from mediafleet.cli.demo import demo
from mediafleet.cli.emulator import emulator
from mediafleet.cli.exits import CommandError, ExitCode, OutputError
from mediafleet.cli.help_texts import help_of
from mediafleet.cli.nodes import nodes
from mediafleet.cli.serve import serve
from mediafleet.cli.terminal import complain, finish_output, prepare_streams, say


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"mediafleet {__version__}")
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


application = typer.Typer(
    no_args_is_help=True,
    # Plain help and plain errors: they hold the user's own text, which is no markup.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
application.callback(help=help_of(describe))(describe)
application.command(help=help_of(serve))(serve)
application.command(help=help_of(demo))(demo)
application.command(help=help_of(emulator))(emulator)
application.add_typer(nodes, name="nodes")
application.command(help=help_of(config))(config)
application.command(help=help_of(restart))(restart)


def main() -> None:
    """Run the command line; the process ends with one of the statuses of `ExitCode`."""
    prepare_streams()
    try:
        _run()
    except CommandError as error:
        complain(f"mediafleet: {error.message}")
        raise SystemExit(int(error.code)) from None
    except OutputError as error:
        complain(f"mediafleet: {error}")
        raise SystemExit(int(ExitCode.FAILURE)) from None


def _run() -> None:
    try:
        application(prog_name="mediafleet")
    except OSError:
        finish_output()  # the library's own, which is help, if that is what failed
        raise
