"""Pings one connection and keeps what its node is judged on."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from mediafleet.domain.diagnostics import (
    DECISIONS_KEPT,
    FAILED_DIALS_KEPT,
    PINGS_KEPT,
    FailedDial,
    FailureDecision,
    Finding,
    Ping,
)
from mediafleet.domain.heartbeat import Act, Heartbeat
from mediafleet.kurento.protocol import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mediafleet.kurento.exchange import Exchange
    from mediafleet.kurento.meeting import Tools
    from mediafleet.kurento.protocol import Outcome


class _Sent:
    """A ping on its way, or back."""

    __slots__ = ("at", "round_trip", "since")

    def __init__(self, at: datetime, since: float) -> None:
        self.at = at
        self.since = since
        self.round_trip: float | None = None


class Pulse:
    """The heartbeat of one node over all its connections.

    Args:
        tools: For connections.
        on_suspicion: Is told whether the node is suspect, when that changes.

    Attributes:
        last_reply: When the node last answered anything.
    """

    __slots__ = (
        "_began",
        "_clock",
        "_decisions",
        "_exchange",
        "_failed_dials",
        "_heartbeat",
        "_on_suspicion",
        "_patience",
        "_pings",
        "_random",
        "last_reply",
    )

    def __init__(self, tools: Tools, on_suspicion: Callable[[bool], None]) -> None:
        rhythm = tools.settings.rhythm
        self._clock = tools.clock
        self._random = tools.random
        self._on_suspicion = on_suspicion
        self._heartbeat = Heartbeat(rhythm)
        self._patience = rhythm.longest_silence
        self._exchange: Exchange | None = None
        self._began = 0.0
        self._pings: deque[_Sent] = deque(maxlen=PINGS_KEPT)
        self._failed_dials: deque[FailedDial] = deque(maxlen=FAILED_DIALS_KEPT)
        self._decisions: deque[FailureDecision] = deque(maxlen=DECISIONS_KEPT)
        self.last_reply: datetime | None = None

    def begin(self, exchange: Exchange) -> None:
        """Watch over a connection that has just been made."""
        self._exchange = exchange
        self._failed_dials.clear()
        self._began = self._clock.monotonic()
        share = self._random.random()
        self._heartbeat.begin(self._began, share=share, stalls=self._clock.stalls)

    def end(self, reason: str, *, socket_error: str | None) -> None:
        """The connection is gone, or was not made; why, and what the system said of its socket."""
        if self._exchange is None:
            self._failed_dials.append(FailedDial(self._clock.now(), reason))
        else:
            self._exchange = None
            self.judge(Finding.DISCONNECTED, reason, socket_error)

    def judge(self, finding: Finding, reason: str, socket_error: str | None = None) -> None:
        """Keep a finding, with all that is known now."""
        self._decisions.append(
            FailureDecision(
                at=self._clock.now(),
                finding=finding,
                reason=reason,
                last_reply=self.last_reply,
                pings=self.pings,
                failed_dials=self.failed_dials,
                socket_error=socket_error,
                lag=self._clock.lag,
            )
        )

    def pause(self) -> None:
        """The connection was ended on purpose."""
        self._exchange = None

    def next_due(self) -> float | None:
        """When ``work`` has something to do."""
        return None if self._exchange is None else self._heartbeat.due

    def work(self, now: float) -> None:
        """Ping, suspect, or give up the connection."""
        exchange = self._exchange
        if exchange is None:
            return
        match self._heartbeat.work(now, self._clock.stalls):
            case Act.PING:
                self._ping(exchange, now)
            case Act.SUSPECT:
                self.judge(Finding.SUSPECT, f"it did not answer a ping{self._since()}")
                self._ping(exchange, now)
                self._on_suspicion(True)  # noqa: FBT003  # its only argument
            case Act.LOSE:
                exchange.end(f"it did not answer any ping{self._since()}")

    def on_answer(self) -> None:
        """The node answered something."""
        self.last_reply = self._clock.now()
        if self._exchange is not None and self._heartbeat.replied(self._clock.monotonic()):
            self._on_suspicion(False)  # noqa: FBT003  # its only argument

    @property
    def pings(self) -> tuple[Ping, ...]:
        """The last ones, oldest first."""
        return tuple(Ping(sent.at, sent.round_trip) for sent in self._pings)

    @property
    def failed_dials(self) -> tuple[FailedDial, ...]:
        """The last ones since the last connection, oldest first."""
        return tuple(self._failed_dials)

    @property
    def decisions(self) -> tuple[FailureDecision, ...]:
        """The last ones, oldest first."""
        return tuple(self._decisions)

    def _ping(self, exchange: Exchange, now: float) -> None:
        sent = _Sent(self._clock.now(), now)
        self._pings.append(sent)
        exchange.call("ping", {}, partial(self._on_pong, sent), timeout_s=self._patience)

    def _on_pong(self, sent: _Sent, outcome: Outcome) -> None:
        if not isinstance(outcome, NoAnswer):
            sent.round_trip = self._clock.monotonic() - sent.since
            self._heartbeat.measured(sent.round_trip)

    def _since(self) -> str:
        """For how long pings have not been answered, in words."""
        first = now = self._clock.monotonic()
        for sent in reversed(self._pings):
            if sent.round_trip is not None or sent.since < self._began:
                break
            first = sent.since
        return f" for {now - first:.1f} s"
