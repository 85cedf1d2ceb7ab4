"""`mediafleet autoscaling`: what autoscaling of a running server does, and why."""

from typing import Annotated, TypeAlias

import typer

from mediafleet.cli.connection import Access
from mediafleet.cli.errors import UsageError
from mediafleet.cli.options import Json, connects
from mediafleet.cli.tables import autoscaling_report

Nodes: TypeAlias = Annotated[
    int | None, typer.Option(min=0, max=10_000, metavar="COUNT", help="For --dry-run.")
]
Load: TypeAlias = Annotated[
    int | None, typer.Option(min=0, max=100, metavar="PERCENT", help="For --dry-run.")
]


@connects
def explain(
    access: Access,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide with the limits that follow.")
    ] = False,
    min_nodes: Nodes = None,
    max_nodes: Nodes = None,
    min_load: Load = None,
    max_load: Load = None,
    json: Json = False,
) -> None:
    """Show what autoscaling knows, what it would do now, and its last decisions.

    With --dry-run it is shown what would be done with other limits; nothing is changed.

    Examples:
      mediafleet autoscaling explain
      mediafleet autoscaling explain --dry-run --min-nodes 2 --max-load 50
      mediafleet autoscaling explain --json
    """
    limits = {
        "min_nodes": min_nodes,
        "max_nodes": max_nodes,
        "min_load": min_load,
        "max_load": max_load,
    }
    if not dry_run and any(limit is not None for limit in limits.values()):
        raise UsageError(
            "Limits are for --dry-run; to change them, use: mediafleet restart NAME=VALUE"
        )
    access.show(lambda client: client.cluster.autoscaling(**limits), autoscaling_report, json=json)
