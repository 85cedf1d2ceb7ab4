from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.labels import Labels


T = TypeVar("T", bound="MediaNodeLabelsChangedEvent")


@_attrs_define
class MediaNodeLabelsChangedEvent:
    """The labels of a Media Node were changed. OpenVidu has no such event.

    Example:
        {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr', 'labels': {'zone': 'eu-1'}, 'clusterId': 'clu_Nb7Qx0aZe'}

    """

    timestamp: int
    """ When it happened, in UTC milliseconds. """
    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    labels: Labels
    """ Labels of Media Nodes: values by name, 16 at most. A name has 1 to 63 letters, digits, `.`, `_`, `/` or `-`,
    a
    value up to 63 letters, digits, `.`, `_` or `-`; both begin and end with a letter or a digit, and a value may be
    empty. """
    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        id = self.id

        labels = self.labels.to_dict()

        cluster_id = self.cluster_id

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "id": id,
                "labels": labels,
                "clusterId": cluster_id,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.labels import Labels  # noqa: PLC0415

        d = dict(src_dict)
        timestamp = d.pop("timestamp")

        id = d.pop("id")

        labels = Labels.from_dict(d.pop("labels"))

        cluster_id = d.pop("clusterId")

        event = d.pop("event", UNSET)

        media_node_labels_changed_event = cls(
            timestamp=timestamp,
            id=id,
            labels=labels,
            cluster_id=cluster_id,
            event=event,
        )

        media_node_labels_changed_event.additional_properties = d
        return media_node_labels_changed_event

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
