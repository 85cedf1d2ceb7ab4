from ...models.webhook_state import WebhookState
from ...types import Operation


def get_webhook() -> Operation[WebhookState]:
    """Get how the webhook does

    Answers whether events are sent to the webhook, how far it has come and, if the receiver does not take an event,
    why and when it is tried again. Of the endpoint only the host is shown, since the rest may hold a secret. The
    counters begin with each start of the server.

    """

    return Operation(
        method="GET",
        path="/fleet/webhook",
        results={
            200: WebhookState.from_dict,
        },
    )
