"""`mediafleet config` and `mediafleet restart`: the configuration of a running server."""

import json as json_text
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Final

import typer
from rich.table import Table

from mediafleet.cli.connection import Access
from mediafleet.cli.errors import CommandError, UsageError
from mediafleet.cli.options import Json, connects
from mediafleet.cli.tables import cell, list_table, print_table
from mediafleet.cli.terminal import print_json, print_message
from mediafleet.cli.waiting import waiting
from mediafleet.configuration.errors import MASK, InvalidValueError
from mediafleet.configuration.properties import BY_NAME
from mediafleet.configuration.property import JsonValue
from mediafleet.texts import printable

SECRET: Final = "OPENVIDU_SECRET"  # noqa: S105 - the name of a property
HEADERS: Final = "OPENVIDU_WEBHOOK_HEADERS"
CHANGEABLE: Final = tuple(name for name, each in BY_NAME.items() if each.modifiable)
"""Names that a restart can change, in the order of the configuration table."""

_MAX_SUGGESTIONS: Final = 3
_GROUPS: Final = (
    ("Cluster", ("OPENVIDU_PRO_CLUSTER", "KMS_URIS")),
    ("Monitoring", ("OPENVIDU_PRO_",)),
    ("Recording", ("OPENVIDU_RECORDING",)),
    ("Webhook and events", ("OPENVIDU_WEBHOOK", "OPENVIDU_CDR")),
    ("Sessions and streams", ("OPENVIDU_SESSIONS", "OPENVIDU_STREAMS")),
    ("Server", ("",)),
)
"""Headings, with the prefixes of the names below them; the first that matches counts."""


@connects
def config(access: Access, *, json: Json = False) -> None:
    """Show the configuration that is in force.

    Values of webhook headers are masked in the table; --json shows the API's answer as it is.

    Examples:
      mediafleet config
      mediafleet config --json
    """
    access.show(lambda client: client.cluster.config().to_dict(), configuration_table, json=json)


def complete_assignment(incomplete: str) -> list[str]:
    """Offer the names of properties that a restart can change, each followed by `=`."""
    return [f"{name}=" for name in CHANGEABLE if name.startswith(incomplete.upper())]


@connects
def restart(
    access: Access,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help="Properties to change, as the .env file has them; none to change nothing.",
            autocompletion=complete_assignment,
        ),
    ] = None,
    *,
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
    wanted = parse_assignments(assignments or [])
    with access.connect() as server:
        now = server.ask(lambda client: client.cluster.config()).to_dict()
        differences = [Difference(name, now.get(name), value) for name, value in wanted.items()]
        _print_differences(differences, json=json)
        if dry_run:
            return
        _require_consent(yes=yes)
        with waiting(
            "Restarting the server",
            shown=not json,
            what="The restart",
            look_with="config",
        ):
            server.ask(lambda client: client.cluster.restart(wanted))
    changed = sum(each.changes for each in differences)
    print_message(
        f"Restarted; {changed} {'property has' if changed == 1 else 'properties have'} changed."
    )


def _require_consent(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "This is no terminal: give --yes to restart, or --dry-run to show what would change."
        )
    if not typer.confirm("Restart the server with this?", err=True):
        raise CommandError("Nothing was changed.")


def parse_assignments(items: Sequence[str]) -> dict[str, JsonValue]:
    """Parse values as in the `.env` file, such as `A=true`, `B=70` and `C=["x"]`.

    Returns:
        JSON values by name, in the given order.

    Raises:
        UsageError: Lists every wrong assignment; secrets are not repeated.
    """
    values: dict[str, JsonValue] = {}
    problems = []
    for item in items:
        name, equals, text = item.partition("=")
        try:
            if name in values:
                problems.append(f"  {name} is given twice.")
            values[name] = _value(name, text if equals else None)
        except InvalidValueError as error:
            problems.append(f"  {printable(name)[:100]} {error.rule}.")
    if problems:
        raise UsageError("\n".join(["Nothing was sent to the server:", *problems]))
    return values


def _value(name: str, text: str | None) -> JsonValue:
    if text is None:
        raise InvalidValueError("is no assignment: it must have the form KEY=VALUE")
    known = BY_NAME.get(name)
    if known is None:
        near = get_close_matches(name.upper(), CHANGEABLE, _MAX_SUGGESTIONS)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise InvalidValueError(f"is no property{hint}")
    if name == SECRET:
        return text
    if not known.modifiable:
        raise InvalidValueError("cannot be changed by a restart")
    value = known.kind.read(text)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Difference:
    """The effect of a restart on one property.

    Attributes:
        name: Of the property.
        old: Its current value; `None` if the server does not show it.
        new: The requested value.
    """

    name: str
    old: JsonValue
    new: JsonValue

    @property
    def changes(self) -> bool:
        """Whether the value changes, as far as the server shows it."""
        return self.name != SECRET and self.old != self.new


def _print_differences(differences: Sequence[Difference], *, json: bool) -> None:
    if json:
        content = {
            each.name: {
                "from": _masked(each.name, each.old),
                "to": _masked(each.name, each.new),
                "changes": each.changes,
            }
            for each in differences
        }
        print_json(json_text.dumps(content).encode())
    elif differences:
        print_table(_difference_table(differences))
    else:
        print_message("The configuration stays as it is.")


def _difference_table(differences: Iterable[Difference]) -> Table:
    rows: list[Sequence[object]] = []
    for each in differences:
        new = _format(each.name, each.new)
        if each.changes:
            old = _format(each.name, each.old)
            rows.append((each.name, cell(old, "red"), "→", cell(new, "green")))
        else:
            rows.append((each.name, new, "", "unchanged"))
    return list_table(("PROPERTY", "NOW", "", "THEN"), rows)


def configuration_table(configuration: Mapping[str, JsonValue]) -> Table:
    """Show all properties in groups; values of webhook headers are masked."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for heading, names in _grouped(configuration):
        table.add_row(cell(heading, "bold"))
        for name in names:
            table.add_row(cell(f"  {name}"), cell(_format(name, configuration[name])))
    return table


def _grouped(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {heading: [] for heading, _ in reversed(_GROUPS)}
    for name in names:
        heading = next(heading for heading, prefixes in _GROUPS if name.startswith(prefixes))
        groups[heading].append(name)
    return ((heading, found) for heading, found in groups.items() if found)


def _masked(name: str, value: JsonValue) -> JsonValue:
    if name == SECRET:
        return MASK
    if name == HEADERS and isinstance(value, Sequence) and not isinstance(value, str):
        return [f"{str(header).partition(':')[0]}: {MASK}" for header in value]
    return value


def _format(name: str, value: JsonValue) -> str:
    """Format a value as in the `.env` file; what may be a credential is masked."""
    masked = _masked(name, value)
    if masked is None:
        return "(not shown)"
    if isinstance(masked, bool):
        return "true" if masked else "false"
    if isinstance(masked, Sequence) and not isinstance(masked, str):
        return ", ".join(map(str, masked)) or "[]"
    return str(masked) or '""'
