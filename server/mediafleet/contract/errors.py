"""Everything the contract layer raises.

::

    ContractError                  start-up: the program must not run with this contract
    ├── MissingHandlerError        an operation has no handler
    └── UnfitHandlerError          a handler is no coroutine function, or takes other arguments
    ResponseViolationError         a handler (or a writer) made an answer that the contract forbids
    Refusal                        one request is answered with an error by the layer itself
    ClientGoneError                the client hung up: nobody is left to answer
"""


class ContractError(Exception):
    """The contract and the program do not fit: found at start-up, never while serving."""


class MissingHandlerError(ContractError):
    """The contract has an operation that nobody handles."""

    def __init__(self, operation_id: str) -> None:
        self.operation_id = operation_id
        super().__init__(f"operation {operation_id} of the contract has no handler")


class UnfitHandlerError(ContractError):
    """A handler cannot be called the way its operation needs."""

    def __init__(self, operation_id: str, reason: str) -> None:
        self.operation_id = operation_id
        super().__init__(f"the handler of operation {operation_id} {reason}")


class ResponseViolationError(Exception):
    """An answer that the contract does not allow; it never reaches the client.

    Attributes:
        place: JSON pointer into the contract: the schema (and the keyword in it) or the response.
        reason: Which rule is broken, and where in the answer; holds no value of the answer.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}")


class Refusal(Exception):  # noqa: N818 - not a failure of ours: an answer on its way to the client
    """The layer itself answers the request with an error.

    Attributes:
        status: HTTP status, 400 or above.
        message: One sentence for the client: where, and what is allowed; never a received value.
        headers: Extra response headers, names in lower case.
    """

    def __init__(
        self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        self.status = status
        self.message = message
        self.headers = headers
        super().__init__(status, message)


class ClientGoneError(Exception):
    """The client closed the connection before it could be answered."""
