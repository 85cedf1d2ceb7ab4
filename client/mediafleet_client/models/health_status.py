from typing import Literal, TypeAlias, cast

HealthStatus: TypeAlias = Literal[
    "DOWN",
    "UNSTABLE",
    "UP",
]
"""A newer server may answer other values; they are passed on as they are."""

HEALTH_STATUS_VALUES: frozenset[HealthStatus] = frozenset(
    {
        "DOWN",
        "UNSTABLE",
        "UP",
    }
)


def check_health_status(value: object) -> HealthStatus:
    """Take a value of an answer as it is, known or not."""
    return cast(HealthStatus, value)
