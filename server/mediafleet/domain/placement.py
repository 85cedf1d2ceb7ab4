"""Placement: which Media Node a new session gets, and reservations that count as load until then.

Loads are measured every few seconds. Without reservations all sessions of a burst would be placed
on the node that had the least load before it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mediafleet.domain.errors import (
    NoFittingMediaNodeError,
    PlacementNotFoundError,
    TooManyPlacementsError,
)
from mediafleet.domain.labels import NO_LABELS
from mediafleet.domain.ranking import Ranking, obstacle_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediafleet.domain.cluster import Member
    from mediafleet.domain.labels import Labels
    from mediafleet.domain.ranking import Candidate

ESTIMATED_LOAD = 1.0
"""Percent that a session is expected to add, if the request does not say."""
TTL_S = 30.0
"""Seconds that a reservation counts, if the request does not say."""
MAX_RESERVATIONS = 10_000
CANDIDATES_SHOWN = 3
_LEAVING: Final = "being removed"


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """What a session needs.

    Attributes:
        session_id: Its id, if it is known already.
        estimated_load: What it will add to the load of its node, in percent.
        labels: Those that its node must have.
        node_id: The only node to consider; ``None``: all.
        ttl: Seconds that the reservation counts while the session has not appeared.
    """

    session_id: str | None = None
    estimated_load: float = ESTIMATED_LOAD
    labels: Labels = NO_LABELS
    node_id: str | None = None
    ttl: float = TTL_S


@dataclass(frozen=True, slots=True)
class Considered:
    """How many Media Nodes a placement chose from.

    Attributes:
        members: Of the cluster.
        accepting: Those that accept sessions.
        matching: Those of them that fit the request.
        candidates: The first of these, the chosen one at the top; loads before the placement.
    """

    members: int
    accepting: int
    matching: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Reservation:
    """A place on a Media Node that a session will take.

    Attributes:
        id: Of the reservation.
        node_id: The node.
        hundredths: What the session is estimated to add to the load, in hundredths of a percent.
        expires: Until when it counts, in seconds of the monotonic clock.
        session_id: Id of the session, if it was given.
    """

    id: str
    node_id: str
    hundredths: int
    expires: float
    session_id: str | None = None

    @property
    def estimated_load(self) -> float:
        """What the session is estimated to add to the load, in percent."""
        return self.hundredths / 100


class Reservations:
    """Chooses nodes for sessions, and counts what is reserved until it is measured.

    A reservation counts until it expires, is released, or its node accepts no sessions any more.
    When its session has appeared on the node it counts until the load of the session is measured.

    Args:
        measured_after: Seconds after which the load of a new session is part of its node's.
    """

    def __init__(self, *, measured_after: float = 10.0) -> None:
        self._measured_after = measured_after
        self._ranking = Ranking()
        self._leaving: frozenset[str] = frozenset()
        self._all: dict[str, Reservation] = {}
        self._of_node: dict[str, set[str]] = {}
        self._of_session: dict[str, str] = {}
        self._awaited: dict[str, dict[str, str]] = {}
        self._expiries: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._all)

    def put(self, member: Member, now: float) -> None:
        """Add a member of the cluster, or replace it by what it is now."""
        self.expire(now)
        node_id, obstacle = member.node.id, obstacle_of(member)
        if obstacle is not None:
            self._drop_all(node_id)
        elif awaited := self._awaited.get(node_id):
            for session in member.sessions:
                for name in (session.id, session.name):
                    if name in awaited:
                        appeared = self._all[awaited.pop(name)]
                        self._set_expiry(appeared, now + self._measured_after)
            if not awaited:
                del self._awaited[node_id]
        self._ranking.put(member, _LEAVING if node_id in self._leaving else obstacle)

    def remove(self, node_id: str) -> None:
        """Forget a member that has left the cluster."""
        self._drop_all(node_id)
        self._ranking.remove(node_id)

    def withdraw(self, members: Iterable[Member], now: float) -> None:
        """Choose none of these members until :meth:`restore`: it is being stored that they leave.

        Their reservations stay, since the store may refuse.
        """
        leaving = tuple(members)
        self._leaving = frozenset(member.node.id for member in leaving)
        for member in leaving:
            self.put(member, now)

    def restore(self, members: Iterable[Member], now: float) -> None:
        """End :meth:`withdraw`; *members* are those that are still in the cluster."""
        self._leaving = frozenset()
        for member in members:
            self.put(member, now)

    def place(
        self, request: PlacementRequest, reservation_id: str, now: float
    ) -> tuple[Reservation, Considered]:
        """Choose the node with the least effective load for a session, and reserve.

        The same session gets the node that is reserved for it already, if that still fits; the
        reservation is then renewed.

        Args:
            request: What the session needs.
            reservation_id: For a new reservation.
            now: Seconds of the monotonic clock.

        Raises:
            NoFittingMediaNodeError: No node fits; the message says why.
            TooManyPlacementsError: There are too many reservations.
        """
        self.expire(now)
        known = self._known(request)
        considered = self._consider(request, None if known is None else known.node_id)
        if known is not None:
            return self._set_expiry(known, now + request.ttl), considered
        if len(self._all) >= MAX_RESERVATIONS:
            raise TooManyPlacementsError(MAX_RESERVATIONS)
        hundredths = round(request.estimated_load * 100)
        node_id = considered.candidates[0].node_id
        reservation = Reservation(
            reservation_id, node_id, hundredths, now + request.ttl, request.session_id
        )
        self._add(reservation)
        return reservation, considered

    def release(self, reservation_id: str, now: float) -> None:
        """End a reservation.

        Raises:
            PlacementNotFoundError: There is none with that id, or it has ended.
        """
        self.expire(now)
        if (reservation := self._all.get(reservation_id)) is None:
            raise PlacementNotFoundError(reservation_id)
        self._drop(reservation)

    def reserved_nodes(self, now: float) -> frozenset[str]:
        """Ids of the nodes that something is reserved on."""
        self.expire(now)
        return frozenset(self._of_node)

    def page(self, limit: int, now: float) -> list[Reservation]:
        """The oldest reservations that count."""
        self.expire(now)
        return [each for each, _ in zip(self._all.values(), range(limit), strict=False)]

    def expire(self, now: float) -> None:
        """End the reservations whose time is over; `remove` apart, every method does that first."""
        while self._expiries and self._expiries[0][0] <= now:
            due, reservation_id = heapq.heappop(self._expiries)
            reservation = self._all.get(reservation_id)
            if reservation is not None and reservation.expires == due:
                self._drop(reservation)

    def _known(self, request: PlacementRequest) -> Reservation | None:
        """The reservation of the session, if its node fits the request; else it ends."""
        if request.session_id is None or request.session_id not in self._of_session:
            return None
        known = self._all[self._of_session[request.session_id]]
        candidate = self._ranking.get(known.node_id)
        if (
            candidate is not None
            and request.labels <= candidate.labels
            and request.node_id in {None, known.node_id}
        ):
            return known
        self._drop(known)
        return None

    def _consider(self, request: PlacementRequest, pinned: str | None) -> Considered:
        """The candidates that fit a request.

        Args:
            request: What the session needs.
            pinned: The node that is reserved for it already; ``None`` if there is none.

        Raises:
            NoFittingMediaNodeError: There is none.
        """
        ranking, node_id = self._ranking, pinned or request.node_id
        if node_id is None:
            candidates = ranking.first(request.labels, CANDIDATES_SHOWN)
            matching = ranking.matching(request.labels)
        else:
            candidate = ranking.get(node_id)
            fits = candidate is not None and request.labels <= candidate.labels
            candidates = [candidate] if candidate is not None and fits else []
            matching = len(candidates)
        if not candidates:
            raise NoFittingMediaNodeError(self._why_none(request))
        return Considered(len(ranking), ranking.accepting, matching, tuple(candidates))

    def _why_none(self, request: PlacementRequest) -> str:
        ranking = self._ranking
        labels = ", ".join(f"{name}={value}" for name, value in sorted(request.labels))
        if request.node_id is not None:
            if (obstacle := ranking.obstacle(request.node_id)) is not None:
                return f"Media Node {request.node_id} is {obstacle}"
            return f"Media Node {request.node_id} has not all of the labels {labels}"
        if not len(ranking):
            return "the cluster has no Media Nodes"
        if not ranking.accepting:
            counts = (f"{n} {obstacle}" for obstacle, n in sorted(ranking.obstacles.items()))
            return f"none of the {len(ranking)} Media Nodes accepts sessions: {', '.join(counts)}"
        accepting = ranking.accepting
        return f"of those that accept sessions ({accepting}), none has all of the labels {labels}"

    def _add(self, reservation: Reservation) -> None:
        node_id = reservation.node_id
        self._all[reservation.id] = reservation
        self._of_node.setdefault(node_id, set()).add(reservation.id)
        if reservation.session_id is not None:
            self._of_session[reservation.session_id] = reservation.id
            self._awaited.setdefault(node_id, {})[reservation.session_id] = reservation.id
        self._ranking.reserve(node_id, reservation.hundredths)
        self._push_expiry(reservation)

    def _drop(self, reservation: Reservation) -> None:
        node_id, session_id = reservation.node_id, reservation.session_id
        del self._all[reservation.id]
        of_node = self._of_node[node_id]
        of_node.remove(reservation.id)
        if not of_node:
            del self._of_node[node_id]
        if session_id is not None:
            del self._of_session[session_id]
            awaited = self._awaited.get(node_id, {})
            awaited.pop(session_id, None)
            if not awaited:
                self._awaited.pop(node_id, None)
        self._ranking.reserve(node_id, -reservation.hundredths)

    def _drop_all(self, node_id: str) -> None:
        for reservation_id in tuple(self._of_node.get(node_id, ())):
            self._drop(self._all[reservation_id])

    def _set_expiry(self, reservation: Reservation, expires: float) -> Reservation:
        changed = self._all[reservation.id] = replace(reservation, expires=expires)
        self._push_expiry(changed)
        return changed

    def _push_expiry(self, reservation: Reservation) -> None:
        heapq.heappush(self._expiries, (reservation.expires, reservation.id))
        if len(self._expiries) > 2 * len(self._all) + 64:
            self._expiries = [(each.expires, each.id) for each in self._all.values()]
            heapq.heapify(self._expiries)
