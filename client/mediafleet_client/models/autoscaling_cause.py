from typing import Literal, TypeAlias, cast

AutoscalingCause: TypeAlias = Literal[
    "aboveMaxNodes",
    "atMaxNodes",
    "atMinNodes",
    "belowMinNodes",
    "blind",
    "highLoad",
    "loadOfFewerNodes",
    "lowLoad",
    "reserved",
    "withinLimits",
]
"""A newer server may answer other values; they are passed on as they are."""

AUTOSCALING_CAUSE_VALUES: frozenset[AutoscalingCause] = frozenset(
    {
        "aboveMaxNodes",
        "atMaxNodes",
        "atMinNodes",
        "belowMinNodes",
        "blind",
        "highLoad",
        "loadOfFewerNodes",
        "lowLoad",
        "reserved",
        "withinLimits",
    }
)


def check_autoscaling_cause(value: object) -> AutoscalingCause:
    """Take a value of an answer as it is, known or not."""
    return cast(AutoscalingCause, value)
