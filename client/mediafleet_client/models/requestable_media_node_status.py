from enum import StrEnum


class RequestableMediaNodeStatus(StrEnum):
    CANCELED = "canceled"
    LAUNCHING = "launching"
    RUNNING = "running"
    TERMINATING = "terminating"
    WAITING_IDLE_TO_TERMINATE = "waiting-idle-to-terminate"

    def __str__(self) -> str:
        return str(self.value)
