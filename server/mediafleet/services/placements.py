"""Places sessions on Media Nodes, and gives Media Nodes the labels to choose by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mediafleet.domain.entries import Mutation
from mediafleet.domain.media_node import label
from mediafleet.services.cluster_state import ClusterState, Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from mediafleet.clock import Clock
    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.labels import Labels
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.placement import Considered, PlacementRequest, Reservation

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Placement:
    """A reservation and its Media Node.

    Attributes:
        reservation: What is reserved.
        member: The node.
        expires: Until when the reservation counts, by the wall clock as it is now (aware, UTC).
    """

    reservation: Reservation
    member: Member
    expires: datetime


class Placements:
    """Places sessions, in memory: nothing waits, and a restart of the server ends reservations.

    The choice and the reservation are one step, so no other task comes between. A node that is
    about to leave `running` is not chosen, even while that is being stored.

    Args:
        state: The cluster in memory.
        clock: The only source of time.
        new_id: Makes ids of reservations.
    """

    def __init__(self, state: ClusterState, clock: Clock, new_id: Callable[[], str]) -> None:
        self._state = state
        self._clock = clock
        self._new_id = new_id

    def place(self, request: PlacementRequest) -> tuple[Placement, Considered]:
        """Choose the node with the least load for a session, and reserve.

        Raises:
            MediaNodeNotFoundError: The only node to consider is not in the cluster.
            NoFittingMediaNodeError: No node fits; the message says why.
            TooManyPlacementsError: There are too many reservations.
        """
        if request.node_id is not None:
            self._state.existing(request.node_id)
        reservation, considered = self._state.reservations.place(
            request, self._new_id(), self._clock.monotonic()
        )
        return self._placement(reservation), considered

    def release(self, placement_id: str) -> None:
        """End a reservation.

        Raises:
            PlacementNotFoundError: There is none with that id, or it has ended.
        """
        self._state.reservations.release(placement_id, self._clock.monotonic())

    def page(self) -> tuple[Sequence[Placement], int]:
        """The oldest reservations, and the number of all."""
        reservations = self._state.reservations
        found = reservations.page(PAGE, self._clock.monotonic())
        return [self._placement(each) for each in found], len(reservations)

    def node(self, node_id: str) -> MediaNode:
        """A Media Node, with its labels.

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """
        return self._state.existing(node_id).node

    async def label(self, node_id: str, labels: Labels) -> MediaNode:
        """Give a Media Node labels in place of those that it has; return it as it is then.

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """

        def decide(cluster: Cluster) -> Decision[MediaNode]:
            node = cluster.existing(node_id).node
            if node.labels == labels:
                return Decision(node)
            labelled, event = label(node, labels, at=self._clock.now())
            return Decision(labelled, (Mutation(labelled, event),))

        return await self._state.change(decide)

    def _placement(self, reservation: Reservation) -> Placement:
        left = timedelta(seconds=reservation.expires - self._clock.monotonic())
        member = self._state.existing(reservation.node_id)
        return Placement(reservation, member, self._clock.now() + left)
