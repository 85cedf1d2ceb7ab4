from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.finding import Finding, check_finding

if TYPE_CHECKING:
    from ..models.failed_dial import FailedDial
    from ..models.ping import Ping


T = TypeVar("T", bound="FailureDecision")


@_attrs_define
class FailureDecision:
    """What the server decided about the health of a Media Node, and the data that is based on.

    Example:
        {'time': 1600681027820, 'finding': 'disconnected', 'reason': 'it did not answer any ping for 1.9 s',
            'lastReplyTime': 1600681023903, 'pings': [{'time': 1600681025903, 'roundTripTime': None}], 'failedDials': [],
            'socketError': None, 'eventLoopLag': 2.5}

    """

    time: int
    """ When it was found, in UTC milliseconds. """
    finding: Finding
    """ What was found of a Media Node: `suspect`, a ping was not answered in time; `disconnected`, the connection
    was
    lost; `machine-ended`, the environment saw the end of the node's container or process, which nobody had asked
    for; `crashed`, it was disconnected for so long that `nodeCrashed` was emitted; `given-up`, for so long that it
    leaves the cluster.
     """
    reason: str
    """ Why, for people. """
    last_reply_time: int | None
    """ When the node last answered anything, in UTC milliseconds. Null if it never did. """
    pings: list[Ping]
    """ The last pings before it, oldest first. """
    failed_dials: list[FailedDial]
    """ The last attempts before it to connect again, since the last connection, oldest first. """
    socket_error: None | str
    """ What the server's system said when it ended the connection. Null if it did not. """
    event_loop_lag: float
    """ The largest delay of the server's own event loop in the seconds before, in milliseconds. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        time = self.time

        finding: str = self.finding

        reason = self.reason

        last_reply_time: int | None
        last_reply_time = self.last_reply_time

        pings = []
        for pings_item_data in self.pings:
            pings_item = pings_item_data.to_dict()
            pings.append(pings_item)

        failed_dials = []
        for failed_dials_item_data in self.failed_dials:
            failed_dials_item = failed_dials_item_data.to_dict()
            failed_dials.append(failed_dials_item)

        socket_error: None | str
        socket_error = self.socket_error

        event_loop_lag = self.event_loop_lag

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "time": time,
                "finding": finding,
                "reason": reason,
                "lastReplyTime": last_reply_time,
                "pings": pings,
                "failedDials": failed_dials,
                "socketError": socket_error,
                "eventLoopLag": event_loop_lag,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failed_dial import FailedDial  # noqa: PLC0415
        from ..models.ping import Ping  # noqa: PLC0415

        d = dict(src_dict)
        time = d.pop("time")

        finding = check_finding(d.pop("finding"))

        reason = d.pop("reason")

        def _parse_last_reply_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        last_reply_time = _parse_last_reply_time(d.pop("lastReplyTime"))

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

        def _parse_socket_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        socket_error = _parse_socket_error(d.pop("socketError"))

        event_loop_lag = d.pop("eventLoopLag")

        failure_decision = cls(
            time=time,
            finding=finding,
            reason=reason,
            last_reply_time=last_reply_time,
            pings=pings,
            failed_dials=failed_dials,
            socket_error=socket_error,
            event_loop_lag=event_loop_lag,
        )

        failure_decision.additional_properties = d
        return failure_decision

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
