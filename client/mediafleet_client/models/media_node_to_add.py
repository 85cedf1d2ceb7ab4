from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MediaNodeToAdd")


@_attrs_define
class MediaNodeToAdd:
    """The Media Node to add. Members that are not listed here are ignored.

    Example:
        {'uri': 'ws://172.17.0.5:8888/kurento'}

    """

    uri: None | str | Unset = UNSET
    """ Where the running Media Node is reached by WebSocket. Needed in the environment `on_premise`, where a
    missing `uri` or null is answered 501; checked for its form but otherwise ignored in the others.

    The form is `ws://` or `wss://` (in lower or upper case), a host, an optional port from 1 to 65535, and an
    optional path. The host is a name, an IPv4 address, or an IPv6 address in brackets. The default port is 80
    for `ws` and 443 for `wss`. Anything else is refused with 400, also a zone of an IPv6 address, user and
    password, a query and a fragment. A Kurento Media Server usually listens on port 8888 with the path
    `/kurento`.
     """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        uri: None | str | Unset
        if isinstance(self.uri, Unset):
            uri = UNSET
        else:
            uri = self.uri

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if uri is not UNSET:
            field_dict["uri"] = uri

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_uri(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        uri = _parse_uri(d.pop("uri", UNSET))

        media_node_to_add = cls(
            uri=uri,
        )

        media_node_to_add.additional_properties = d
        return media_node_to_add

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
