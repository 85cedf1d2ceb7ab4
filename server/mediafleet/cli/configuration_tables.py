"""How a configuration and a change of it look in a terminal; where they come from is not here."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.table import Table

from mediafleet.cli.assignments import Difference, shown
from mediafleet.cli.terminal import cell
from mediafleet.configuration.kinds import JsonValue

_GROUPS: Final = (
    ("Cluster", ("OPENVIDU_PRO_CLUSTER", "KMS_URIS")),
    ("Monitoring", ("OPENVIDU_PRO_",)),
    ("Recording", ("OPENVIDU_RECORDING",)),
    ("Webhook and events", ("OPENVIDU_WEBHOOK", "OPENVIDU_CDR")),
    ("Sessions and streams", ("OPENVIDU_SESSIONS", "OPENVIDU_STREAMS")),
    ("Server", ("",)),
)
"""Headings, with the beginnings of the names below them; the first that fits counts."""


def configuration_of(configuration: Mapping[str, JsonValue]) -> Table:
    """Make a table of all properties, in groups; values of webhook headers are masked."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for heading, names in _grouped(configuration):
        table.add_row(cell(heading, "bold"))
        for name in names:
            table.add_row(cell(f"  {name}"), cell(shown(name, configuration[name])))
    return table


def differences_of(differences: Iterable[Difference]) -> Table:
    """Make a table of what a restart would change, and what it would leave as it is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("PROPERTY", "NOW", "", "THEN"):
        table.add_column(heading, no_wrap=True)
    for each in differences:
        new = shown(each.name, each.new)
        if each.changes:
            old = shown(each.name, each.old)
            table.add_row(cell(each.name), cell(old, "red"), cell("→"), cell(new, "green"))
        else:
            table.add_row(cell(each.name), cell(new), cell(""), cell("unchanged"))
    return table


def _grouped(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {heading: [] for heading, _ in reversed(_GROUPS)}
    for name in names:
        groups[next(heading for heading, starts in _GROUPS if name.startswith(starts))].append(name)
    return ((heading, found) for heading, found in groups.items() if found)
