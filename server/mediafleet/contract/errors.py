"""Everything the contract layer raises, and JSON pointers to the places in the contract.

::

    ContractError                  start-up: the program must not run with this contract
    ├── MissingHandlerError        an operation has no handler
    └── UnfitHandlerError          a handler is no coroutine function, or takes other arguments
    ResponseViolationError         a handler made a response that the contract forbids
    HttpError                      the layer itself answers a request with an error
    ClientGoneError                the client hung up: there is nothing to answer
"""


def pointer(*tokens: str | int) -> str:
    """Build the JSON pointer (RFC 6901) of the place that *tokens* lead to."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


class ContractError(Exception):
    """The contract and the program do not fit: found at start-up, never while serving."""


class MissingHandlerError(ContractError):
    """The contract has an operation without a handler."""

    def __init__(self, operation_id: str) -> None:
        self.operation_id = operation_id
        super().__init__(f"operation {operation_id} of the contract has no handler")


class UnfitHandlerError(ContractError):
    """A handler cannot be called the way its operation needs."""

    def __init__(self, operation_id: str, reason: str) -> None:
        self.operation_id = operation_id
        super().__init__(f"the handler of operation {operation_id} {reason}")


class ResponseViolationError(Exception):
    """A response that the contract does not allow; it never reaches the client.

    Attributes:
        place: JSON pointer into the contract: the schema (and the keyword in it) or the response.
        reason: Which rule is broken, and where in the response; holds no value of the response.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}")


class HttpError(Exception):
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
