from typing import Any

from ...models.restart_properties import RestartProperties
from ...types import Operation


def openvidu_restart(
    *,
    body: RestartProperties,
) -> Operation[None]:
    """Restart, as OpenVidu 2.16 and later

    Like `POST /pro/restart`, with the same body and the same rules: either every property is valid, stored and
    applied, or nothing is changed.

    Args:
        body (RestartProperties): The configuration properties that a restart can change. All are
            optional; one that is left out keeps its value. Anything else is answered 400. No string
            may hold a control character or a line separator. Example: {'OPENVIDU_CDR': True,
            'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/openvidu/api/restart",
        body=body.to_dict(),
        results={
            200: lambda _: None,
        },
    )
