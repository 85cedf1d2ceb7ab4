from typing import Literal, TypeAlias, cast

VideoCodec: TypeAlias = Literal[
    "H264",
    "MEDIA_SERVER_PREFERRED",
    "NONE",
    "VP8",
    "VP9",
]
"""A newer server may answer other values; they are passed on as they are."""

VIDEO_CODEC_VALUES: frozenset[VideoCodec] = frozenset(
    {
        "H264",
        "MEDIA_SERVER_PREFERRED",
        "NONE",
        "VP8",
        "VP9",
    }
)


def check_video_codec(value: object) -> VideoCodec:
    """Take a value of an answer as it is, known or not."""
    return cast(VideoCodec, value)
