from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.candidate import Candidate


T = TypeVar("T", bound="Considered")


@_attrs_define
class Considered:
    """What a placement chose from.

    Example:
        {'mediaNodes': 4, 'accepting': 3, 'matching': 3, 'candidates': [{'id': 'kms_FVrQslIr', 'load': 12.45,
            'loadKnown': True}]}

    """

    media_nodes: int
    """ How many Media Nodes the cluster has. """
    accepting: int
    """ How many of them accept sessions. """
    matching: int
    """ How many of these fit the request. """
    candidates: list[Candidate]
    """ The first of those that fit, the chosen one at the top; three at most. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        media_nodes = self.media_nodes

        accepting = self.accepting

        matching = self.matching

        candidates = []
        for candidates_item_data in self.candidates:
            candidates_item = candidates_item_data.to_dict()
            candidates.append(candidates_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "mediaNodes": media_nodes,
                "accepting": accepting,
                "matching": matching,
                "candidates": candidates,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.candidate import Candidate  # noqa: PLC0415

        d = dict(src_dict)
        media_nodes = d.pop("mediaNodes")

        accepting = d.pop("accepting")

        matching = d.pop("matching")

        candidates = []
        _candidates = d.pop("candidates")
        for candidates_item_data in _candidates:
            candidates_item = Candidate.from_dict(candidates_item_data)

            candidates.append(candidates_item)

        considered = cls(
            media_nodes=media_nodes,
            accepting=accepting,
            matching=matching,
            candidates=candidates,
        )

        considered.additional_properties = d
        return considered

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
