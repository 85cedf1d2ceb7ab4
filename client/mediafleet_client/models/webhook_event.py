from typing import Literal, TypeAlias, cast

WebhookEvent: TypeAlias = Literal[
    "autoscaling",
    "autoscalingBlind",
    "filterEventDispatched",
    "mediaNodeDeduplicated",
    "mediaNodeDrainChanged",
    "mediaNodeForgotten",
    "mediaNodeLabelsChanged",
    "mediaNodeStatusChanged",
    "nodeCrashed",
    "nodeRecovered",
    "participantJoined",
    "participantLeft",
    "recordingStarted",
    "recordingStatusChanged",
    "recordingStopped",
    "sessionCreated",
    "sessionDestroyed",
    "webrtcConnectionCreated",
    "webrtcConnectionDestroyed",
]
"""A newer server may answer other values; they are passed on as they are."""

WEBHOOK_EVENT_VALUES: frozenset[WebhookEvent] = frozenset(
    {
        "autoscaling",
        "autoscalingBlind",
        "filterEventDispatched",
        "mediaNodeDeduplicated",
        "mediaNodeDrainChanged",
        "mediaNodeForgotten",
        "mediaNodeLabelsChanged",
        "mediaNodeStatusChanged",
        "nodeCrashed",
        "nodeRecovered",
        "participantJoined",
        "participantLeft",
        "recordingStarted",
        "recordingStatusChanged",
        "recordingStopped",
        "sessionCreated",
        "sessionDestroyed",
        "webrtcConnectionCreated",
        "webrtcConnectionDestroyed",
    }
)


def check_webhook_event(value: object) -> WebhookEvent:
    """Take a value of an answer as it is, known or not."""
    return cast(WebhookEvent, value)
