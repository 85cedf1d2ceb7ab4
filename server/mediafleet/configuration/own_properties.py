"""The table of properties that GET /pro/config never shows: access, listening, Mediafleet's own."""

from typing import Final

from mediafleet.configuration.arrays import Networks, Origins
from mediafleet.configuration.databases import DatabaseUrl
from mediafleet.configuration.kinds import Decimal, Integer, IntegerOrNever
from mediafleet.configuration.locations import Host
from mediafleet.configuration.property import Property
from mediafleet.configuration.texts import Choice, CommandLine, LocalPath, OptionalWord, Text

_MAX_SECRET: Final = 255
_MAX_SECONDS: Final = 86_400.0
_MAX_LOCAL_NODES: Final = 1_000

OWN_PROPERTIES: Final = (
    Property(
        name="OPENVIDU_SECRET",
        kind=Text(minimum=1, maximum=_MAX_SECRET),
        secret=True,
        default_note="made once and kept",
        doc="Password of the REST API; the user is OPENVIDUAPP.",
    ),
    Property(
        name="SERVER_PORT",
        kind=Integer(minimum=1, maximum=65535),
        default_note="MEDIAFLEET_PORT",
        doc="Port to listen on, as OpenVidu names it.",
    ),
    Property(
        name="OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT",
        kind=IntegerOrNever(minimum=3),
        default_note="-1 on premises without autoscaling, else 3",
        doc="Seconds of disconnection after which a Media Node is terminated.",
    ),
    Property(
        name="MEDIAFLEET_BIND_ADDRESS",
        kind=Host(),
        default="127.0.0.1",
        doc="Address to listen on.",
    ),
    Property(
        name="MEDIAFLEET_PORT",
        kind=Integer(minimum=0, maximum=65535),
        default=5443,
        doc="Port to listen on when SERVER_PORT is not set; 0 takes any free one.",
    ),
    Property(
        name="MEDIAFLEET_DATA_DIR",
        kind=LocalPath(),
        default_note="`$XDG_DATA_HOME/mediafleet`, else `~/.local/share/mediafleet`",
        doc="Directory of everything the server keeps; the only one it creates.",
    ),
    Property(
        name="MEDIAFLEET_DATABASE_URL",
        kind=DatabaseUrl(),
        secret=True,
        default_note="SQLite in the data directory",
        doc="Database of the cluster, as an SQLAlchemy URL.",
    ),
    Property(
        name="MEDIAFLEET_ALLOWED_NODE_NETWORKS",
        kind=Networks(),
        default=("0.0.0.0/0", "::/0"),
        doc="Networks in which Media Nodes may be; link-local and multicast ones never are. An "
        "IPv6 address that stands for an IPv4 one (NAT64, 6to4) must be allowed as both.",
    ),
    Property(
        name="MEDIAFLEET_NODE_CA_FILE",
        kind=LocalPath(must_be_file=True),
        default_note="the system's authorities",
        doc="Certificate authorities trusted for wss:// Media Nodes, a PEM file.",
    ),
    Property(
        name="MEDIAFLEET_CORS_ORIGINS",
        kind=Origins(),
        default=(),
        doc="Origins whose pages may call the API from a browser; none by default.",
    ),
    Property(
        name="MEDIAFLEET_CONNECTIONS_PER_ADDRESS",
        kind=Integer(minimum=8, maximum=2_000),
        default=1_000,
        doc="Connections that one client address may have at a time, of at most 2,000 together; of"
        " IPv6 one /64 network. Has no effect with --behind-proxy.",
    ),
    Property(
        name="MEDIAFLEET_LOAD_INTERVAL",
        kind=Decimal(minimum=0.5, maximum=_MAX_SECONDS),
        default=5.0,
        doc="Seconds between two load measurements of a Media Node.",
    ),
    Property(
        name="MEDIAFLEET_PING_INTERVAL",
        kind=Decimal(minimum=0.1, maximum=_MAX_SECONDS),
        default=2.0,
        doc="Seconds between two pings of a Media Node.",
    ),
    Property(
        name="MEDIAFLEET_PING_TIMEOUT",
        kind=Decimal(minimum=0.05, maximum=_MAX_SECONDS),
        default=0.3,
        doc="Seconds without an answer until a Media Node is suspect; far ones get more, up to 1.",
    ),
    Property(
        name="MEDIAFLEET_PING_PROBES",
        kind=Integer(minimum=1, maximum=100),
        default=3,
        doc="Further pings a suspect Media Node may leave unanswered until it is disconnected.",
    ),
    Property(
        name="MEDIAFLEET_PING_PROBE_INTERVAL",
        kind=Decimal(minimum=0.05, maximum=_MAX_SECONDS),
        default=0.5,
        doc="Seconds between two of these pings, and after the last.",
    ),
    Property(
        name="MEDIAFLEET_LAUNCH_TIMEOUT",
        kind=Decimal(minimum=0.1, maximum=_MAX_SECONDS),
        default=60.0,
        doc="Seconds a Media Node may take from its launch until it runs.",
    ),
    Property(
        name="MEDIAFLEET_LOCAL_COMMAND",
        kind=CommandLine(),
        default_note="Kurento, which must be installed",
        doc="Command of a Media Node in the environment local; {address}, {port} and {uri} in it"
        " are replaced. The word emulator stands for emulated nodes, which move no media.",
    ),
    Property(
        name="MEDIAFLEET_LOCAL_MAX_NODES",
        kind=Integer(minimum=1, maximum=_MAX_LOCAL_NODES),
        default=8,
        doc="Media Nodes that may run at a time in the environment local.",
    ),
    Property(
        name="MEDIAFLEET_REGISTRAR_TOKEN",
        kind=OptionalWord("[A-Za-z0-9_-]{16,128}", "16 to 128 letters, digits, - and _"),
        default="",
        secret=True,
        doc="Lets media servers announce themselves, on premises: the path is /registrar/TOKEN.",
    ),
    Property(
        name="MEDIAFLEET_REGISTRAR_NETWORKS",
        kind=Networks(),
        default=(),
        doc="Networks from which they may do so; required with the token.",
    ),
    Property(
        name="MEDIAFLEET_LOG_FORMAT",
        kind=Choice(("console", "json")),
        default="console",
        doc="Log lines for a person or for a machine.",
    ),
)
