from typing import Literal, TypeAlias, cast

RecordingNotification: TypeAlias = Literal[
    "all",
    "moderator",
    "none",
    "publisher_moderator",
]
"""A newer server may answer other values; they are passed on as they are."""

RECORDING_NOTIFICATION_VALUES: frozenset[RecordingNotification] = frozenset(
    {
        "all",
        "moderator",
        "none",
        "publisher_moderator",
    }
)


def check_recording_notification(value: object) -> RecordingNotification:
    """Take a value of an answer as it is, known or not."""
    return cast(RecordingNotification, value)
