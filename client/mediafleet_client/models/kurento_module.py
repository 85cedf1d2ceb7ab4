from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

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

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        version = self.version

        generation_time = self.generation_time

        factories = self.factories

        field_dict: dict[str, Any] = {}

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

        return kurento_module
