from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WebhookState")


@_attrs_define
class WebhookState:
    """How the webhook does.

    Example:
        {'enabled': False, 'host': None, 'lag': 0, 'delivered': 0, 'failures': 0, 'consecutiveFailures': 0,
            'deadLetters': 0, 'lost': 0, 'problem': None, 'nextTryTime': None}

    """

    enabled: bool
    """ Whether events are sent, `OPENVIDU_WEBHOOK`. """
    host: None | str
    """ The host of the endpoint. Null while it is off. """
    lag: int
    """ How many events are not handled yet, those that are not sent by configuration included; 0 while it is off.
    """
    delivered: int
    """ How many events the receiver took. """
    failures: int
    """ How many requests failed. """
    consecutive_failures: int
    """ How many requests failed since the last one that did not. """
    dead_letters: int
    """ How many events became dead letters. """
    lost: int
    """ How many events were deleted from the store before they were delivered, or were not taken while
    `MEDIAFLEET_WEBHOOK_DELIVERY` is `best-effort`. """
    problem: None | str
    """ Why the last request failed; null if it did not. For people; its wording may change. """
    next_try_time: int | None
    """ When the next request is sent after one that failed, in UTC milliseconds; null if none waits. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        enabled = self.enabled

        host: None | str
        host = self.host

        lag = self.lag

        delivered = self.delivered

        failures = self.failures

        consecutive_failures = self.consecutive_failures

        dead_letters = self.dead_letters

        lost = self.lost

        problem: None | str
        problem = self.problem

        next_try_time: int | None
        next_try_time = self.next_try_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "enabled": enabled,
                "host": host,
                "lag": lag,
                "delivered": delivered,
                "failures": failures,
                "consecutiveFailures": consecutive_failures,
                "deadLetters": dead_letters,
                "lost": lost,
                "problem": problem,
                "nextTryTime": next_try_time,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        enabled = d.pop("enabled")

        def _parse_host(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        host = _parse_host(d.pop("host"))

        lag = d.pop("lag")

        delivered = d.pop("delivered")

        failures = d.pop("failures")

        consecutive_failures = d.pop("consecutiveFailures")

        dead_letters = d.pop("deadLetters")

        lost = d.pop("lost")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        def _parse_next_try_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        next_try_time = _parse_next_try_time(d.pop("nextTryTime"))

        webhook_state = cls(
            enabled=enabled,
            host=host,
            lag=lag,
            delivered=delivered,
            failures=failures,
            consecutive_failures=consecutive_failures,
            dead_letters=dead_letters,
            lost=lost,
            problem=problem,
            next_try_time=next_try_time,
        )

        webhook_state.additional_properties = d
        return webhook_state

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
