from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.filter_method_params import FilterMethodParams


T = TypeVar("T", bound="FilterMethod")


@_attrs_define
class FilterMethod:
    """The last call of a method of a filter. Empty if there was none.

    Example:
        {'method': 'setElementProperty', 'params': {'propertyName': 'method', 'propertyValue': 'horizontal-flip'}}

    """

    method: str | Unset = UNSET
    """ The name of the method. """
    params: FilterMethodParams | Unset = UNSET
    """ What it was called with. The members depend on the method. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        method = self.method

        params: dict[str, Any] | Unset = UNSET
        if not isinstance(self.params, Unset):
            params = self.params.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if method is not UNSET:
            field_dict["method"] = method
        if params is not UNSET:
            field_dict["params"] = params

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.filter_method_params import FilterMethodParams  # noqa: PLC0415

        d = dict(src_dict)
        method = d.pop("method", UNSET)

        _params = d.pop("params", UNSET)
        params: FilterMethodParams | Unset = UNSET
        if _params is not UNSET and _params is not None:
            params = FilterMethodParams.from_dict(_params)

        filter_method = cls(
            method=method,
            params=params,
        )

        filter_method.additional_properties = d
        return filter_method

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
