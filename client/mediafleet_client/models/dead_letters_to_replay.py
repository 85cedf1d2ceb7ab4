from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="DeadLettersToReplay")


@_attrs_define
class DeadLettersToReplay:
    """Which dead letters are sent again. Exactly one of the members is there.

    Example:
        {'sequences': [4711]}

    """

    sequences: list[int] | Unset = UNSET
    """ Numbers of dead letters. They are sent in this order. """
    all_: bool | Unset = UNSET
    """ Whether the oldest dead letters are sent, 100 at most. If false nothing is sent. """

    def to_dict(self) -> dict[str, Any]:
        sequences: list[int] | Unset = UNSET
        if not isinstance(self.sequences, Unset):
            sequences = self.sequences

        all_ = self.all_

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if sequences is not UNSET:
            field_dict["sequences"] = sequences
        if all_ is not UNSET:
            field_dict["all"] = all_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sequences = cast(list[int], d.pop("sequences", UNSET))

        all_ = d.pop("all", UNSET)

        dead_letters_to_replay = cls(
            sequences=sequences,
            all_=all_,
        )

        return dead_letters_to_replay
