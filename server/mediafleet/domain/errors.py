"""The errors of the domain, by who can act on them: a kind, then the errors of that kind.

``mediafleet/api/errors.py`` maps each kind to its HTTP status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mediafleet.texts import join_sentences, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DETAIL_CHARACTERS = 1000
MAX_SUMMARY_CHARACTERS = 8192


class MediafleetError(Exception):
    """Base of all errors that a user can get. Those with data are dataclasses.

    Attributes:
        text: The message; names in braces are those of the error's fields.
    """

    text: ClassVar[str] = ""

    def __str__(self) -> str:
        return self.text.format_map(vars(self)) if self.text else super().__str__()


class NotFoundError(MediafleetError):
    """The thing named does not exist."""


@dataclass(eq=False)
class MediaNodeNotFoundError(NotFoundError):
    """No Media Node has this id."""

    node_id: str
    text = "No Media Node with id {node_id} is in the cluster"


@dataclass(eq=False)
class NoDrainError(NotFoundError):
    """The node is not being drained."""

    node_id: str
    status: str
    text = "Media Node {node_id} is {status} and not being drained"


@dataclass(eq=False)
class PlacementNotFoundError(NotFoundError):
    """No reservation of a placement has this id, or it has ended."""

    placement_id: str
    text = "No placement with id {placement_id} counts now: it has ended, or never was"


@dataclass(eq=False)
class NoDeadLetterError(NotFoundError):
    """No undeliverable event has this number."""

    sequence: int
    text = "No undeliverable event has the number {sequence}"


class InvalidRequestError(MediafleetError):
    """The request is never valid, whatever the state of the cluster."""


@dataclass(eq=False)
class InvalidUriError(InvalidRequestError):
    """A Media Node's uri breaks a rule; the value is never repeated, it may hold credentials."""

    rule: str
    text = "The uri of the Media Node is not valid: {rule}"


@dataclass(frozen=True, slots=True)
class InvalidProperty:
    """One validation error of a configuration.

    Attributes:
        message: A sentence; secrets in it are masked.
        name: Of the property; ``None`` where no single property is at fault.
    """

    message: str
    name: str | None


@dataclass(eq=False)
class InvalidConfigurationError(InvalidRequestError):
    """New configuration breaks rules; ``problems`` has them all."""

    problems: Sequence[InvalidProperty]

    def __str__(self) -> str:
        return join_sentences([each.message for each in self.problems], MAX_SUMMARY_CHARACTERS)


@dataclass(eq=False)
class IllegalTransitionError(InvalidRequestError):
    """The life cycle has no such move for this caller."""

    node_id: str
    old: str
    new: str
    allowed: Sequence[str]

    def __str__(self) -> str:
        allowed = ", ".join(self.allowed) or "no other status"
        return (
            f"Media Node {self.node_id} is {self.old} and cannot become {self.new}; "
            f"from {self.old} it may become: {allowed}"
        )


@dataclass(eq=False)
class ContradictoryLimitsError(InvalidRequestError):
    """A lower limit of autoscaling is above the upper one.

    Attributes:
        lower: Name and value of the lower one.
        upper: The same of the upper one.
    """

    lower: tuple[str, int]
    upper: tuple[str, int]
    text = (
        "The limits contradict each other. "
        "{lower[0]}={lower[1]} must not be above {upper[0]}={upper[1]}"
    )


@dataclass(eq=False)
class HalfLimitError(InvalidRequestError):
    """A deadline without what happens then, or the other way round; no default is harmless."""

    missing: str
    text = "body: 'deadline' and 'atDeadline' go together, and '{missing}' is missing"


@dataclass(eq=False)
class InvalidLabelError(InvalidRequestError):
    """Labels of a Media Node break a rule."""

    rule: str
    text = "The labels are not valid: {rule}"


class ConflictError(MediafleetError):
    """The state of the cluster forbids the request."""


@dataclass(eq=False)
class MediaNodeBusyError(ConflictError):
    """The node hosts sessions and the deletion strategy spares them."""

    node_id: str
    sessions: int
    text = (
        "Media Node {node_id} hosts {sessions} session(s) and was not removed; use "
        "deletion-strategy=when-no-sessions to wait for their end or =now to close them"
    )


@dataclass(eq=False)
class MediaNodeNotRespondingError(ConflictError):
    """The node does not answer, so whether it hosts sessions that must be spared is unknown."""

    node_id: str
    text = (
        "Media Node {node_id} does not answer, so whether it hosts sessions is not known and it "
        "was not removed; use deletion-strategy=when-no-sessions to have it removed as soon as it "
        "says that it hosts none, or =now to give it up"
    )


@dataclass(eq=False)
class MediaNodeAlreadyAddedError(ConflictError):
    """The media server is a member already, perhaps under another name.

    Attributes:
        node_id: The member; ``None`` while the request that adds it is under way.
        same: What it has in common with the member: its ``uri``, or the ``server`` behind it.
    """

    node_id: str | None
    same: str = "uri"

    def __str__(self) -> str:
        if self.node_id is None:
            return "Another request is adding the Media Node with this uri"
        if self.same == "server":
            return (
                f"The media server behind this uri is in the cluster already, under another uri, "
                f"as Media Node {self.node_id}"
            )
        return f"The uri is in the cluster already, as Media Node {self.node_id}"


@dataclass(eq=False)
class MediaNodeCanceledError(ConflictError):
    """The launch that this request waited for was canceled."""

    node_id: str
    text = "The launch of Media Node {node_id} was canceled while this request waited"


@dataclass(eq=False)
class MediaNodeRestoredError(ConflictError):
    """The removal that this request waited for was ended; the node runs again."""

    node_id: str
    status: str
    text = "Media Node {node_id} became {status} while this request waited"


@dataclass(eq=False)
class StaleMediaNodeError(ConflictError):
    """The store holds another version of the node than the one that was decided upon."""

    node_id: str
    text = "Media Node {node_id} was changed by another writer meanwhile"


@dataclass(eq=False)
class ClusterFullError(ConflictError):
    """The cluster has as many Media Nodes as one may have."""

    most: int
    text = "The cluster has {most} Media Nodes, the most it may have; remove one first"


@dataclass(eq=False)
class TooFewOpenFilesError(ClusterFullError):
    """The operating system does not let this process connect to another Media Node."""

    reason: str
    text = "No further Media Node can be connected: {reason}"


@dataclass(eq=False)
class NotDrainableError(ConflictError):
    """The node neither runs nor is it quarantined."""

    node_id: str
    status: str
    text = "Media Node {node_id} is {status}; only one at work can be drained"


@dataclass(eq=False)
class DrainTooLateError(ConflictError):
    """The node is terminating; there is no way back from there."""

    node_id: str
    text = "Media Node {node_id} is terminating already and cannot be called back"


@dataclass(eq=False)
class ClusterTooSmallError(ConflictError):
    """The nodes that would be left could not carry the load of those to be drained."""

    node_id: str
    remaining: int
    load: float
    moved: float

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


class ReplayUnderWayError(ConflictError):
    """Undeliverable events are sent again one request at a time."""

    text = "Another replay of undeliverable events is under way; try again when it has ended"


class MissingUriError(MediafleetError):
    """On premises no machine can be launched: the uri of a running one is needed."""

    text = (
        "The cluster is deployed On Premises: body parameter uri is needed, "
        "for example ws://172.17.0.5:8888/kurento"
    )


@dataclass(eq=False)
class UnreachableMediaServerError(MediafleetError):
    """No media server answered as one should.

    Attributes:
        reason: The failure, in one cleaned line; holds no part of the uri.
    """

    reason: str
    text = "The Media Node is not within reach: {reason}"


@dataclass(eq=False)
class EnvironmentFailureError(MediafleetError):
    """The environment failed to launch, terminate or find machines.

    Attributes:
        detail: What it said: one line, cleaned and cut here, since it comes from outside.
    """

    environment: str
    operation: str
    detail: str
    text = "Environment {environment} failed to {operation}: {detail}"

    def __post_init__(self) -> None:
        self.detail = one_line(self.detail, MAX_DETAIL_CHARACTERS)


@dataclass(eq=False)
class MediaNodeNotTerminatedError(MediafleetError):
    """The machine of a terminating node could not be terminated; that is tried again."""

    node_id: str
    trouble: str
    still: str = "terminating"
    text = "Media Node {node_id} is still {still}, it is tried again: {trouble}"


@dataclass(eq=False)
class EventsExpiredError(MediafleetError):
    """Events between a position and the oldest one that is kept were deleted."""

    after: int
    oldest: int

    def __str__(self) -> str:
        return (
            f"The events after {self.after} are not kept any more; the oldest one has number "
            f"{self.oldest}: read on after {self.oldest - 1}"
        )


@dataclass(eq=False)
class UnknownPositionError(MediafleetError):
    """A position is beyond the newest event, so it is one of another store."""

    after: int
    newest: int
    text = (
        "There is no event {after}; the newest one has number {newest}, so the store is another "
        "one than before: read on after {newest}, or from the beginning"
    )


class UnavailableError(MediafleetError):
    """The server cannot do this now; the same request may succeed later.

    Attributes:
        retry_after: Seconds after which the request may be repeated.
    """

    retry_after: ClassVar[int] = 5


@dataclass(eq=False)
class StoreUnavailableError(UnavailableError):
    """The store did not take the change, which therefore did not happen."""

    detail: str
    text = "The store is not available, nothing was changed; reads go on"


class NotReadyError(UnavailableError):
    """The server is on its way up or down."""

    text = "The server is starting or shutting down"


class UnhealthyError(UnavailableError):
    """A probe failed; the reason is given only with credentials, by ``GET /health``."""

    text = "The server cannot do its work; GET /health gives the reason"


@dataclass(eq=False)
class ServerStoppingError(UnavailableError):
    """The server stops before a change, which it has recorded, has come to its end.

    Attributes:
        node_id: The Media Node that the request waited for.
        outlook: What becomes of the change; a clause about the node.
    """

    node_id: str
    outlook: str
    text = (
        "The server is stopping and cannot wait for Media Node {node_id} any longer; {outlook}. "
        "Read the node's status instead of repeating the request"
    )


class RestartingError(UnavailableError):
    """A restart is under way and takes longer than a request may wait."""

    text = "The server is restarting with a new configuration"


@dataclass(eq=False)
class ConfigurationNotStoredError(UnavailableError):
    """The configuration file could not be written, so nothing was changed."""

    detail: str
    text = "Nothing was changed: {detail}"


@dataclass(eq=False)
class NoFittingMediaNodeError(UnavailableError):
    """No Media Node can get the session now.

    Attributes:
        reason: Why; a clause.
    """

    retry_after = 1

    reason: str
    text = "The session cannot be placed: {reason}"


@dataclass(eq=False)
class TooManyPlacementsError(UnavailableError):
    """As many placements wait for their sessions as may."""

    retry_after = 1

    most: int
    text = (
        "{most} placements wait for their sessions, the most that may; release those that are not "
        "needed, or wait until some have expired"
    )
