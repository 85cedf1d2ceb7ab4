from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.requestable_media_node_status import RequestableMediaNodeStatus, check_requestable_media_node_status

T = TypeVar("T", bound="MediaNodePatch")


@_attrs_define
class MediaNodePatch:
    """The change to make to a Media Node. Members that are not listed here are ignored.

    Example:
        {'status': 'waiting-idle-to-terminate'}

    """

    status: RequestableMediaNodeStatus
    """ A status that a client may ask a Media Node to move to. `failed` and `terminated` come about by themselves.
    Which of these can be reached depends on the status that the node has, see `MediaNodeStatus`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = check_requestable_media_node_status(d.pop("status"))

        media_node_patch = cls(
            status=status,
        )

        media_node_patch.additional_properties = d
        return media_node_patch

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
