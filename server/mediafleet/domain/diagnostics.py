"""Diagnostics of a node: its pings and replies, socket errors, and the lag of our event loop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mediafleet.domain.cluster import Connection

PINGS_KEPT = 8
FAILED_DIALS_KEPT = 8
DECISIONS_KEPT = 16


class Finding(StrEnum):
    """The result of a decision; values are those of the wire."""

    SUSPECT = "suspect"
    DISCONNECTED = "disconnected"
    MACHINE_ENDED = "machine-ended"
    """Its environment reported the end of its machine, which was not requested."""
    CRASHED = "crashed"
    """It was disconnected for longer than the crash timeout."""
    GIVEN_UP = "given-up"
    """It was disconnected for longer than the reconnection timeout."""


@dataclass(frozen=True, slots=True)
class Ping:
    """One ping.

    Attributes:
        sent: When (aware, UTC).
        round_trip: Seconds until its answer; ``None`` while there is none.
    """

    sent: datetime
    round_trip: float | None


@dataclass(frozen=True, slots=True)
class FailedDial:
    """An attempt to connect that led to nothing.

    Attributes:
        at: When it had failed (aware, UTC).
        reason: Why, for people; cleaned.
    """

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FailureDecision:
    """A decision about the health of a node, and the data it is based on.

    Attributes:
        at: When it was found (aware, UTC).
        finding: What.
        reason: Why, for people; cleaned.
        last_reply: When the node last answered anything (aware, UTC).
        pings: The last ones before the finding, oldest first.
        failed_dials: The last ones before the finding, since the last connection, oldest first.
        socket_error: The error of the socket that the system reported, if any.
        lag: The largest lag of the server's event loop in the seconds before, in seconds.
    """

    at: datetime
    finding: Finding
    reason: str
    last_reply: datetime | None
    pings: tuple[Ping, ...]
    failed_dials: tuple[FailedDial, ...]
    socket_error: str | None
    lag: float

    @classmethod
    def based_on(
        cls, measured: Diagnostics, finding: Finding, reason: str, *, at: datetime
    ) -> FailureDecision:
        """A decision with what the link of the node has measured until now."""
        return cls(
            at=at,
            finding=finding,
            reason=reason,
            last_reply=measured.last_reply,
            pings=measured.pings,
            failed_dials=measured.failed_dials,
            socket_error=None,
            lag=measured.lag,
        )

    def in_words(self) -> str:
        """In one line, for logs."""
        words = [f"{self.at.isoformat()} {self.finding}: {self.reason}"]
        words.append(f"last reply {self.last_reply.isoformat() if self.last_reply else 'never'}")
        unanswered = sum(ping.round_trip is None for ping in self.pings)
        words.append(f"{unanswered} of the last {len(self.pings)} pings unanswered")
        if self.failed_dials:
            last = self.failed_dials[-1]
            words.append(f"last failed dial {last.at.isoformat()}: {last.reason}")
        if self.socket_error is not None:
            words.append(f"socket {self.socket_error}")
        return ", ".join([*words, f"event loop lag {self.lag * 1000:.0f} ms"])


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The measurements of a node's link, and the last decisions about the node.

    Attributes:
        connection: The state of the link.
        last_reply: When the node last answered anything (aware, UTC). Its sessions are as of then,
            because its messages arrive in order.
        load_time: When its load was last measured (aware, UTC).
        pings: The last ones, oldest first.
        failed_dials: The last ones since the last connection, oldest first.
        decisions: The last ones, oldest first.
        lag: The largest lag of the server's event loop in the last seconds, in seconds.
        stalls: How often this server was stopped or blocked since its start.
    """

    connection: Connection
    last_reply: datetime | None = None
    load_time: datetime | None = None
    pings: tuple[Ping, ...] = ()
    failed_dials: tuple[FailedDial, ...] = ()
    decisions: tuple[FailureDecision, ...] = ()
    lag: float = 0.0
    stalls: int = 0

    def with_decisions(self, decisions: Iterable[FailureDecision]) -> Diagnostics:
        """These, with further decisions; the last ones are kept."""
        merged = sorted((*self.decisions, *decisions), key=lambda each: each.at)
        return replace(self, decisions=tuple(merged[-DECISIONS_KEPT:]))
