from typing import Any

from ...models.token import Token
from ...models.token_to_create import TokenToCreate
from ...types import Operation


def create_token(
    *,
    body: TokenToCreate,
) -> Operation[Token]:
    """Create a token, as OpenVidu 2.15

    Creates a token, with which one participant can join a session once. The token is all that a browser needs;
    it says what the participant may do. It is void when the session ends.

    A member that is null counts as absent, and members that are not described here are ignored.

    Args:
        body (TokenToCreate): The participant that a new token is for. Members that are not listed
            here are ignored, and null counts as absent. Example: {'session': 'physics-101', 'role':
            'PUBLISHER'}.
    """

    headers: dict[str, Any] = {}

    return Operation(
        method="POST",
        path="/api/tokens",
        body=body.to_dict(),
        results={
            200: Token.from_dict,
        },
    )
