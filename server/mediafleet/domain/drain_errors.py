"""What can go wrong with a drain."""

from __future__ import annotations

from mediafleet.domain.errors import ConflictError, InvalidRequestError, NotFoundError


class HalfLimitError(InvalidRequestError):
    """A deadline without what happens then, or the other way round; no default is harmless."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        return f"body: 'deadline' and 'atDeadline' go together, and '{self.missing}' is missing"


class NoDrainError(NotFoundError):
    """The node is not being drained."""

    def __init__(self, node_id: str, status: str) -> None:
        super().__init__(node_id, status)
        self.node_id, self.status = node_id, status

    def __str__(self) -> str:
        return f"Media Node {self.node_id} is {self.status} and not being drained"


class NotDrainableError(ConflictError):
    """The node neither runs nor is it quarantined."""

    def __init__(self, node_id: str, status: str) -> None:
        super().__init__(node_id, status)
        self.node_id, self.status = node_id, status

    def __str__(self) -> str:
        return f"Media Node {self.node_id} is {self.status}; only one at work can be drained"


class DrainTooLateError(ConflictError):
    """The node is terminating; there is no way back from there."""

    def __init__(self, node_id: str) -> None:
        super().__init__(node_id)
        self.node_id = node_id

    def __str__(self) -> str:
        return f"Media Node {self.node_id} is terminating already and cannot be called back"


class ClusterTooSmallError(ConflictError):
    """The nodes that would be left could not carry the load of those to be drained."""

    def __init__(self, node_id: str, remaining: int, load: float, moved: float) -> None:
        super().__init__(node_id, remaining, load, moved)
        self.node_id, self.remaining, self.load, self.moved = node_id, remaining, load, moved

    def __str__(self) -> str:
        hint = "add Media Nodes first, or drain it anyway with force=true"
        if self.remaining == 0:
            return (
                f"Media Node {self.node_id} was not drained: no other Media Node is running and "
                f"connected to take new sessions; {hint}"
            )
        return (
            f"Media Node {self.node_id} was not drained: the {self.remaining} that would be left "
            f"have a load of {self.load:.0f} % and would take over {self.moved:.0f} %, together "
            f"more than {100 * self.remaining} %; {hint}"
        )
