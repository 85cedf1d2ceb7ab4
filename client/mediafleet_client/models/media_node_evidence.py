from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.failed_dial import FailedDial
    from ..models.ping import Ping
    from ..models.verdict import Verdict


T = TypeVar("T", bound="MediaNodeEvidence")


@_attrs_define
class MediaNodeEvidence:
    """What a Media Node is judged on, and how old what is known of it is.

    Example:
        {'id': 'kms_FVrQslIr', 'timestamp': 1600681024900, 'connected': True, 'suspect': False, 'lastReplyTime':
            1600681023903, 'sessionsTime': 1600681023903, 'loadTime': 1600681020311, 'pings': [{'time': 1600681023901,
            'roundTripTime': 1.427}], 'failedDials': [], 'failure': None, 'ownLag': 2.5, 'ownStalls': 0, 'verdicts': []}

    """

    id: str
    """ Identifies the Media Node. """
    timestamp: int
    """ When this was answered, in UTC milliseconds; the other times are as old as they are earlier. """
    connected: bool
    """ Whether the server has a working connection to the Media Node. """
    suspect: bool
    """ Whether it is connected but did not answer the last ping in time. """
    last_reply_time: int | None
    """ When the node last answered anything, in UTC milliseconds. Null if it never did. """
    sessions_time: int | None
    """ As of when the node's sessions are known, in UTC milliseconds. Null if they never were. """
    load_time: int | None
    """ When its load was last measured, in UTC milliseconds. Null if that of the present process of its media
    server never was. """
    pings: list[Ping]
    """ The last pings, oldest first. """
    failed_dials: list[FailedDial]
    """ The last attempts to connect since the last connection, oldest first. """
    failure: None | str
    """ Why the Media Node failed. Null unless its status is `failed`. """
    own_lag: float
    """ How late the server itself came at worst in the seconds before, in milliseconds. """
    own_stalls: int
    """ How often the server itself stood still since it began. """
    verdicts: list[Verdict]
    """ The last findings, oldest first. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        timestamp = self.timestamp

        connected = self.connected

        suspect = self.suspect

        last_reply_time: int | None
        last_reply_time = self.last_reply_time

        sessions_time: int | None
        sessions_time = self.sessions_time

        load_time: int | None
        load_time = self.load_time

        pings = []
        for pings_item_data in self.pings:
            pings_item = pings_item_data.to_dict()
            pings.append(pings_item)

        failed_dials = []
        for failed_dials_item_data in self.failed_dials:
            failed_dials_item = failed_dials_item_data.to_dict()
            failed_dials.append(failed_dials_item)

        failure: None | str
        failure = self.failure

        own_lag = self.own_lag

        own_stalls = self.own_stalls

        verdicts = []
        for verdicts_item_data in self.verdicts:
            verdicts_item = verdicts_item_data.to_dict()
            verdicts.append(verdicts_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "timestamp": timestamp,
                "connected": connected,
                "suspect": suspect,
                "lastReplyTime": last_reply_time,
                "sessionsTime": sessions_time,
                "loadTime": load_time,
                "pings": pings,
                "failedDials": failed_dials,
                "failure": failure,
                "ownLag": own_lag,
                "ownStalls": own_stalls,
                "verdicts": verdicts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failed_dial import FailedDial  # noqa: PLC0415
        from ..models.ping import Ping  # noqa: PLC0415
        from ..models.verdict import Verdict  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        timestamp = d.pop("timestamp")

        connected = d.pop("connected")

        suspect = d.pop("suspect")

        def _parse_last_reply_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        last_reply_time = _parse_last_reply_time(d.pop("lastReplyTime"))

        def _parse_sessions_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        sessions_time = _parse_sessions_time(d.pop("sessionsTime"))

        def _parse_load_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        load_time = _parse_load_time(d.pop("loadTime"))

        pings = []
        _pings = d.pop("pings")
        for pings_item_data in _pings:
            pings_item = Ping.from_dict(pings_item_data)

            pings.append(pings_item)

        failed_dials = []
        _failed_dials = d.pop("failedDials")
        for failed_dials_item_data in _failed_dials:
            failed_dials_item = FailedDial.from_dict(failed_dials_item_data)

            failed_dials.append(failed_dials_item)

        def _parse_failure(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure = _parse_failure(d.pop("failure"))

        own_lag = d.pop("ownLag")

        own_stalls = d.pop("ownStalls")

        verdicts = []
        _verdicts = d.pop("verdicts")
        for verdicts_item_data in _verdicts:
            verdicts_item = Verdict.from_dict(verdicts_item_data)

            verdicts.append(verdicts_item)

        media_node_evidence = cls(
            id=id,
            timestamp=timestamp,
            connected=connected,
            suspect=suspect,
            last_reply_time=last_reply_time,
            sessions_time=sessions_time,
            load_time=load_time,
            pings=pings,
            failed_dials=failed_dials,
            failure=failure,
            own_lag=own_lag,
            own_stalls=own_stalls,
            verdicts=verdicts,
        )

        media_node_evidence.additional_properties = d
        return media_node_evidence

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
