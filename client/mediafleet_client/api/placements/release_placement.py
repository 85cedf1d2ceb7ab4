from urllib.parse import quote

from ...types import Operation


def release_placement(
    placement_id: str,
) -> Operation[None]:
    """Release a reservation

    Ends a reservation, for a session that will not begin, so that its load is not expected any more. A session that
    has begun already stays where it is.

    Args:
        placement_id (str):
    """

    return Operation(
        method="DELETE",
        path="/fleet/placements/{placement_id}".format(
            placement_id=quote(str(placement_id), safe=""),
        ),
        results={
            204: lambda _: None,
        },
    )
