from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.error_detail import ErrorDetail


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
    errors: list[ErrorDetail] | Unset = UNSET
    """ The problems of the request's body one by one, if the error is about its properties; `message` has them all
    in one text. Only as many as fit: the last one may count the others. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        status = self.status

        error = self.error

        message = self.message

        path = self.path

        errors: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.errors, Unset):
            errors = []
            for errors_item_data in self.errors:
                errors_item = errors_item_data.to_dict()
                errors.append(errors_item)

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
        if errors is not UNSET:
            field_dict["errors"] = errors

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.error_detail import ErrorDetail  # noqa: PLC0415

        d = dict(src_dict)
        timestamp = d.pop("timestamp")

        status = d.pop("status")

        error = d.pop("error")

        message = d.pop("message")

        path = d.pop("path")

        _errors = d.pop("errors", UNSET)
        errors: list[ErrorDetail] | Unset = UNSET
        if _errors is not UNSET and _errors is not None:
            errors = []
            for errors_item_data in _errors:
                errors_item = ErrorDetail.from_dict(errors_item_data)

                errors.append(errors_item)

        error_body = cls(
            timestamp=timestamp,
            status=status,
            error=error,
            message=message,
            path=path,
            errors=errors,
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
