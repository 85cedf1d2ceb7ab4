"""The properties of OpenVidu that GET /pro/config shows, in its order.

Names, rules and defaults are those of OpenVidu Pro 2.15, with three exceptions: the domain is
`localhost` when nothing sets it, the environment is `local`, or `on_premise` where nodes are named,
and Elasticsearch and Kibana are off unless they are named.
"""

from functools import partial
from typing import Final

from mediafleet.configuration.array_kinds import DEFAULT_EVENT_NAMES, Events, Headers, WebSocketUris
from mediafleet.configuration.property import (
    OPENVIDU_SERVER_VERSION,
    Boolean,
    Integer,
    Property,
    Shown,
    Use,
)
from mediafleet.configuration.text_kinds import Choice, Directory, Host, Text, WebUrl

_shown = partial(Property, shown=Shown.ALWAYS, modifiable=True)
_planned = partial(_shown, use=Use.PLANNED)
_recording = partial(Property, use=Use.PLANNED, shown=Shown.RECORDING, modifiable=True)
_webhook = partial(Property, shown=Shown.WEBHOOK, modifiable=True)
_reported = partial(Property, use=Use.REPORTED, shown=Shown.ALWAYS)

MAX_NODES: Final = 10_000
_PERCENT: Final = Integer(minimum=0, maximum=100)
_NODES: Final = Integer(minimum=0, maximum=MAX_NODES)

_autoscaling = partial(Property, shown=Shown.AUTOSCALING, modifiable=True)

OPENVIDU_PROPERTIES: Final = (
    _reported(
        name="VERSION",
        kind=Text(),
        doc="Release of OpenVidu Pro whose interface is spoken.",
    ),
    _reported(
        name="OPENVIDU_SERVER_DEPENDENCY_VERSION",
        kind=Text(),
        doc="Release of OpenVidu that the interface builds on.",
    ),
    Property(
        name="DOMAIN_OR_PUBLIC_IP",
        kind=Host(),
        default="localhost",
        shown=Shown.ALWAYS,
        aliases=("OPENVIDU_DOMAIN_OR_PUBLIC_IP",),
        doc="Name or address under which clients reach the server; it is not looked up.",
    ),
    Property(
        name="HTTPS_PORT",
        kind=Integer(minimum=1, maximum=65535),
        default=443,
        shown=Shown.ALWAYS,
        doc="Public port, part of the public URL; the port to listen on is SERVER_PORT.",
    ),
    _reported(
        name="OPENVIDU_PUBLICURL",
        kind=Text(),
        doc="Public URL, made of the domain and the public port.",
    ),
    Property(
        name="OPENVIDU_CDR",
        kind=Boolean(),
        default=False,
        shown=Shown.ALWAYS,
        modifiable=True,
        doc="Whether call detail records are written, in OPENVIDU_CDR_PATH.",
    ),
    _shown(
        name="OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH",
        kind=Integer(),
        default=1000,
        doc="Most video a client may send, in kbps; 0 is unlimited.",
    ),
    _shown(
        name="OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH",
        kind=Integer(),
        default=300,
        doc="Least video a client should send, in kbps; 0 is unlimited.",
    ),
    _shown(
        name="OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH",
        kind=Integer(),
        default=1000,
        doc="Most video sent to a client, in kbps; 0 is unlimited.",
    ),
    _shown(
        name="OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH",
        kind=Integer(),
        default=300,
        doc="Least video sent to a client, in kbps; 0 is unlimited.",
    ),
    _shown(
        name="OPENVIDU_SESSIONS_GARBAGE_INTERVAL",
        kind=Integer(),
        default=900,
        doc="Seconds between two searches for sessions that nobody uses; 0 is never.",
    ),
    _shown(
        name="OPENVIDU_SESSIONS_GARBAGE_THRESHOLD",
        kind=Integer(),
        default=3600,
        doc="Age in seconds from which an unused session is removed.",
    ),
    _planned(
        name="OPENVIDU_RECORDING",
        kind=Boolean(),
        default=False,
        doc="Whether sessions can be recorded.",
    ),
    Property(
        name="OPENVIDU_RECORDING_VERSION",
        kind=Text(minimum=1, maximum=64),
        default=OPENVIDU_SERVER_VERSION,
        use=Use.PLANNED,
        shown=Shown.RECORDING,
        doc="Release of the recording image.",
    ),
    _recording(
        name="OPENVIDU_RECORDING_PATH",
        kind=Directory(),
        default="/opt/openvidu/recordings/",
        doc="Directory of the recordings.",
    ),
    _recording(
        name="OPENVIDU_RECORDING_PUBLIC_ACCESS",
        kind=Boolean(),
        default=False,
        doc="Whether recordings can be fetched without the secret.",
    ),
    _recording(
        name="OPENVIDU_RECORDING_NOTIFICATION",
        kind=Choice(("none", "moderator", "publisher_moderator", "all")),
        default="publisher_moderator",
        doc="Which participants are notified when a recording starts or stops.",
    ),
    _recording(
        name="OPENVIDU_RECORDING_CUSTOM_LAYOUT",
        kind=Directory(),
        default="/opt/openvidu/custom-layout/",
        doc="Directory of custom recording layouts.",
    ),
    _recording(
        name="OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT",
        kind=Integer(),
        default=120,
        doc="Seconds after which the recording of an empty session stops; 0 is never.",
    ),
    Property(
        name="OPENVIDU_RECORDING_COMPOSED_URL",
        kind=WebUrl(),
        default="",
        use=Use.PLANNED,
        shown=Shown.NOT_EMPTY,
        doc="Page that is recorded instead of the built-in layouts.",
    ),
    Property(
        name="OPENVIDU_WEBHOOK",
        kind=Boolean(),
        default=False,
        shown=Shown.ALWAYS,
        modifiable=True,
        doc="Whether events are sent to an HTTP endpoint.",
    ),
    _webhook(
        name="OPENVIDU_WEBHOOK_ENDPOINT",
        kind=WebUrl(),
        default="",
        doc="Where events are sent; required when OPENVIDU_WEBHOOK is true.",
    ),
    _webhook(
        name="OPENVIDU_WEBHOOK_HEADERS",
        kind=Headers(),
        default=(),
        doc="Headers added to each event request; shown by GET /pro/config, never in a log.",
    ),
    _webhook(
        name="OPENVIDU_WEBHOOK_EVENTS",
        kind=Events(),
        default=DEFAULT_EVENT_NAMES,
        default_note="the nine that OpenVidu 2.15 sends by default",
        doc="Events that are sent; an empty array sends none.",
    ),
    Property(
        name="KMS_URIS",
        kind=WebSocketUris(),
        default=(),
        shown=Shown.ALWAYS,
        doc="Media Nodes joined at start-up, on premises only; GET shows the connected ones.",
    ),
    Property(
        name="OPENVIDU_PRO_STATS_MONITORING_INTERVAL",
        kind=Integer(),
        default=30,
        shown=Shown.ALWAYS,
        modifiable=True,
        doc="Seconds between two measurements of the server and the Media Nodes for Elasticsearch; "
        "0 is off.",
    ),
    _shown(
        name="OPENVIDU_PRO_STATS_WEBRTC_INTERVAL",
        kind=Integer(),
        default=30,
        doc="Seconds in which the WebRTC connections of calls are measured once for Elasticsearch; "
        "0 is off.",
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
        doc="Media Nodes wanted at start-up; without effect on premises and with autoscaling.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_PATH",
        kind=Directory(),
        default="/opt/openvidu/cluster/",
        shown=Shown.ALWAYS,
        modifiable=True,
        doc="Directory of the scripts of the environment script, or of a discovery on premises.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING",
        kind=Boolean(),
        default=False,
        shown=Shown.ALWAYS,
        modifiable=True,
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
        shown=Shown.ELASTICSEARCH,
        doc="URL of Elasticsearch 8 or 9, which gets events and measurements; needs the extra "
        "`mediafleet[elasticsearch]`.",
    ),
    Property(
        name="OPENVIDU_PRO_ELASTICSEARCH_VERSION",
        kind=Text(minimum=1, maximum=64),
        default="7.8.0",
        shown=Shown.ELASTICSEARCH,
        doc="Release of Elasticsearch, for clients to see; nothing depends on it.",
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
        shown=Shown.KIBANA,
        doc="URL of Kibana, for clients to see; nothing depends on it.",
    ),
    Property(
        name="OPENVIDU_PRO_KIBANA_VERSION",
        kind=Text(minimum=1, maximum=64),
        default="7.8.0",
        shown=Shown.KIBANA,
        doc="Release of Kibana, for clients to see; nothing depends on it.",
    ),
    _reported(
        name="OPENVIDU_PRO_NETWORK_STAT",
        kind=Boolean(),
        doc="Always false.",
    ),
)
