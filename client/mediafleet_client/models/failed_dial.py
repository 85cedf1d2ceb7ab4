from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="FailedDial")


@_attrs_define
class FailedDial:
    """An attempt to connect to a Media Node that led to nothing.

    Example:
        {'time': 1600681028911, 'reason': 'the connection was refused'}

    """

    time: int
    """ When it had failed, in UTC milliseconds. """
    reason: str
    """ Why, for people. """

    def to_dict(self) -> dict[str, Any]:
        time = self.time

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "time": time,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        time = d.pop("time")

        reason = d.pop("reason")

        failed_dial = cls(
            time=time,
            reason=reason,
        )

        return failed_dial
