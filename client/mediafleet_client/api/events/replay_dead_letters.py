from typing import Any

from ...models.dead_letters_to_replay import DeadLettersToReplay
from ...models.replay import Replay
from ...types import Operation


def replay_dead_letters(
    *,
    body: DeadLettersToReplay,
) -> Operation[Replay]:
    """Send dead letters again

    Sends events that the receiver of the webhook refused before once more, each once, while the answer waits. Those
    that it takes are no dead letters any more. One that is refused again remains, and the next one is sent; if the
    receiver is not reached, or fails, the replay ends. It ends after 30 seconds too; ask again for the rest.

    Args:
        body (DeadLettersToReplay): Which dead letters are sent again. Exactly one of the members
            is there. Example: {'sequences': [4711]}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/fleet/dead-letters/replay",
        body=body.to_dict(),
        results={
            200: Replay.from_dict,
        },
    )
