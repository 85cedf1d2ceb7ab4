from typing import Literal, TypeAlias, cast

RecordingStatus: TypeAlias = Literal[
    "failed",
    "ready",
    "started",
    "starting",
    "stopped",
]
"""A newer server may answer other values; they are passed on as they are."""

RECORDING_STATUS_VALUES: frozenset[RecordingStatus] = frozenset(
    {
        "failed",
        "ready",
        "started",
        "starting",
        "stopped",
    }
)


def check_recording_status(value: object) -> RecordingStatus:
    """Take a value of an answer as it is, known or not."""
    return cast(RecordingStatus, value)
