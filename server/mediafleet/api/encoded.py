"""Bodies of Media Nodes, validated and encoded once after each change of a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.api import wire
from mediafleet.contract import EncodedJson, ResponseViolationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.contract import SchemaValidator
    from mediafleet.domain.cluster import Cluster, Member

_SPARE = 64


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of one Media Node.

    Attributes:
        member: The node; members are never changed, only replaced.
    """

    member: Member
    encoded: EncodedJson


@dataclass(frozen=True, slots=True)
class _Listing:
    """The body of the list.

    Attributes:
        cluster: The listed members; never changed, only replaced.
    """

    cluster: Cluster
    encoded: EncodedJson


class EncodedMediaNodes:
    """Caches the encoded bodies that the plain GETs of one family of paths return.

    A body is encoded again when its member is another object than before. Bodies of nodes that left
    are removed when they are as many as those of members.

    Args:
        media_node: Returns the Media Node object.
        one: Schema of the response with one Media Node.
        many: Schema of the response with the list.
        cluster: Returns the present members.
    """

    def __init__(
        self,
        media_node: Callable[[Member], wire.Json],
        *,
        one: SchemaValidator,
        many: SchemaValidator,
        cluster: Callable[[], Cluster],
    ) -> None:
        self._media_node = media_node
        self._one = one
        self._many = many
        self._cluster = cluster
        self._bodies: dict[str, _Body] = {}
        self._limit = _SPARE
        self._listing: _Listing | None = None
        self._longest_checked = -1

    def one(self, member: Member) -> EncodedJson:
        """The body of one Media Node.

        Raises:
            ResponseViolationError: It violates the contract.
        """
        kept = self._bodies.get(member.node.id)
        if kept is not None and kept.member is member:
            return kept.encoded
        body = self._media_node(member)
        encoded = self._one.encode(body)
        self._many.check(wire.listing([body]))
        self._bodies[member.node.id] = _Body(member, encoded)
        if len(self._bodies) > self._limit:
            self._remove_stale()
        return encoded

    def many(self, cluster: Cluster) -> EncodedJson:
        """The body of the list.

        Raises:
            ResponseViolationError: It violates the contract.
        """
        kept = self._listing
        if kept is not None and kept.cluster is cluster:
            return kept.encoded
        encoded = self._join(cluster)
        self._listing = _Listing(cluster, encoded)
        return encoded

    def _join(self, cluster: Cluster) -> EncodedJson:
        try:
            bodies = [self.one(member) for member in cluster]
        except ResponseViolationError:
            # A body is invalid: the schema of the whole list names the place.
            return self._many.encode(wire.listing(map(self._media_node, cluster)))
        self._check_length(cluster)
        return EncodedJson(wire.encoded_listing(bodies))

    def _check_length(self, cluster: Cluster) -> None:
        """Check a list that is longer than any before; of its elements each was checked."""
        if len(cluster) > self._longest_checked:
            self._many.check(wire.listing(map(self._media_node, cluster)))
            self._longest_checked = len(cluster)

    def _remove_stale(self) -> None:
        members = self._cluster().members
        self._bodies = {id_: body for id_, body in self._bodies.items() if id_ in members}
        self._limit = 2 * len(self._bodies) + _SPARE
