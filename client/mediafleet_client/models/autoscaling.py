from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.autoscaling_decision import AutoscalingDecision
    from ..models.autoscaling_guards import AutoscalingGuards
    from ..models.autoscaling_input import AutoscalingInput
    from ..models.autoscaling_policy import AutoscalingPolicy


T = TypeVar("T", bound="Autoscaling")


@_attrs_define
class Autoscaling:
    """What autoscaling knows, did, and would do now.

    Example:
        {'timestamp': 1600678251771, 'enabled': True, 'idleReason': None, 'blind': False, 'launches': True, 'hook':
            False, 'interval': 10, 'policy': {'minNodes': 1, 'maxNodes': 8, 'minLoad': 30, 'maxLoad': 70}, 'guards':
            {'evaluations': 1, 'growthCooldown': 0, 'shrinkCooldown': 0, 'maxStep': 0, 'launchesPerHour': 0,
            'failedLaunches': 0, 'backOff': 60}, 'mediaNodes': [{'id': 'kms_FVrQslIr', 'status': 'running', 'load': 73.18,
            'sessions': 2}], 'now': {'timestamp': 1600678251771, 'evaluations': 1, 'cause': 'highLoad', 'reason': 'The
            average load (73.18%) is above the limits [30.00%, 70.00%] and the maximum of nodes (8) is not reached. Active
            nodes: 1 (0 launching and 1 running). 1 new node is launched.', 'numNodes': 1, 'totalLoad': 73.18, 'avgLoad':
            73.18, 'unknownLoads': 0, 'restored': [], 'resumed': [], 'newNodes': 1, 'canceled': [], 'removed': []},
            'decisions': []}

    """

    timestamp: int
    """ When this was so, in UTC milliseconds. """
    enabled: bool
    """ Whether autoscaling is on. """
    idle_reason: None | str
    """ Why nothing is decided now. Null if evaluations go on. """
    blind: bool
    """ Whether an `autoscalingBlind` event has said that loads are unknown. """
    launches: bool
    """ Whether Media Nodes are launched. On premises they are only requested. """
    hook: bool
    """ Whether requests are passed to the command `MEDIAFLEET_AUTOSCALING_HOOK`. """
    interval: int
    """ Seconds between two evaluations. """
    policy: AutoscalingPolicy
    """ The limits of the cluster. """
    guards: AutoscalingGuards
    """ What keeps changes back, see the properties `MEDIAFLEET_AUTOSCALING_…` of a restart. """
    media_nodes: list[AutoscalingInput]
    """ The Media Nodes that count. """
    now: AutoscalingDecision
    """ What evaluations decided. Several in a row that change nothing for the same cause are shown as one, with the
    numbers of the last. """
    decisions: list[AutoscalingDecision]
    """ The last decisions, the newest first. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        enabled = self.enabled

        idle_reason: None | str
        idle_reason = self.idle_reason

        blind = self.blind

        launches = self.launches

        hook = self.hook

        interval = self.interval

        policy = self.policy.to_dict()

        guards = self.guards.to_dict()

        media_nodes = []
        for media_nodes_item_data in self.media_nodes:
            media_nodes_item = media_nodes_item_data.to_dict()
            media_nodes.append(media_nodes_item)

        now = self.now.to_dict()

        decisions = []
        for decisions_item_data in self.decisions:
            decisions_item = decisions_item_data.to_dict()
            decisions.append(decisions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "enabled": enabled,
                "idleReason": idle_reason,
                "blind": blind,
                "launches": launches,
                "hook": hook,
                "interval": interval,
                "policy": policy,
                "guards": guards,
                "mediaNodes": media_nodes,
                "now": now,
                "decisions": decisions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.autoscaling_decision import AutoscalingDecision  # noqa: PLC0415
        from ..models.autoscaling_guards import AutoscalingGuards  # noqa: PLC0415
        from ..models.autoscaling_input import AutoscalingInput  # noqa: PLC0415
        from ..models.autoscaling_policy import AutoscalingPolicy  # noqa: PLC0415

        d = dict(src_dict)
        timestamp = d.pop("timestamp")

        enabled = d.pop("enabled")

        def _parse_idle_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        idle_reason = _parse_idle_reason(d.pop("idleReason"))

        blind = d.pop("blind")

        launches = d.pop("launches")

        hook = d.pop("hook")

        interval = d.pop("interval")

        policy = AutoscalingPolicy.from_dict(d.pop("policy"))

        guards = AutoscalingGuards.from_dict(d.pop("guards"))

        media_nodes = []
        _media_nodes = d.pop("mediaNodes")
        for media_nodes_item_data in _media_nodes:
            media_nodes_item = AutoscalingInput.from_dict(media_nodes_item_data)

            media_nodes.append(media_nodes_item)

        now = AutoscalingDecision.from_dict(d.pop("now"))

        decisions = []
        _decisions = d.pop("decisions")
        for decisions_item_data in _decisions:
            decisions_item = AutoscalingDecision.from_dict(decisions_item_data)

            decisions.append(decisions_item)

        autoscaling = cls(
            timestamp=timestamp,
            enabled=enabled,
            idle_reason=idle_reason,
            blind=blind,
            launches=launches,
            hook=hook,
            interval=interval,
            policy=policy,
            guards=guards,
            media_nodes=media_nodes,
            now=now,
            decisions=decisions,
        )

        autoscaling.additional_properties = d
        return autoscaling

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
