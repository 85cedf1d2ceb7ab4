from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.open_vidu_health_status import OpenViduHealthStatus, check_open_vidu_health_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.failed_component import FailedComponent


T = TypeVar("T", bound="OpenViduHealth")


@_attrs_define
class OpenViduHealth:
    """Whether the cluster can host sessions, as OpenVidu 2.26 and later report it.

    Example:
        {'status': 'UNSTABLE', 'disconnectedMediaNodes': ['kms_FVrQslIr']}

    """

    status: OpenViduHealthStatus
    """ The health of the cluster.

    | value | meaning |
    |---|---|
    | `UP` | A Media Node is `running` and connected, and none that may host sessions is disconnected. |
    | `UNSTABLE` | A Media Node is `running` and connected, but another one is disconnected, or nodes are missing. |
    | `DOWN` | No Media Node is `running` and connected, or the server cannot do its own work. |
     """
    disconnected_media_nodes: list[str]
    """ Ids of Media Nodes in status `running` or `waiting-idle-to-terminate` that are not connected. """
    failed_components: list[FailedComponent] | Unset = UNSET
    """ Components of the server that do not work, see `FailedComponent`; absent if there are none. OpenVidu has no
    such property. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status: str = self.status

        disconnected_media_nodes = self.disconnected_media_nodes

        failed_components: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.failed_components, Unset):
            failed_components = []
            for failed_components_item_data in self.failed_components:
                failed_components_item = failed_components_item_data.to_dict()
                failed_components.append(failed_components_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
                "disconnectedMediaNodes": disconnected_media_nodes,
            }
        )
        if failed_components is not UNSET:
            field_dict["failedComponents"] = failed_components

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failed_component import FailedComponent  # noqa: PLC0415

        d = dict(src_dict)
        status = check_open_vidu_health_status(d.pop("status"))

        disconnected_media_nodes = cast(list[str], d.pop("disconnectedMediaNodes"))

        _failed_components = d.pop("failedComponents", UNSET)
        failed_components: list[FailedComponent] | Unset = UNSET
        if _failed_components is not UNSET and _failed_components is not None:
            failed_components = []
            for failed_components_item_data in _failed_components:
                failed_components_item = FailedComponent.from_dict(failed_components_item_data)

                failed_components.append(failed_components_item)

        open_vidu_health = cls(
            status=status,
            disconnected_media_nodes=disconnected_media_nodes,
            failed_components=failed_components,
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
