from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Ping")


@_attrs_define
class Ping:
    """A question to a Media Node that only asks for an answer.

    Example:
        {'time': 1600681023901, 'roundTripTime': 1.427}

    """

    time: int
    """ When it was sent, in UTC milliseconds. """
    round_trip_time: float | None
    """ Milliseconds until its answer. Null if there was none yet. """

    def to_dict(self) -> dict[str, Any]:
        time = self.time

        round_trip_time: float | None
        round_trip_time = self.round_trip_time

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "time": time,
                "roundTripTime": round_trip_time,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        time = d.pop("time")

        def _parse_round_trip_time(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        round_trip_time = _parse_round_trip_time(d.pop("roundTripTime"))

        ping = cls(
            time=time,
            round_trip_time=round_trip_time,
        )

        return ping
