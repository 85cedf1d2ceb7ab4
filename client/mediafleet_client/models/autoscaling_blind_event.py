from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AutoscalingBlindEvent")


@_attrs_define
class AutoscalingBlindEvent:
    """Loads are unknown for longer than three measurements should take, and no Media Node is removed meanwhile; or all are
    known again.

        Example:
            {'timestamp': 1600678251771, 'blind': True, 'unknown': 1, 'mediaNodes': ['kms_FVrQslIr'], 'clusterId':
                'clu_Nb7Qx0aZe'}

    """

    timestamp: int
    """ When it happened, in UTC milliseconds. """
    blind: bool
    """ Whether loads are unknown. """
    unknown: int
    """ Of how many Media Nodes. """
    media_nodes: list[str]
    """ Their ids, a hundred at most. """
    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        blind = self.blind

        unknown = self.unknown

        media_nodes = self.media_nodes

        cluster_id = self.cluster_id

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "blind": blind,
                "unknown": unknown,
                "mediaNodes": media_nodes,
                "clusterId": cluster_id,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        timestamp = d.pop("timestamp")

        blind = d.pop("blind")

        unknown = d.pop("unknown")

        media_nodes = cast(list[str], d.pop("mediaNodes"))

        cluster_id = d.pop("clusterId")

        event = d.pop("event", UNSET)

        autoscaling_blind_event = cls(
            timestamp=timestamp,
            blind=blind,
            unknown=unknown,
            media_nodes=media_nodes,
            cluster_id=cluster_id,
            event=event,
        )

        autoscaling_blind_event.additional_properties = d
        return autoscaling_blind_event

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
