from typing import Any

from ...models.autoscaling import Autoscaling
from ...types import UNSET, Operation, Unset


def get_autoscaling(
    *,
    min_nodes: int | Unset = UNSET,
    max_nodes: int | Unset = UNSET,
    min_load: int | Unset = UNSET,
    max_load: int | Unset = UNSET,
) -> Operation[Autoscaling]:
    """Explain autoscaling

    Answers what autoscaling decides by: its limits, and of each Media Node that counts its status and its load, null
    where that is unknown. `now` is what an evaluation at this moment would decide, and why; nothing is changed.
    `decisions` are the last 50 since the server began.

    With parameters it is a dry run: `policy` has the given limits in place of the configured ones, and `now` is
    what would be decided with them, also while autoscaling is off.

    Args:
        min_nodes (int | Unset):
        max_nodes (int | Unset):
        min_load (int | Unset):
        max_load (int | Unset):
    """
    params: dict[str, Any] = {}

    params["minNodes"] = min_nodes

    params["maxNodes"] = max_nodes

    params["minLoad"] = min_load

    params["maxLoad"] = max_load

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    return Operation(
        method="GET",
        path="/fleet/autoscaling",
        params=params,
        results={
            200: Autoscaling.from_dict,
        },
    )
