from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.failed_dial import FailedDial
    from ..models.failure_decision import FailureDecision
    from ..models.ping import Ping


T = TypeVar("T", bound="MediaNodeDiagnostics")


@_attrs_define
class MediaNodeDiagnostics:
    """What the server knows of the connection to a Media Node, and how old the rest of its data is.

    Example:
        {'id': 'kms_FVrQslIr', 'timestamp': 1600681024900, 'connected': True, 'suspect': False, 'lastReplyTime':
            1600681023903, 'sessionsTime': 1600681023903, 'loadTime': 1600681020311, 'pings': [{'time': 1600681023901,
            'roundTripTime': 1.427}], 'failedDials': [], 'failure': None, 'eventLoopLag': 2.5, 'eventLoopStalls': 0,
            'decisions': []}

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
    event_loop_lag: float
    """ The largest delay of the server's own event loop in the seconds before, in milliseconds. """
    event_loop_stalls: int
    """ How often the event loop of the server stalled since its start. """
    decisions: list[FailureDecision]
    """ The last decisions, oldest first. """
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

        event_loop_lag = self.event_loop_lag

        event_loop_stalls = self.event_loop_stalls

        decisions = []
        for decisions_item_data in self.decisions:
            decisions_item = decisions_item_data.to_dict()
            decisions.append(decisions_item)

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
                "eventLoopLag": event_loop_lag,
                "eventLoopStalls": event_loop_stalls,
                "decisions": decisions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failed_dial import FailedDial  # noqa: PLC0415
        from ..models.failure_decision import FailureDecision  # noqa: PLC0415
        from ..models.ping import Ping  # noqa: PLC0415

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

        event_loop_lag = d.pop("eventLoopLag")

        event_loop_stalls = d.pop("eventLoopStalls")

        decisions = []
        _decisions = d.pop("decisions")
        for decisions_item_data in _decisions:
            decisions_item = FailureDecision.from_dict(decisions_item_data)

            decisions.append(decisions_item)

        media_node_diagnostics = cls(
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
            event_loop_lag=event_loop_lag,
            event_loop_stalls=event_loop_stalls,
            decisions=decisions,
        )

        media_node_diagnostics.additional_properties = d
        return media_node_diagnostics

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
