from ...models.placement_list import PlacementList
from ...types import Operation


def list_placements() -> Operation[PlacementList]:
    """List the reservations

    Answers the reservations that count now, the oldest first: the first 1,000 of them, and the number of all.

    """

    return Operation(
        method="GET",
        path="/fleet/placements",
        results={
            200: PlacementList.from_dict,
        },
    )
