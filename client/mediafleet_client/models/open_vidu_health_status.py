from typing import Literal, TypeAlias, cast

OpenViduHealthStatus: TypeAlias = Literal[
    "DOWN",
    "UNSTABLE",
    "UP",
]
"""A newer server may answer other values; they are passed on as they are."""

OPEN_VIDU_HEALTH_STATUS_VALUES: frozenset[OpenViduHealthStatus] = frozenset(
    {
        "DOWN",
        "UNSTABLE",
        "UP",
    }
)


def check_open_vidu_health_status(value: object) -> OpenViduHealthStatus:
    """Take a value of an answer as it is, known or not."""
    return cast(OpenViduHealthStatus, value)
