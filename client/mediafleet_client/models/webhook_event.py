from enum import StrEnum


class WebhookEvent(StrEnum):
    AUTOSCALING = "autoscaling"
    FILTEREVENTDISPATCHED = "filterEventDispatched"
    MEDIANODESTATUSCHANGED = "mediaNodeStatusChanged"
    NODECRASHED = "nodeCrashed"
    NODERECOVERED = "nodeRecovered"
    PARTICIPANTJOINED = "participantJoined"
    PARTICIPANTLEFT = "participantLeft"
    RECORDINGSTARTED = "recordingStarted"
    RECORDINGSTATUSCHANGED = "recordingStatusChanged"
    RECORDINGSTOPPED = "recordingStopped"
    SESSIONCREATED = "sessionCreated"
    SESSIONDESTROYED = "sessionDestroyed"
    WEBRTCCONNECTIONCREATED = "webrtcConnectionCreated"
    WEBRTCCONNECTIONDESTROYED = "webrtcConnectionDestroyed"

    def __str__(self) -> str:
        return str(self.value)
