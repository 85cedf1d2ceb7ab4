"""The errors of the domain, by who can act on them.

::

    MediafleetError
    ├── NotFoundError
    │   └── MediaNodeNotFoundError · NoDrainError · PlacementNotFoundError
    ├── InvalidRequestError
    │   ├── InvalidUriError · InvalidConfigurationError · IllegalTransitionError · HalfLimitError
    │   └── InvalidLabelError · ContradictoryLimitsError
    ├── ConflictError
    │   ├── MediaNodeBusyError · MediaNodeSilentError · MediaNodeAlreadyAddedError
    │   ├── MediaNodeCanceledError · MediaNodeRestoredError · StaleMediaNodeError
    │   ├── NotDrainableError · DrainTooLateError · ClusterTooSmallError
    │   └── ClusterFullError
    │       └── TooFewOpenFilesError
    ├── MissingUriError
    ├── UnreachableMediaServerError
    ├── EnvironmentFailureError
    │   └── MediaNodeNotTerminatedError
    ├── EventsExpiredError
    └── UnavailableError
        ├── StoreUnavailableError · NotReadyError · UnhealthyError · ServerStoppingError
        ├── RestartingError · ConfigurationNotStoredError
        └── NoFittingMediaNodeError · TooManyPlacementsError

Each error carries data and formats its own message. ``mediafleet/api/errors.py`` maps each to its
HTTP status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.texts import join_sentences, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DETAIL_CHARACTERS = 1000
MAX_SUMMARY_CHARACTERS = 8192


class MediafleetError(Exception):
    """Base of all errors that a user can get."""


class NotFoundError(MediafleetError):
    """The thing named does not exist."""


class MediaNodeNotFoundError(NotFoundError):
    """No Media Node has this id."""

    def __init__(self, node_id: str) -> None:
        super().__init__(node_id)
        self.node_id = node_id

    def __str__(self) -> str:
        return f"No Media Node with id {self.node_id} is in the cluster"


class InvalidRequestError(MediafleetError):
    """The request is never valid, whatever the state of the cluster."""


class InvalidUriError(InvalidRequestError):
    """A Media Node's uri breaks a rule; the value is never repeated, it may hold credentials."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule

    def __str__(self) -> str:
        return f"The uri of the Media Node is not valid: {self.rule}"


@dataclass(frozen=True, slots=True)
class InvalidProperty:
    """One validation error of a configuration.

    Attributes:
        message: A sentence; secrets in it are masked.
        name: Of the property; ``None`` where no single property is at fault.
    """

    message: str
    name: str | None


class InvalidConfigurationError(InvalidRequestError):
    """New configuration breaks rules; ``problems`` has them all."""

    def __init__(self, problems: Sequence[InvalidProperty]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return join_sentences([each.message for each in self.problems], MAX_SUMMARY_CHARACTERS)


class IllegalTransitionError(InvalidRequestError):
    """The life cycle has no such move for this caller."""

    def __init__(self, node_id: str, old: str, new: str, allowed: Sequence[str]) -> None:
        super().__init__(node_id, old, new)
        self.node_id, self.old, self.new, self.allowed = node_id, old, new, tuple(allowed)

    def __str__(self) -> str:
        allowed = ", ".join(self.allowed) or "no other status"
        return (
            f"Media Node {self.node_id} is {self.old} and cannot become {self.new}; "
            f"from {self.old} it may become: {allowed}"
        )


class ConflictError(MediafleetError):
    """The state of the cluster forbids the request."""


class MediaNodeBusyError(ConflictError):
    """The node hosts sessions and the deletion strategy spares them."""

    def __init__(self, node_id: str, sessions: int) -> None:
        super().__init__(node_id, sessions)
        self.node_id, self.sessions = node_id, sessions

    def __str__(self) -> str:
        return (
            f"Media Node {self.node_id} hosts {self.sessions} session(s) and was not removed; use "
            "deletion-strategy=when-no-sessions to wait for their end or =now to close them"
        )


class MediaNodeSilentError(ConflictError):
    """The node does not answer, so whether it hosts sessions that must be spared is unknown."""

    def __init__(self, node_id: str) -> None:
        super().__init__(node_id)
        self.node_id = node_id

    def __str__(self) -> str:
        return (
            f"Media Node {self.node_id} does not answer, so whether it hosts sessions is not known "
            "and it was not removed; use deletion-strategy=when-no-sessions to have it removed as "
            "soon as it says that it hosts none, or =now to give it up"
        )


class MediaNodeAlreadyAddedError(ConflictError):
    """The media server is a member already, perhaps under another name.

    Attributes:
        node_id: The member; ``None`` while the request that adds it is under way.
    """

    def __init__(self, node_id: str | None, *, same: str = "uri") -> None:
        super().__init__(node_id, same)
        self.node_id, self.same = node_id, same

    def __str__(self) -> str:
        if self.node_id is None:
            return "Another request is adding the Media Node with this uri"
        if self.same == "server":
            return (
                f"The media server behind this uri is in the cluster already, under another uri, "
                f"as Media Node {self.node_id}"
            )
        return f"The uri is in the cluster already, as Media Node {self.node_id}"


class MediaNodeCanceledError(ConflictError):
    """The launch that this request waited for was canceled."""

    def __init__(self, node_id: str) -> None:
        super().__init__(node_id)
        self.node_id = node_id

    def __str__(self) -> str:
        return f"The launch of Media Node {self.node_id} was canceled while this request waited"


class MediaNodeRestoredError(ConflictError):
    """The removal that this request waited for was ended; the node runs again."""

    def __init__(self, node_id: str, status: str) -> None:
        super().__init__(node_id, status)
        self.node_id, self.status = node_id, status

    def __str__(self) -> str:
        return f"Media Node {self.node_id} became {self.status} while this request waited"


class StaleMediaNodeError(ConflictError):
    """The store holds another version of the node than the one that was decided upon."""

    def __init__(self, node_id: str) -> None:
        super().__init__(node_id)
        self.node_id = node_id

    def __str__(self) -> str:
        return f"Media Node {self.node_id} was changed by another writer meanwhile"


class ClusterFullError(ConflictError):
    """The cluster has as many Media Nodes as one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most

    def __str__(self) -> str:
        return f"The cluster has {self.most} Media Nodes, the most it may have; remove one first"


class TooFewOpenFilesError(ClusterFullError):
    """The operating system does not let this process connect to another Media Node."""

    def __init__(self, most: int, reason: str) -> None:
        super().__init__(most)
        self.reason = reason

    def __str__(self) -> str:
        return f"No further Media Node can be connected: {self.reason}"


class MissingUriError(MediafleetError):
    """On premises no machine can be launched: the uri of a running one is needed."""

    def __str__(self) -> str:
        return (
            "The cluster is deployed On Premises: body parameter uri is needed, "
            "for example ws://172.17.0.5:8888/kurento"
        )


class UnreachableMediaServerError(MediafleetError):
    """No media server answered as one should.

    Attributes:
        reason: The failure, in one cleaned line; holds no part of the uri.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The Media Node is not within reach: {self.reason}"


class EnvironmentFailureError(MediafleetError):
    """The environment failed to launch, terminate or find machines.

    Attributes:
        detail: What it said: one line, cleaned and cut here, since it comes from outside.
    """

    def __init__(self, environment: str, operation: str, detail: str) -> None:
        super().__init__(environment, operation, detail)
        self.environment, self.operation = environment, operation
        self.detail = one_line(detail, MAX_DETAIL_CHARACTERS)

    def __str__(self) -> str:
        return f"Environment {self.environment} failed to {self.operation}: {self.detail}"


class MediaNodeNotTerminatedError(EnvironmentFailureError):
    """The machine of a terminating node could not be terminated; that is tried again."""

    def __init__(self, node_id: str, trouble: str, *, still: str = "terminating") -> None:
        MediafleetError.__init__(self, node_id, trouble)
        self.node_id, self.trouble, self.still = node_id, trouble, still

    def __str__(self) -> str:
        return f"Media Node {self.node_id} is still {self.still}, it is tried again: {self.trouble}"


class NoDeadLetterError(NotFoundError):
    """No undeliverable event has this number."""

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.sequence = sequence

    def __str__(self) -> str:
        return f"No undeliverable event has the number {self.sequence}"


class ReplayUnderWayError(ConflictError):
    """Undeliverable events are sent again one request at a time."""

    def __str__(self) -> str:
        return "Another replay of undeliverable events is under way; try again when it has ended"


class EventsExpiredError(MediafleetError):
    """Events between a position and the oldest one that is kept were deleted."""

    def __init__(self, after: int, oldest: int) -> None:
        super().__init__(after, oldest)
        self.after, self.oldest = after, oldest

    def __str__(self) -> str:
        return (
            f"The events after {self.after} are not kept any more; the oldest one has number "
            f"{self.oldest}: read on after {self.oldest - 1}"
        )


class UnknownPositionError(MediafleetError):
    """A position is beyond the newest event, so it is one of another store."""

    def __init__(self, after: int, newest: int) -> None:
        super().__init__(after, newest)
        self.after, self.newest = after, newest

    def __str__(self) -> str:
        return (
            f"There is no event {self.after}; the newest one has number {self.newest}, so the "
            f"store is another one than before: read on after {self.newest}, or from the beginning"
        )


class UnavailableError(MediafleetError):
    """The server cannot do this now; the same request may succeed later.

    Attributes:
        retry_after: Seconds after which the request may be repeated.
    """

    retry_after = 5


class StoreUnavailableError(UnavailableError):
    """The store did not take the change, which therefore did not happen."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return "The store is not available, nothing was changed; reads go on"


class NotReadyError(UnavailableError):
    """The server is on its way up or down."""

    def __str__(self) -> str:
        return "The server is starting or shutting down"


class UnhealthyError(UnavailableError):
    """A probe failed; the reason is given only with credentials, by ``GET /health``."""

    def __str__(self) -> str:
        return "The server cannot do its work; GET /health gives the reason"


class ServerStoppingError(UnavailableError):
    """The server stops before a change, which it has recorded, has come to its end.

    Attributes:
        node_id: The Media Node that the request waited for.
        outlook: What becomes of the change; a clause about the node.
    """

    def __init__(self, node_id: str, outlook: str) -> None:
        super().__init__(node_id, outlook)
        self.node_id, self.outlook = node_id, outlook

    def __str__(self) -> str:
        return (
            f"The server is stopping and cannot wait for Media Node {self.node_id} any longer; "
            f"{self.outlook}. Read the node's status instead of repeating the request"
        )


class RestartingError(UnavailableError):
    """A restart is under way and takes longer than a request may wait."""

    def __str__(self) -> str:
        return "The server is restarting with a new configuration"


class ConfigurationNotStoredError(UnavailableError):
    """The configuration file could not be written, so nothing was changed."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return f"Nothing was changed: {self.detail}"


class ContradictoryLimitsError(InvalidRequestError):
    """A lower limit of autoscaling is above the upper one.

    Attributes:
        lower: Name and value of the lower one.
        upper: The same of the upper one.
    """

    def __init__(self, lower: tuple[str, int], upper: tuple[str, int]) -> None:
        super().__init__(lower, upper)
        self.lower, self.upper = lower, upper

    def __str__(self) -> str:
        (low, lowest), (high, highest) = self.lower, self.upper
        limits = f"{low}={lowest} must not be above {high}={highest}"
        return f"The limits contradict each other. {limits}"


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


class PlacementNotFoundError(NotFoundError):
    """No reservation of a placement has this id, or it has ended."""

    def __init__(self, placement_id: str) -> None:
        super().__init__(placement_id)
        self.placement_id = placement_id

    def __str__(self) -> str:
        return f"No placement with id {self.placement_id} counts now: it has ended, or never was"


class InvalidLabelError(InvalidRequestError):
    """Labels of a Media Node break a rule."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule

    def __str__(self) -> str:
        return f"The labels are not valid: {self.rule}"


class NoFittingMediaNodeError(UnavailableError):
    """No Media Node can get the session now.

    Attributes:
        reason: Why; a clause.
    """

    retry_after = 1

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The session cannot be placed: {self.reason}"


class TooManyPlacementsError(UnavailableError):
    """As many placements wait for their sessions as may."""

    retry_after = 1

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most

    def __str__(self) -> str:
        return (
            f"{self.most} placements wait for their sessions, the most that may; release those "
            "that are not needed, or wait until some have expired"
        )
