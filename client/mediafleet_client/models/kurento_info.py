from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.kurento_module import KurentoModule


T = TypeVar("T", bound="KurentoInfo")


@_attrs_define
class KurentoInfo:
    """The media server process of a Media Node, as it describes itself. Present only if asked for with `extra-info=true`,
    and if the node is connected and answered in time. Meant for diagnosis: what a media server reports depends on its
    version.

        Example:
            {'memory': 118, 'version': '6.14.0', 'capabilities': '[transactions]', 'modules': [{'name': 'core', 'version':
                '6.14.0', 'generationTime': 'Jun 24 2020 09:52:37', 'factories': ['HubPort', 'MediaPipeline', 'PassThrough']}]}

    """

    memory: int
    """ Memory that the process uses, in MiB. """
    version: str
    """ Version of the media server. """
    capabilities: str
    """ What the media server is capable of, as text in brackets, separated by commas. """
    modules: list[KurentoModule]
    """ The modules that the media server has loaded. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        memory = self.memory

        version = self.version

        capabilities = self.capabilities

        modules = []
        for modules_item_data in self.modules:
            modules_item = modules_item_data.to_dict()
            modules.append(modules_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "memory": memory,
                "version": version,
                "capabilities": capabilities,
                "modules": modules,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.kurento_module import KurentoModule  # noqa: PLC0415

        d = dict(src_dict)
        memory = d.pop("memory")

        version = d.pop("version")

        capabilities = d.pop("capabilities")

        modules = []
        _modules = d.pop("modules")
        for modules_item_data in _modules:
            modules_item = KurentoModule.from_dict(modules_item_data)

            modules.append(modules_item)

        kurento_info = cls(
            memory=memory,
            version=version,
            capabilities=capabilities,
            modules=modules,
        )

        kurento_info.additional_properties = d
        return kurento_info

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
