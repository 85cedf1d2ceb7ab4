from ...models.health import Health
from ...types import Operation


def get_health() -> Operation[Health]:
    """Get the health of the server

    Answers whether the server does its work and which of its parts fail, since when it runs, how often it was
    restarted with a new configuration, which Media Nodes that may host sessions it has lost touch with, and why
    others have not left a status that they are to leave by themselves. It answers while a restart is under way,
    too: to see that a restart is over, wait until `restartCounter` is one higher than before.

    """

    return Operation(
        method="GET",
        path="/health",
        results={
            200: Health.from_dict,
            503: Health.from_dict,
        },
    )
