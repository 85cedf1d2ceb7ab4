from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="OfferedCandidate")


@_attrs_define
class OfferedCandidate:
    """A network address that one side of a media connection offered.

    Example:
        {'candidate': 'candidate:1 1 UDP 2015363327 192.0.2.7 39131 typ host', 'sdpMid': '0', 'sdpMLineIndex': 0}

    """

    candidate: str
    """ The address, as a line of SDP. """
    sdp_mid: str
    """ The part of the description that it belongs to. """
    sdp_m_line_index: int
    """ The number of that part. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        candidate = self.candidate

        sdp_mid = self.sdp_mid

        sdp_m_line_index = self.sdp_m_line_index

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "candidate": candidate,
                "sdpMid": sdp_mid,
                "sdpMLineIndex": sdp_m_line_index,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        candidate = d.pop("candidate")

        sdp_mid = d.pop("sdpMid")

        sdp_m_line_index = d.pop("sdpMLineIndex")

        offered_candidate = cls(
            candidate=candidate,
            sdp_mid=sdp_mid,
            sdp_m_line_index=sdp_m_line_index,
        )

        offered_candidate.additional_properties = d
        return offered_candidate

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
