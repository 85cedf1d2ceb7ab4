from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ChosenMediaNode")


@_attrs_define
class ChosenMediaNode:
    """The Media Node on which a session should begin.

    Example:
        {'id': 'kms_FVrQslIr', 'uri': 'ws://172.17.0.2:8888/kurento', 'ip': '172.17.0.2'}

    """

    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    uri: None | str
    """ The WebSocket endpoint that the server connects to. Null while it is not known yet. """
    ip: None | str
    """ The address of the Media Node: the host of its `uri`, for IPv6 without the brackets. A host name, where the
    `uri` has one. Null while it is not known yet. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        uri: None | str
        uri = self.uri

        ip: None | str
        ip = self.ip

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "uri": uri,
                "ip": ip,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_uri(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        uri = _parse_uri(d.pop("uri"))

        def _parse_ip(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ip = _parse_ip(d.pop("ip"))

        chosen_media_node = cls(
            id=id,
            uri=uri,
            ip=ip,
        )

        chosen_media_node.additional_properties = d
        return chosen_media_node

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
