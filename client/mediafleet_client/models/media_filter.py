from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.filter_method import FilterMethod
    from ..models.media_filter_options import MediaFilterOptions


T = TypeVar("T", bound="MediaFilter")


@_attrs_define
class MediaFilter:
    """The filter that a stream runs through. Empty if there is none.

    Example:
        {'type': 'GStreamerFilter', 'options': {'command': 'videoflip method=vertical-flip'}}

    """

    type_: str | Unset = UNSET
    """ The kind of filter. """
    options: MediaFilterOptions | Unset = UNSET
    """ What the filter was made with. Its members depend on the kind of filter. """
    last_exec_method: FilterMethod | Unset = UNSET
    """ The last call of a method of a filter. Empty if there was none. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        options: dict[str, Any] | Unset = UNSET
        if not isinstance(self.options, Unset):
            options = self.options.to_dict()

        last_exec_method: dict[str, Any] | Unset = UNSET
        if not isinstance(self.last_exec_method, Unset):
            last_exec_method = self.last_exec_method.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if type_ is not UNSET:
            field_dict["type"] = type_
        if options is not UNSET:
            field_dict["options"] = options
        if last_exec_method is not UNSET:
            field_dict["lastExecMethod"] = last_exec_method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.filter_method import FilterMethod  # noqa: PLC0415
        from ..models.media_filter_options import MediaFilterOptions  # noqa: PLC0415

        d = dict(src_dict)
        type_ = d.pop("type", UNSET)

        _options = d.pop("options", UNSET)
        options: MediaFilterOptions | Unset = UNSET
        if _options is not UNSET and _options is not None:
            options = MediaFilterOptions.from_dict(_options)

        _last_exec_method = d.pop("lastExecMethod", UNSET)
        last_exec_method: FilterMethod | Unset = UNSET
        if _last_exec_method is not UNSET and _last_exec_method is not None:
            last_exec_method = FilterMethod.from_dict(_last_exec_method)

        media_filter = cls(
            type_=type_,
            options=options,
            last_exec_method=last_exec_method,
        )

        media_filter.additional_properties = d
        return media_filter

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
