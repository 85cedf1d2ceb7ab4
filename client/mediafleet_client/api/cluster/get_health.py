from ...models.health import Health
from ...types import Operation


def get_health() -> Operation[Health]:
    """Get the health of the server

    Returns whether the server works and which of its components fail, since when it runs, how often it was
    restarted with a new configuration, which Media Nodes that may host sessions are disconnected, and why others
    remain in a status that they must leave by themselves. It also answers during a restart: the restart is over
    when `restartCounter` is one higher than before.

    """

    return Operation(
        method="GET",
        path="/health",
        results={
            200: Health.from_dict,
            503: Health.from_dict,
        },
    )
