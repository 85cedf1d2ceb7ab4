from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

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
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        time = self.time

        round_trip_time: float | None
        round_trip_time = self.round_trip_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
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

        ping.additional_properties = d
        return ping

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
