from typing import Any

from ...models.signal_to_send import SignalToSend
from ...types import Operation


def openvidu_send_signal(
    *,
    body: SignalToSend,
) -> Operation[None]:
    """Send a signal

    Sends a message of the application to participants of a session: to those whose connection ids `to` lists, or
    to all if it is absent or empty. If one of the ids is unknown nobody gets it. The type reaches the
    participants as it is given here; a type that a participant sends is prefixed with `signal:`.

    Args:
        body (SignalToSend): A message of the application to participants. Members that are not
            listed here are ignored, and null counts as absent. Example: {'session': 'physics-101',
            'type': 'signal:chat', 'data': 'hello'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/openvidu/api/signal",
        body=body.to_dict(),
        results={
            200: lambda _: None,
        },
    )
