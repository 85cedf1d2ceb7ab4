"""What happened to the cluster, named and shaped as on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from mediafleet.domain.timestamps import to_milliseconds

if TYPE_CHECKING:
    from datetime import datetime

Payload: TypeAlias = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class MediaNodeStatusChanged:
    """A Media Node began a status; the first one has no old status.

    Source: OpenVidu Pro 2.15, CDR and webhook event of the same name.
    """

    name: ClassVar[str] = "mediaNodeStatusChanged"

    timestamp: datetime
    id: str
    environment_id: str | None
    ip: str | None
    uri: str | None
    new_status: str
    old_status: str | None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "environmentId": self.environment_id,
            "ip": self.ip,
            "uri": self.uri,
            "newStatus": self.new_status,
            "oldStatus": self.old_status,
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class MediaNodeForgotten:
    """A failed Media Node left the books, on request or because its hour was over.

    Our own addition: the published life cycle has no move out of ``failed``, and without this
    event a reader of the table could not tell why the node is gone.
    """

    name: ClassVar[str] = "mediaNodeForgotten"

    timestamp: datetime
    id: str
    reason: str | None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "reason": self.reason,
            "clusterId": cluster_id,
        }


Event: TypeAlias = MediaNodeStatusChanged | MediaNodeForgotten
