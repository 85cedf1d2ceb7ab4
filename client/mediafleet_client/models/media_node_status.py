from enum import StrEnum


class MediaNodeStatus(StrEnum):
    CANCELED = "canceled"
    FAILED = "failed"
    LAUNCHING = "launching"
    RUNNING = "running"
    TERMINATED = "terminated"
    TERMINATING = "terminating"
    WAITING_IDLE_TO_TERMINATE = "waiting-idle-to-terminate"

    def __str__(self) -> str:
        return str(self.value)
