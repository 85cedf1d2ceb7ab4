from typing import Literal, TypeAlias, cast

VideoSource: TypeAlias = Literal[
    "CAMERA",
    "CUSTOM",
    "IPCAM",
    "SCREEN",
]
"""A newer server may answer other values; they are passed on as they are."""

VIDEO_SOURCE_VALUES: frozenset[VideoSource] = frozenset(
    {
        "CAMERA",
        "CUSTOM",
        "IPCAM",
        "SCREEN",
    }
)


def check_video_source(value: object) -> VideoSource:
    """Take a value of an answer as it is, known or not."""
    return cast(VideoSource, value)
