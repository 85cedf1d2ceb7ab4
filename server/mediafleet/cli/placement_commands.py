"""`mediafleet placements`, and `nodes label`, which gives nodes the labels to choose by."""

from typing import Annotated, Final, TypeAlias

import typer

from mediafleet.cli.connection import Access
from mediafleet.cli.errors import UsageError
from mediafleet.cli.options import Id, Json, check_ids, complete_node_id, connects, parse_duration
from mediafleet.cli.tables import label_table, placed_table, placement_list
from mediafleet.cli.terminal import print_message

_LONGEST_TTL_S: Final = 3_600

PlacementId: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The reservation's id, as printed or listed.", callback=check_ids
    ),
]


@connects
def create_placement(
    access: Access,
    session_id: Annotated[
        str | None,
        typer.Argument(metavar="[SESSION]", help="The id that the session will have."),
    ] = None,
    *,
    estimated_load: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=100,
            metavar="PERCENT",
            help="What the session will add to the load of its node; 1 if not given.",
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A label that the node must have; repeatable."),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="The only node to consider.",
            callback=check_ids,
            autocompletion=complete_node_id,
        ),
    ] = None,
    ttl: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            parser=parse_duration,
            help="How long to wait for the session, such as 90s; 30s if not given, at most 1h.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Reserve a place for a new session on the node with the least load.

    Examples:
      mediafleet placements create physics-101
      mediafleet placements create physics-101 --label zone=eu-1 --estimated-load 2.5
      mediafleet placements create --node kms_FVrQslIr --ttl 5m --json
    """
    if ttl is not None and ttl > _LONGEST_TTL_S:
        raise UsageError("--ttl must be at most 1h.")
    labels, without = _assignments(label or [])
    if without:
        raise UsageError(f"--label must be NAME=VALUE, unlike {without[0]}-.")

    access.show(
        lambda client: client.placements.create(
            session_id,
            estimated_load=estimated_load,
            labels=labels or None,
            media_node=node,
            ttl=ttl,
        ),
        placed_table,
        json=json,
    )


@connects
def list_placements(access: Access, *, json: Json = False) -> None:
    """List the reservations that count now, the oldest first.

    Examples:
      mediafleet placements list
      mediafleet placements list --json
    """
    access.show(lambda client: client.placements.list(), placement_list, json=json)


@connects
def release_placement(access: Access, placement_id: PlacementId, *, json: Json = False) -> None:
    """End a reservation, for a session that will not begin.

    Examples:
      mediafleet placements release plc_Q3xWk81pLz0b
    """
    with access.connect() as server:
        server.ask(lambda client: client.placements.release(placement_id))
    if not json:
        print_message(f"{placement_id} is released.")


@connects
def label_node(
    access: Access,
    media_node_id: Id,
    changes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE | NAME-]...",
            help="Labels to set, and those to take away; none to show what the node has.",
        ),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Show or change the labels of a node, by which placements choose.

    Examples:
      mediafleet nodes label kms_FVrQslIr
      mediafleet nodes label kms_FVrQslIr zone=eu-1 gpu=
      mediafleet nodes label kms_FVrQslIr gpu-
    """
    wanted, without = _assignments(changes or [])
    if twice := wanted.keys() & set(without):
        raise UsageError(f"The label {min(twice)} is both set and taken away.")
    with access.connect() as server:
        labels = server.ask(lambda client: client.media_nodes.labels(media_node_id))
        if wanted or without:
            kept = {name: value for name, value in labels.items() if name not in without}
            labels = server.ask(
                lambda client: client.media_nodes.set_labels(media_node_id, kept | wanted)
            )
        server.print(labels, label_table, json=json)


def _assignments(given: list[str]) -> tuple[dict[str, str], list[str]]:
    """Labels to set, and names of those to take away.

    Raises:
        UsageError: One has neither form, or a name is given twice.
    """
    wanted: dict[str, str] = {}
    without: list[str] = []
    for each in given:
        name, is_set, value = each.partition("=")
        if is_set and name and name not in wanted:
            wanted[name] = value
        elif not is_set and len(each) > 1 and each.endswith("-"):
            without.append(each[:-1])
        else:
            problem = "is given twice" if name in wanted else "must be NAME=VALUE or NAME-"
            raise UsageError(f"A label {problem}: {each}")
    return wanted, without
