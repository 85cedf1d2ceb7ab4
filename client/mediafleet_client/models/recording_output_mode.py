from typing import Literal, TypeAlias, cast

RecordingOutputMode: TypeAlias = Literal[
    "COMPOSED",
    "COMPOSED_QUICK_START",
    "INDIVIDUAL",
]
"""A newer server may answer other values; they are passed on as they are."""

RECORDING_OUTPUT_MODE_VALUES: frozenset[RecordingOutputMode] = frozenset(
    {
        "COMPOSED",
        "COMPOSED_QUICK_START",
        "INDIVIDUAL",
    }
)


def check_recording_output_mode(value: object) -> RecordingOutputMode:
    """Take a value of an answer as it is, known or not."""
    return cast(RecordingOutputMode, value)
