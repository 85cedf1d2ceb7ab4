from typing import Any

from ...models.restart_properties import RestartProperties
from ...types import Operation


def restart(
    *,
    body: RestartProperties,
) -> Operation[None]:
    """Restart with new configuration properties

    Changes configuration properties and applies them. The body holds the properties to change; the others keep
    their value, and `{}` restarts with the configuration as it is. The new values are stored, so that they outlive
    the next start of the server.

    All properties are checked first, each by itself and together with those that stay. If anything is wrong, the
    answer is 400, its `message` names every problem, and nothing is changed. A property that is not listed in
    `RestartProperties`, known or not, is wrong: it cannot be changed by this operation. The answer is 400, too, if
    somebody has edited the configuration file so that the next start would refuse it with the new values.

    The server goes on listening: a request that comes in the middle of a restart waits until it is over, or is
    answered 503. Media Nodes stay members, and the sessions they host go on.

    Args:
        body (RestartProperties): The configuration properties that a restart can change. All are
            optional; one that is left out keeps its value. Anything else is answered 400. No string
            may hold a control character or a line separator. Example: {'OPENVIDU_CDR': True,
            'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/pro/restart",
        body=body.to_dict(),
        results={
            200: lambda _: None,
        },
    )
