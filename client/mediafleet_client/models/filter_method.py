from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.filter_method_params import FilterMethodParams


T = TypeVar("T", bound="FilterMethod")


@_attrs_define
class FilterMethod:
    """The last call of a method of a filter.

    Example:
        {'method': 'setElementProperty', 'params': {'propertyName': 'method', 'propertyValue': 'horizontal-flip'}}

    """

    method: str
    """ The name of the method. """
    params: FilterMethodParams
    """ What it was called with. The members depend on the method. """

    def to_dict(self) -> dict[str, Any]:
        method = self.method

        params = self.params.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "method": method,
                "params": params,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.filter_method_params import FilterMethodParams  # noqa: PLC0415

        d = dict(src_dict)
        method = d.pop("method")

        params = FilterMethodParams.from_dict(d.pop("params"))

        filter_method = cls(
            method=method,
            params=params,
        )

        return filter_method
