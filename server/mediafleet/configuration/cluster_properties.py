"""The table of the cluster's properties that GET /pro/config shows, in the order in which it does.

Names, rules and defaults are those of OpenVidu Pro 2.15, but for two defaults: the environment is
`local`, or `on_premise` where nodes are named, and Elasticsearch and Kibana are off, because
nothing here reports to them unless they are named.
"""

from functools import partial
from typing import Final

from mediafleet.configuration.arrays import WebSocketUris
from mediafleet.configuration.kinds import Boolean, Integer
from mediafleet.configuration.locations import WebUrl
from mediafleet.configuration.property import Property, Shown, Use
from mediafleet.configuration.texts import Choice, Directory, Text

MAX_NODES: Final = 10_000
_PERCENT: Final = Integer(minimum=0, maximum=100)
_NODES: Final = Integer(minimum=0, maximum=MAX_NODES)

_planned = partial(Property, use=Use.PLANNED, shown=Shown.ALWAYS, modifiable=True)
_autoscaling = partial(Property, use=Use.PLANNED, shown=Shown.AUTOSCALING, modifiable=True)
_reported = partial(Property, use=Use.REPORTED, shown=Shown.ALWAYS)

CLUSTER_PROPERTIES: Final = (
    Property(
        name="KMS_URIS",
        kind=WebSocketUris(),
        default=(),
        shown=Shown.ALWAYS,
        doc="Media Nodes joined at start-up, on premises only; GET shows the connected ones.",
    ),
    _planned(
        name="OPENVIDU_PRO_STATS_MONITORING_INTERVAL",
        kind=Integer(),
        default=30,
        doc="Seconds between two server statistics; 0 is off.",
    ),
    _planned(
        name="OPENVIDU_PRO_STATS_WEBRTC_INTERVAL",
        kind=Integer(),
        default=30,
        doc="Seconds between two WebRTC statistics; 0 is off.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_ID",
        kind=Text(minimum=1, maximum=128),
        shown=Shown.ALWAYS,
        modifiable=True,
        default_note="made once and kept (`clu_…`)",
        doc="Identifier of the cluster, part of every cluster event.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_ENVIRONMENT",
        kind=Choice(("on_premise", "local", "docker", "aws", "script")),
        default_note="`on_premise` if KMS_URIS names nodes, else `local`",
        shown=Shown.ALWAYS,
        doc="How Media Nodes come to be.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_MEDIA_NODES",
        kind=_NODES,
        default=1,
        shown=Shown.ALWAYS,
        modifiable=True,
        doc="Media Nodes wanted at start-up; without effect on premises.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_PATH",
        kind=Directory(),
        default="/opt/openvidu/cluster/",
        shown=Shown.ALWAYS,
        modifiable=True,
        doc="Directory of the scripts of the environment script, or of a discovery on premises.",
    ),
    _planned(
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING",
        kind=Boolean(),
        default=False,
        doc="Whether the number of Media Nodes follows the load.",
    ),
    _autoscaling(
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES",
        kind=_NODES,
        default=2,
        doc="Most Media Nodes that autoscaling keeps.",
    ),
    _autoscaling(
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES",
        kind=_NODES,
        default=1,
        doc="Fewest Media Nodes that autoscaling keeps; not above the most.",
    ),
    _autoscaling(
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD",
        kind=_PERCENT,
        default=70,
        doc="Average load in percent above which the cluster grows.",
    ),
    _autoscaling(
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD",
        kind=_PERCENT,
        default=20,
        doc="Average load in percent below which the cluster shrinks; not above the upper one.",
    ),
    _reported(
        name="OPENVIDU_PRO_ELASTICSEARCH",
        kind=Boolean(),
        doc="Whether OPENVIDU_PRO_ELASTICSEARCH_HOST is set.",
    ),
    Property(
        name="OPENVIDU_PRO_ELASTICSEARCH_HOST",
        kind=WebUrl(),
        default="",
        use=Use.PLANNED,
        shown=Shown.ELASTICSEARCH,
        doc="URL of Elasticsearch.",
    ),
    Property(
        name="OPENVIDU_PRO_ELASTICSEARCH_VERSION",
        kind=Text(minimum=1, maximum=64),
        default="7.8.0",
        use=Use.PLANNED,
        shown=Shown.ELASTICSEARCH,
        doc="Release of Elasticsearch that is reported.",
    ),
    _reported(
        name="OPENVIDU_PRO_KIBANA",
        kind=Boolean(),
        doc="Whether OPENVIDU_PRO_KIBANA_HOST is set.",
    ),
    Property(
        name="OPENVIDU_PRO_KIBANA_HOST",
        kind=WebUrl(),
        default="",
        use=Use.PLANNED,
        shown=Shown.KIBANA,
        doc="URL of Kibana.",
    ),
    Property(
        name="OPENVIDU_PRO_KIBANA_VERSION",
        kind=Text(minimum=1, maximum=64),
        default="7.8.0",
        use=Use.PLANNED,
        shown=Shown.KIBANA,
        doc="Release of Kibana that is reported.",
    ),
    _reported(
        name="OPENVIDU_PRO_NETWORK_STAT",
        kind=Boolean(),
        doc="Always false.",
    ),
)
