from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.open_vidu_health_status import OpenViduHealthStatus, check_open_vidu_health_status

T = TypeVar("T", bound="OpenViduHealth")


@_attrs_define
class OpenViduHealth:
    """Whether the cluster can host sessions, as OpenVidu 2.26 and later tell it.

    Example:
        {'status': 'UNSTABLE', 'disconnectedMediaNodes': ['kms_FVrQslIr']}

    """

    status: OpenViduHealthStatus
    """ The health of the cluster.

    | value | meaning |
    |---|---|
    | `UP` | A Media Node is `running` and connected, and none that may host sessions is out of touch. |
    | `UNSTABLE` | A Media Node is `running` and connected, but another one is out of touch. |
    | `DOWN` | No Media Node is `running` and connected. |
     """
    disconnected_media_nodes: list[str]
    """ Ids of Media Nodes in status `running` or `waiting-idle-to-terminate` that are not connected. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status: str = self.status

        disconnected_media_nodes = self.disconnected_media_nodes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
                "disconnectedMediaNodes": disconnected_media_nodes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = check_open_vidu_health_status(d.pop("status"))

        disconnected_media_nodes = cast(list[str], d.pop("disconnectedMediaNodes"))

        open_vidu_health = cls(
            status=status,
            disconnected_media_nodes=disconnected_media_nodes,
        )

        open_vidu_health.additional_properties = d
        return open_vidu_health

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
