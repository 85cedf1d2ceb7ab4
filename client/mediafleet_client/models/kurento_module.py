from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="KurentoModule")


@_attrs_define
class KurentoModule:
    """A module of a media server.

    Example:
        {'name': 'core', 'version': '6.14.0', 'generationTime': 'Jun 24 2020 09:52:37', 'factories': ['HubPort',
            'MediaPipeline', 'PassThrough']}

    """

    name: str
    """ Name of the module. """
    version: str
    """ Version of the module. """
    generation_time: str
    """ When the module was built, as text of the media server's own form. """
    factories: list[str]
    """ The kinds of media object that the module can make. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        version = self.version

        generation_time = self.generation_time

        factories = self.factories

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "version": version,
                "generationTime": generation_time,
                "factories": factories,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        version = d.pop("version")

        generation_time = d.pop("generationTime")

        factories = cast(list[str], d.pop("factories"))

        kurento_module = cls(
            name=name,
            version=version,
            generation_time=generation_time,
            factories=factories,
        )

        kurento_module.additional_properties = d
        return kurento_module

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
