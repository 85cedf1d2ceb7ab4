from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.labels import Labels
    from ..models.media_node_to_use import MediaNodeToUse


T = TypeVar("T", bound="SessionToPlace")


@_attrs_define
class SessionToPlace:
    """What a session needs.

    Example:
        {'sessionId': 'physics-101'}

    """

    session_id: str | Unset = UNSET
    """ The id that the session will have on its Media Node, so that the server notices when it appears: the name of
    its media pipeline. """
    estimated_load: float | Unset = UNSET
    """ What the session will add to the load of its node, in percent; it is rounded to two decimals. 1, if it is
    not given. """
    labels: Labels | Unset = UNSET
    """ Labels of Media Nodes: values by name, 16 at most. A name has 1 to 63 letters, digits, `.`, `_`, `/` or `-`,
    a
    value up to 63 letters, digits, `.`, `_` or `-`; both begin and end with a letter or a digit, and a value may be
    empty. """
    media_node: MediaNodeToUse | Unset = UNSET
    """ The only Media Node to consider. """
    ttl: int | Unset = UNSET
    """ Seconds that the reservation counts while the session has not appeared. 30, if it is not given. """

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        estimated_load = self.estimated_load

        labels: dict[str, Any] | Unset = UNSET
        if not isinstance(self.labels, Unset):
            labels = self.labels.to_dict()

        media_node: dict[str, Any] | Unset = UNSET
        if not isinstance(self.media_node, Unset):
            media_node = self.media_node.to_dict()

        ttl = self.ttl

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if session_id is not UNSET:
            field_dict["sessionId"] = session_id
        if estimated_load is not UNSET:
            field_dict["estimatedLoad"] = estimated_load
        if labels is not UNSET:
            field_dict["labels"] = labels
        if media_node is not UNSET:
            field_dict["mediaNode"] = media_node
        if ttl is not UNSET:
            field_dict["ttl"] = ttl

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.labels import Labels  # noqa: PLC0415
        from ..models.media_node_to_use import MediaNodeToUse  # noqa: PLC0415

        d = dict(src_dict)
        session_id = d.pop("sessionId", UNSET)

        estimated_load = d.pop("estimatedLoad", UNSET)

        _labels = d.pop("labels", UNSET)
        labels: Labels | Unset = UNSET
        if _labels is not UNSET and _labels is not None:
            labels = Labels.from_dict(_labels)

        _media_node = d.pop("mediaNode", UNSET)
        media_node: MediaNodeToUse | Unset = UNSET
        if _media_node is not UNSET and _media_node is not None:
            media_node = MediaNodeToUse.from_dict(_media_node)

        ttl = d.pop("ttl", UNSET)

        session_to_place = cls(
            session_id=session_id,
            estimated_load=estimated_load,
            labels=labels,
            media_node=media_node,
            ttl=ttl,
        )

        return session_to_place
