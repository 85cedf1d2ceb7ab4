from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Subscriber")


@_attrs_define
class Subscriber:
    """A stream that a participant receives.

    Example:
        {'createdAt': 1600678303456, 'streamId': 'str_CAM_QTQ5_con_Xp4kB2cQeT'}

    """

    created_at: int
    """ When the participant began to receive the stream, in UTC milliseconds. """
    stream_id: str
    """ The `streamId` of the stream's publisher. """

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at

        stream_id = self.stream_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "createdAt": created_at,
                "streamId": stream_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = d.pop("createdAt")

        stream_id = d.pop("streamId")

        subscriber = cls(
            created_at=created_at,
            stream_id=stream_id,
        )

        return subscriber
