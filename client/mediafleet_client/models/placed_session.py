from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.chosen_media_node import ChosenMediaNode
    from ..models.considered import Considered


T = TypeVar("T", bound="PlacedSession")


@_attrs_define
class PlacedSession:
    """A new reservation, or a renewed one, and how its Media Node was chosen.

    Example:
        {'id': 'plc_Q3xWk81pLz0b', 'sessionId': 'physics-101', 'mediaNode': {'id': 'kms_FVrQslIr', 'uri':
            'ws://172.17.0.2:8888/kurento', 'ip': '172.17.0.2'}, 'estimatedLoad': 1, 'expiresTime': 1600681054900, 'load':
            12.45, 'considered': {'mediaNodes': 4, 'accepting': 3, 'matching': 3, 'candidates': [{'id': 'kms_FVrQslIr',
            'load': 12.45, 'loadKnown': True}, {'id': 'kms_Xp4kB2cQ', 'load': 31, 'loadKnown': True}, {'id': 'kms_8Yw2LxQd',
            'load': 8.2, 'loadKnown': False}]}}

    """

    id: str
    """ Identifies the reservation. """
    session_id: None | str
    """ The session, if its id was given. Null if not. """
    media_node: ChosenMediaNode
    """ The Media Node on which a session should begin. """
    estimated_load: float
    """ What the reservation adds to the load of the node, in percent with at most two decimals. """
    expires_time: int
    """ Until when the reservation counts, in UTC milliseconds. """
    load: float
    """ The effective load by which the node was chosen, without this reservation, in percent. """
    considered: Considered
    """ What a placement chose from. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        session_id: None | str
        session_id = self.session_id

        media_node = self.media_node.to_dict()

        estimated_load = self.estimated_load

        expires_time = self.expires_time

        load = self.load

        considered = self.considered.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "sessionId": session_id,
                "mediaNode": media_node,
                "estimatedLoad": estimated_load,
                "expiresTime": expires_time,
                "load": load,
                "considered": considered,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.chosen_media_node import ChosenMediaNode  # noqa: PLC0415
        from ..models.considered import Considered  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_session_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        session_id = _parse_session_id(d.pop("sessionId"))

        media_node = ChosenMediaNode.from_dict(d.pop("mediaNode"))

        estimated_load = d.pop("estimatedLoad")

        expires_time = d.pop("expiresTime")

        load = d.pop("load")

        considered = Considered.from_dict(d.pop("considered"))

        placed_session = cls(
            id=id,
            session_id=session_id,
            media_node=media_node,
            estimated_load=estimated_load,
            expires_time=expires_time,
            load=load,
            considered=considered,
        )

        placed_session.additional_properties = d
        return placed_session

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
