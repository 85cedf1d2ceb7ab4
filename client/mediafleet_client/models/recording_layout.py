from typing import Literal, TypeAlias, cast

RecordingLayout: TypeAlias = Literal[
    "BEST_FIT",
    "CUSTOM",
    "HORIZONTAL_PRESENTATION",
    "PICTURE_IN_PICTURE",
    "VERTICAL_PRESENTATION",
]
"""A newer server may answer other values; they are passed on as they are."""

RECORDING_LAYOUT_VALUES: frozenset[RecordingLayout] = frozenset(
    {
        "BEST_FIT",
        "CUSTOM",
        "HORIZONTAL_PRESENTATION",
        "PICTURE_IN_PICTURE",
        "VERTICAL_PRESENTATION",
    }
)


def check_recording_layout(value: object) -> RecordingLayout:
    """Take a value of an answer as it is, known or not."""
    return cast(RecordingLayout, value)
