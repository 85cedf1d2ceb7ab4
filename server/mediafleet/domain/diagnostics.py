"""Diagnostics of a node: its pings and replies, socket errors, and the lag of our event loop."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

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
    round_trip: float | None = None


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
    """What is known of a node's link now, and the last decisions about the node.

    Attributes:
        last_reply: When the node last answered anything (aware, UTC). Its sessions are as of then,
            because its messages arrive in order.
        load_time: When its load was last measured (aware, UTC).
        pings: The last ones, oldest first.
        failed_dials: The last ones since the last connection, oldest first.
        decisions: The last ones, oldest first.
        lag: The largest lag of the server's event loop in the last seconds, in seconds.
        stalls: How often this server was stopped or blocked since its start.
    """

    last_reply: datetime | None
    load_time: datetime | None
    pings: tuple[Ping, ...]
    failed_dials: tuple[FailedDial, ...]
    decisions: tuple[FailureDecision, ...]
    lag: float
    stalls: int


class NodeDiagnostics:
    """The diagnostics of one member, kept with it; its link and the controller record them.

    Attributes:
        is_linked: The member has a link.
        last_reply: When the node last answered anything (aware, UTC).
        load_time: When the load of its present process was last measured (aware, UTC).
        decisions: The last decisions about the member, oldest first.
    """

    __slots__ = (
        "_failed_dials",
        "_number",
        "_round_trips",
        "_sent",
        "decisions",
        "is_linked",
        "last_reply",
        "load_time",
    )

    def __init__(self) -> None:
        # The last pings, each at its number modulo their count: an object for each of thousands of
        # pings a second is what the garbage collector would walk.
        self._sent: list[datetime | None] = [None] * PINGS_KEPT
        self._round_trips: list[float | None] = [None] * PINGS_KEPT
        self._number = 0
        self._failed_dials: tuple[FailedDial, ...] = ()
        self.decisions: tuple[FailureDecision, ...] = ()
        self.is_linked = False
        self.last_reply: datetime | None = None
        self.load_time: datetime | None = None

    def record_ping(self, at: datetime) -> int:
        """Record that a ping is sent; return its number, for `record_pong`."""
        self._number += 1
        self._sent[self._number % PINGS_KEPT] = at
        self._round_trips[self._number % PINGS_KEPT] = None
        return self._number

    def record_pong(self, number: int, round_trip: float) -> None:
        """Record that a ping was answered after that many seconds."""
        if self._number - number < PINGS_KEPT:
            self._round_trips[number % PINGS_KEPT] = round_trip

    def record_failed_dial(self, at: datetime, reason: str) -> None:
        """Record an attempt to connect that failed."""
        self._failed_dials = (*self._failed_dials, FailedDial(at, reason))[-FAILED_DIALS_KEPT:]

    def record_connection(self) -> None:
        """Record that the node is connected; earlier failed attempts no longer matter."""
        self._failed_dials = ()

    def record_decision(
        self,
        finding: Finding,
        reason: str,
        *,
        at: datetime,
        lag: float,
        socket_error: str | None = None,
    ) -> None:
        """Record a decision about the node together with what is measured until now."""
        decision = FailureDecision(
            at=at,
            finding=finding,
            reason=reason,
            last_reply=self.last_reply,
            pings=self._pings(),
            failed_dials=self._failed_dials,
            socket_error=socket_error,
            lag=lag,
        )
        self.decisions = (*self.decisions, decision)[-DECISIONS_KEPT:]

    def record_detached(self) -> None:
        """Record that the link has ended: its measurements are dropped, decisions are kept."""
        self.is_linked = False
        self.last_reply = self.load_time = None
        self._sent = [None] * PINGS_KEPT
        self._failed_dials = ()

    def snapshot(self, *, lag: float, stalls: int) -> Diagnostics:
        """The diagnostics as they are now; *lag* and *stalls* are this server's."""
        return Diagnostics(
            last_reply=self.last_reply,
            load_time=self.load_time,
            pings=self._pings(),
            failed_dials=self._failed_dials,
            decisions=self.decisions,
            lag=lag,
            stalls=stalls,
        )

    def _pings(self) -> tuple[Ping, ...]:
        places = (
            number % PINGS_KEPT for number in range(self._number + 1, self._number + 1 + PINGS_KEPT)
        )
        return tuple(
            Ping(sent, self._round_trips[place])
            for place in places
            if (sent := self._sent[place]) is not None
        )
