"""`mediafleet config` and `mediafleet restart`: the configuration of a running server."""

import json as json_text
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mediafleet.cli.assignments import Difference, differences, masked, read_assignments
from mediafleet.cli.completion import complete_assignment
from mediafleet.cli.configuration_tables import configuration_of, differences_of
from mediafleet.cli.connection import server_at
from mediafleet.cli.exits import CommandError, UsageFault
from mediafleet.cli.node_answers import print_answer
from mediafleet.cli.node_options import ANSWER_S, CaFile, Json, SecretFile, Timeout, Url
from mediafleet.cli.starting import DEFAULT_URL
from mediafleet.cli.terminal import complain, show, show_json
from mediafleet.cli.waiting import waiting


def config(
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Show the configuration that is in force.

    Values of webhook headers are masked in the table; --json shows the API's answer as it is.

    Examples:
      mediafleet config
      mediafleet config --json
    """
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        found = server.ask(lambda client: client.cluster.config())
        print_answer(server, found.to_dict(), configuration_of, json=json)


def restart(
    assignments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Properties to change, as the .env file has them; none to change nothing.",
            autocompletion=complete_assignment,
        ),
    ] = None,
    *,
    url: Url = DEFAULT_URL,
    secret_file: SecretFile = None,
    ca_file: CaFile = None,
    timeout: Timeout = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference and change nothing.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the difference as JSON instead of a table.")
    ] = False,
) -> None:
    """Show what would change, and restart the server with it.

    The server stores the values and puts them in force; it goes on listening, and sessions go on.

    Examples:
      mediafleet restart OPENVIDU_PRO_CLUSTER_MEDIA_NODES=3
      mediafleet restart OPENVIDU_CDR=true 'OPENVIDU_WEBHOOK_EVENTS=["autoscaling"]' --yes
      mediafleet restart OPENVIDU_RECORDING=true --dry-run

    Exit status: 0 restarted or only shown, 1 denied or failed, 2 values that are not allowed or
    nobody to ask, 5 secret refused, 130 interrupted while waiting.
    """
    wanted = read_assignments(assignments or [])
    with server_at(url, secret_file, ca_file, timeout or ANSWER_S) as server:
        now = server.ask(lambda client: client.cluster.config())
        found = differences(now.to_dict(), wanted)
        _tell(found, json=json)
        if dry_run:
            return
        _require_consent(yes=yes)
        with waiting(
            "Restarting the server",
            shown=not json,
            what="The restart",
            look_with="config",
        ):
            server.ask(lambda client: client.cluster.restart(wanted), problems_apart=True)
    changed = sum(each.changes for each in found)
    complain(
        f"Restarted; {changed} {'property has' if changed == 1 else 'properties have'} changed."
    )


def _tell(found: Sequence[Difference], *, json: bool) -> None:
    if json:
        told = {
            each.name: {
                "from": masked(each.name, each.old),
                "to": masked(each.name, each.new),
                "changes": each.changes,
            }
            for each in found
        }
        show_json(json_text.dumps(told).encode())
    elif found:
        show(differences_of(found))
    else:
        complain("The configuration stays as it is.")


def _require_consent(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageFault("Nobody can be asked here: give --yes to restart, or --dry-run to look.")
    if not typer.confirm("Restart the server with this?", err=True):
        raise CommandError("Nothing was changed.")
