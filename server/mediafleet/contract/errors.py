"""Everything the contract layer raises, and JSON pointers to the places in the contract.

::

    ContractError                  start-up: the program must not run with this contract
    ├── MissingHandlerError        an operation has no handler
    └── UnfitHandlerError          a handler is no coroutine function, or takes other arguments
    ResponseViolationError         a handler made a response that the contract forbids
    HttpError                      the layer itself answers a request with an error
    ClientGoneError                the client hung up: there is nothing to answer
"""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_DETAILS = 100
MAX_DETAIL_CHARACTERS = 8192
"""Of all messages of one response together."""


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


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One of several problems of a request: an item of ``errors`` in the error body.

    Attributes:
        message: What is wrong and what is allowed; never a received value.
        field: Where in the body, such as ``tags/1``; None where no single field is at fault.
    """

    message: str
    field: str | None = None


def bounded(details: Iterable[ErrorDetail], count: int) -> tuple[ErrorDetail, ...]:
    """Take as many whole details as a response may have, and count the others of *count*."""
    kept: list[ErrorDetail] = []
    left = MAX_DETAIL_CHARACTERS
    for detail in details:
        left -= len(detail.message)
        if left < 0 or (len(kept) == MAX_DETAILS - 1 and count > MAX_DETAILS):
            kept.append(ErrorDetail(f"{count - len(kept)} more problems."))
            break
        kept.append(detail)
    return tuple(kept)


class HttpError(Exception):
    """The layer itself answers the request with an error.

    Attributes:
        status: HTTP status, 400 or above.
        message: One sentence for the client: where, and what is allowed; never a received value.
        headers: Extra response headers, names in lower case.
        errors: The problems of the body one by one, bounded; empty for other errors.
    """

    def __init__(
        self,
        status: int,
        message: str,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        errors: tuple[ErrorDetail, ...] = (),
    ) -> None:
        self.status = status
        self.message = message
        self.headers = headers
        self.errors = errors
        super().__init__(status, message)


class ClientGoneError(Exception):
    """The client closed the connection before it could be answered."""
