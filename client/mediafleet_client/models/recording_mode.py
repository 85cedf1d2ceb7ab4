from typing import Literal, TypeAlias, cast

RecordingMode: TypeAlias = Literal[
    "ALWAYS",
    "MANUAL",
]
"""A newer server may answer other values; they are passed on as they are."""

RECORDING_MODE_VALUES: frozenset[RecordingMode] = frozenset(
    {
        "ALWAYS",
        "MANUAL",
    }
)


def check_recording_mode(value: object) -> RecordingMode:
    """Take a value of an answer as it is, known or not."""
    return cast(RecordingMode, value)
