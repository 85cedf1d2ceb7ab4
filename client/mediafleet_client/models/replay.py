from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Replay")


@_attrs_define
class Replay:
    """What became of dead letters that were sent again.

    Example:
        {'delivered': [4711], 'remaining': 0, 'problem': None}

    """

    delivered: list[int]
    """ Numbers of those that the receiver took, in the order in which they were sent. """
    remaining: int
    """ How many dead letters are kept now. """
    problem: None | str
    """ Why the last one that failed did, or why nothing was sent; null if none failed. For people; its wording may
    change. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delivered = self.delivered

        remaining = self.remaining

        problem: None | str
        problem = self.problem

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delivered": delivered,
                "remaining": remaining,
                "problem": problem,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        delivered = cast(list[int], d.pop("delivered"))

        remaining = d.pop("remaining")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        replay = cls(
            delivered=delivered,
            remaining=remaining,
            problem=problem,
        )

        replay.additional_properties = d
        return replay

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
