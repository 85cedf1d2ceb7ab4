from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ErrorBody")


@_attrs_define
class ErrorBody:
    """Why a request was not done. Every error has this body.

    Example:
        {'timestamp': 1600678236916, 'status': 404, 'error': 'Not Found', 'message': 'No Media Node with id kms_FVrQslIr
            is in the cluster', 'path': '/pro/media-nodes/kms_FVrQslIr'}

    """

    timestamp: int
    """ When the request was answered, in UTC milliseconds. """
    status: int
    """ The HTTP status of the answer. """
    error: str
    """ The name of that status. """
    message: str
    """ What is wrong, where, and what would be right. For people; its wording may change. """
    path: str
    """ The path of the request, without its query. A very long one is cut. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        status = self.status

        error = self.error

        message = self.message

        path = self.path

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "status": status,
                "error": error,
                "message": message,
                "path": path,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        timestamp = d.pop("timestamp")

        status = d.pop("status")

        error = d.pop("error")

        message = d.pop("message")

        path = d.pop("path")

        error_body = cls(
            timestamp=timestamp,
            status=status,
            error=error,
            message=message,
            path=path,
        )

        error_body.additional_properties = d
        return error_body

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
