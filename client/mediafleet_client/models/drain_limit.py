from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.at_deadline import AtDeadline, check_at_deadline
from ..types import UNSET, Unset

T = TypeVar("T", bound="DrainLimit")


@_attrs_define
class DrainLimit:
    """How long a drain may take, and whether calls are moved. Of `deadline` and `atDeadline` both are there, or none for a
    drain that is not limited.

        Example:
            {'deadline': 1800, 'atDeadline': 'force'}

    """

    deadline: int | Unset = UNSET
    """ Seconds from now; at most 30 days. """
    at_deadline: AtDeadline | Unset = UNSET
    """ What becomes of a Media Node that still hosts sessions at the deadline of its drain. `force`: it is
    terminated and its sessions are closed. `abort`: it is running again. `extend`: it gets the same time once more.
    """
    move: bool | Unset = UNSET
    """ Whether the sessions of calls are moved to other nodes instead of waited for. They are not if this is
    missing. """

    def to_dict(self) -> dict[str, Any]:
        deadline = self.deadline

        at_deadline: str | Unset = UNSET
        if not isinstance(self.at_deadline, Unset):
            at_deadline = self.at_deadline

        move = self.move

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if deadline is not UNSET:
            field_dict["deadline"] = deadline
        if at_deadline is not UNSET:
            field_dict["atDeadline"] = at_deadline
        if move is not UNSET:
            field_dict["move"] = move

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        deadline = d.pop("deadline", UNSET)

        _at_deadline = d.pop("atDeadline", UNSET)
        at_deadline: AtDeadline | Unset = UNSET
        if _at_deadline is not UNSET and _at_deadline is not None:
            at_deadline = check_at_deadline(_at_deadline)

        move = d.pop("move", UNSET)

        drain_limit = cls(
            deadline=deadline,
            at_deadline=at_deadline,
            move=move,
        )

        return drain_limit
