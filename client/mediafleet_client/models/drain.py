from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_node_status import MediaNodeStatus, check_media_node_status

if TYPE_CHECKING:
    from ..models.capacity import Capacity


T = TypeVar("T", bound="Drain")


@_attrs_define
class Drain:
    """A Media Node on its way out.

    Example:
        {'id': 'kms_FVrQslIr', 'status': 'waiting-idle-to-terminate', 'timestamp': 1600681024900, 'since':
            1600680424900, 'deadline': None, 'deadlineTime': None, 'atDeadline': None, 'extensions': 0, 'move': False,
            'sessionsLeft': 2, 'sessionIds': ['physics-101', 'maths-7'], 'oldestSessionAge': 2724, 'eta': None, 'connected':
            True, 'reason': 'it hosts 2 session(s) and goes when the last one has ended', 'capacity': {'remaining': 2,
            'load': 60, 'moved': 31.4, 'suffices': True}}

    """

    id: str
    """ Identifies the Media Node. """
    status: MediaNodeStatus
    """ Where a Media Node is in its life. A node begins as `launching` and makes only these moves:

    | status | meaning | goes on to |
    |---|---|---|
    | `launching` | It is being started or connected, and hosts nothing. | `running`, `failed`, `canceled` |
    | `canceled` | Its launch was cancelled but is still under way. It will not come to run. | `launching`,
    `terminating` |
    | `failed` | Its launch failed. It stays listed until it is removed or an hour has passed. | nothing |
    | `running` | It is at work and gets new sessions while it is connected. | `waiting-idle-to-terminate`,
    `terminating` |
    | `waiting-idle-to-terminate` | Quarantine: no new session; it goes when its last one has ended. | `running`,
    `terminating` |
    | `terminating` | Its sessions are being closed and its machine is being ended. | `terminated` |
    | `terminated` | It is gone, and no longer listed. | nothing |

    A node whose launch ends while it is `canceled` goes to `terminating` without ever running. The sessions of a
    node in quarantine go on, and participants may still come and go. Losing the connection to a node does not
    change its status: see `connected`.
     """
    timestamp: int
    """ When this was answered, in UTC milliseconds. """
    since: int
    """ When the node got its present status, in UTC milliseconds. """
    deadline: int | None
    """ How many seconds were given, and are given again at each extension. Null if it is not limited. """
    deadline_time: int | None
    """ When they are over, in UTC milliseconds. Null if it is not limited. """
    at_deadline: None | str
    """ What happens then, see `AtDeadline`. Null if it is not limited. """
    extensions: int
    """ How often the time was given again. """
    move: bool
    """ Whether the sessions of calls are moved to other nodes. """
    sessions_left: int
    """ How many sessions the node hosts, as it reported last. """
    session_ids: list[str]
    """ The sessions that it waits for, oldest first; the first hundred. """
    oldest_session_age: int | None
    """ For how many seconds the oldest of them has lasted. Null if there is none. """
    eta: int | None
    """ When the node is expected to go, in UTC milliseconds: if sessions go on to end at the pace at which they did
    since the drain began (or since the server began, if that was later). At the latest at a deadline with `force`.
    Null while nobody knows: no session has ended yet, the node does not answer, or its environment fails to end its
    machine. """
    connected: bool
    """ Whether the server has a working connection to the node. If not, the sessions are as of then. """
    reason: str
    """ Why the node is not gone yet, in one line for people. """
    capacity: Capacity
    """ What is left of the cluster without this Media Node and all others that are drained. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status: str = self.status

        timestamp = self.timestamp

        since = self.since

        deadline: int | None
        deadline = self.deadline

        deadline_time: int | None
        deadline_time = self.deadline_time

        at_deadline: None | str
        at_deadline = self.at_deadline

        extensions = self.extensions

        move = self.move

        sessions_left = self.sessions_left

        session_ids = self.session_ids

        oldest_session_age: int | None
        oldest_session_age = self.oldest_session_age

        eta: int | None
        eta = self.eta

        connected = self.connected

        reason = self.reason

        capacity = self.capacity.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
                "timestamp": timestamp,
                "since": since,
                "deadline": deadline,
                "deadlineTime": deadline_time,
                "atDeadline": at_deadline,
                "extensions": extensions,
                "move": move,
                "sessionsLeft": sessions_left,
                "sessionIds": session_ids,
                "oldestSessionAge": oldest_session_age,
                "eta": eta,
                "connected": connected,
                "reason": reason,
                "capacity": capacity,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.capacity import Capacity  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        status = check_media_node_status(d.pop("status"))

        timestamp = d.pop("timestamp")

        since = d.pop("since")

        def _parse_deadline(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        deadline = _parse_deadline(d.pop("deadline"))

        def _parse_deadline_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        deadline_time = _parse_deadline_time(d.pop("deadlineTime"))

        def _parse_at_deadline(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        at_deadline = _parse_at_deadline(d.pop("atDeadline"))

        extensions = d.pop("extensions")

        move = d.pop("move")

        sessions_left = d.pop("sessionsLeft")

        session_ids = cast(list[str], d.pop("sessionIds"))

        def _parse_oldest_session_age(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        oldest_session_age = _parse_oldest_session_age(d.pop("oldestSessionAge"))

        def _parse_eta(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        eta = _parse_eta(d.pop("eta"))

        connected = d.pop("connected")

        reason = d.pop("reason")

        capacity = Capacity.from_dict(d.pop("capacity"))

        drain = cls(
            id=id,
            status=status,
            timestamp=timestamp,
            since=since,
            deadline=deadline,
            deadline_time=deadline_time,
            at_deadline=at_deadline,
            extensions=extensions,
            move=move,
            sessions_left=sessions_left,
            session_ids=session_ids,
            oldest_session_age=oldest_session_age,
            eta=eta,
            connected=connected,
            reason=reason,
            capacity=capacity,
        )

        drain.additional_properties = d
        return drain

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
