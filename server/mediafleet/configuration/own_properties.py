"""The properties that GET /pro/config never shows: the server's own, those of docker and of aws."""

from typing import Final

from mediafleet.configuration.array_kinds import Labels, Networks, Origins
from mediafleet.configuration.openvidu_properties import MAX_NODES
from mediafleet.configuration.property import Boolean, Decimal, Integer, IntegerOrNever, Property
from mediafleet.configuration.text_kinds import (
    Choice,
    CommandLine,
    DatabaseUrl,
    Host,
    LocalPath,
    OptionalAddress,
    OptionalWord,
    Text,
    WebUrl,
)

_MAX_SECRET: Final = 255
_MAX_SECONDS: Final = 86_400.0
_MAX_DAY: Final = 86_400
_MAX_LOCAL_NODES: Final = 1_000

_MAX_MIB: Final = 1_048_576
_MAX_CPUS: Final = 1024.0

_ID: Final = "[0-9a-f]{8,17}"
_MAX_GIB: Final = 65_536

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
        name="OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL",
        kind=Integer(),
        default=10,
        modifiable=True,
        doc="Seconds between two evaluations of the load by autoscaling, at least 1.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_EVALUATIONS",
        kind=Integer(minimum=1, maximum=1_000),
        default=1,
        modifiable=True,
        doc="Evaluations in a row that must find the load beyond a limit until autoscaling acts.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_GROWTH_COOLDOWN",
        kind=Integer(maximum=_MAX_DAY),
        default=0,
        modifiable=True,
        doc="Seconds without growth after any change of the size by autoscaling.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN",
        kind=Integer(maximum=_MAX_DAY),
        default=0,
        modifiable=True,
        doc="Seconds without shrinking after any change of the size by autoscaling.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_MAX_STEP",
        kind=Integer(maximum=MAX_NODES),
        default=0,
        modifiable=True,
        doc="Most Media Nodes that autoscaling adds or removes at once; 0 is any number.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_LAUNCHES_PER_HOUR",
        kind=Integer(maximum=MAX_NODES),
        default=0,
        modifiable=True,
        doc="Most Media Nodes that autoscaling launches within an hour; 0 is any number.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES",
        kind=Integer(maximum=1_000),
        default=0,
        modifiable=True,
        doc="Launches in a row that must fail until autoscaling pauses its launches; 0 is never.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_BACK_OFF",
        kind=Integer(minimum=1, maximum=3_600),
        default=60,
        modifiable=True,
        doc="Seconds of that pause; they double with each further failure, up to an hour.",
    ),
    Property(
        name="MEDIAFLEET_AUTOSCALING_HOOK",
        kind=CommandLine(),
        default_note="none",
        doc="Command that is run on premises when autoscaling requests Media Nodes; it reads the"
        " event from its standard input.",
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
        name="OPENVIDU_CDR_PATH",
        kind=LocalPath(),
        default_note="`cdr` in the data directory",
        doc="Directory of the call detail records; kept for 30 days, 20 GB at most.",
    ),
    Property(
        name="MEDIAFLEET_EVENTS_RETENTION",
        kind=Integer(minimum=1_000, maximum=10_000_000),
        default=200_000,
        doc="Events that the store keeps; older ones can be read no more.",
    ),
    Property(
        name="MEDIAFLEET_WEBHOOK_DELIVERY",
        kind=Choice(("at-least-once", "best-effort")),
        default="at-least-once",
        doc="Whether an event that the webhook's receiver does not take is sent again until it"
        " does, or is lost, as with OpenVidu.",
    ),
    Property(
        name="MEDIAFLEET_WEBHOOK_SCHEDULE",
        kind=OptionalWord(
            r"[0-9]{1,5}(\.[0-9]{1,3})?( [0-9]{1,5}(\.[0-9]{1,3})?){0,19}", "1 to 20 numbers"
        ),
        default="5 30 120 600 1800 3600 7200 14400 28800 28800",
        doc="Seconds between the tries, with a blank between them; the last pause is repeated.",
    ),
    Property(
        name="MEDIAFLEET_WEBHOOK_SECRET",
        kind=OptionalWord(
            "whsec_[A-Za-z0-9+/]{32,88}={0,2}", "whsec_ and 24 to 64 bytes in Base64"
        ),
        default="",
        secret=True,
        doc="Key of the signatures of Standard Webhooks; without it there are none.",
    ),
    Property(
        name="MEDIAFLEET_WEBHOOK_NETWORKS",
        kind=Networks(),
        default=("0.0.0.0/0", "::/0"),
        doc="Networks in which the webhook's receiver may be; link-local ones never are.",
    ),
    Property(
        name="MEDIAFLEET_WEBHOOK_CA_FILE",
        kind=LocalPath(must_be_file=True),
        default_note="the system's authorities",
        doc="Certificate authorities trusted for an https:// receiver, a PEM file.",
    ),
    Property(
        name="ELASTICSEARCH_USERNAME",
        kind=Text(maximum=255),
        default="",
        doc="User of Elasticsearch; without one there is no Basic auth.",
    ),
    Property(
        name="ELASTICSEARCH_PASSWORD",
        kind=Text(maximum=255),
        default="",
        secret=True,
        doc="Password of that user.",
    ),
    Property(
        name="OPENVIDU_PRO_ELASTICSEARCH_MAX_DAYS_DELETE",
        kind=Integer(maximum=36_500),
        default=0,
        aliases=("OPENVIDU_PRO_ELASTICSAERCH_MAX_DAYS_DELETE",),
        doc="Days after which an index of Elasticsearch is deleted; 0 is never.",
    ),
    Property(
        name="MEDIAFLEET_ELASTICSEARCH_CA_FILE",
        kind=LocalPath(must_be_file=True),
        default_note="the system's authorities",
        doc="Certificate authorities trusted for an https:// Elasticsearch, a PEM file.",
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
        name="MEDIAFLEET_SESSION_FAILOVER",
        kind=Boolean(),
        default=False,
        doc="Whether sessions of a Media Node that crashed are moved to others instead of ended.",
    ),
    Property(
        name="OPENVIDU_STREAMS_FORCED_VIDEO_CODEC",
        kind=Choice(("MEDIA_SERVER_PREFERRED", "NONE", "VP8", "VP9", "H264")),
        default="MEDIA_SERVER_PREFERRED",
        doc="Only codec of the video of sessions that are created without their own; "
        "`MEDIA_SERVER_PREFERRED` is VP8, `NONE` leaves the choice to browser and media server.",
    ),
    Property(
        name="OPENVIDU_STREAMS_ALLOW_TRANSCODING",
        kind=Boolean(),
        default=False,
        doc="Whether browsers without that codec may join such sessions; the media server then "
        "decodes and encodes, instead of refusing the stream.",
    ),
    Property(
        name="COTURN_IP",
        kind=OptionalAddress(),
        default="",
        doc="IP address of a TURN server that browsers reach, which Media Nodes use for STUN.",
    ),
    Property(
        name="COTURN_PORT",
        kind=Integer(minimum=1, maximum=65535),
        default=3478,
        doc="Port of the TURN server.",
    ),
    Property(
        name="COTURN_SHARED_SECRET_KEY",
        kind=Text(maximum=_MAX_SECRET),
        default="",
        secret=True,
        doc="The secret that the TURN server has as static-auth-secret.",
    ),
    Property(
        name="MEDIAFLEET_SESSIONS",
        kind=Integer(minimum=1, maximum=1_000_000),
        default=10_000,
        doc="Most sessions at a time, those that nobody has joined included.",
    ),
    Property(
        name="MEDIAFLEET_SESSION_PARTICIPANTS",
        kind=Integer(minimum=1, maximum=1_000),
        default=200,
        doc="Most connections of a session that have joined.",
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
        " are replaced. The word emulator stands for emulated nodes, which forward media"
        " with the extra mediafleet[media] only.",
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
        name="MEDIAFLEET_SIGNALLING_SOCKETS",
        kind=Integer(minimum=1, maximum=100_000),
        default=1_000,
        doc="WebSockets of browsers at a time; each is one of the server's connections.",
    ),
    Property(
        name="MEDIAFLEET_SIGNALLING_SOCKETS_PER_ADDRESS",
        kind=Integer(minimum=0, maximum=100_000),
        default=0,
        doc="Those of them that one client address may have; 0: all. Set it to 0 behind a proxy.",
    ),
    Property(
        name="MEDIAFLEET_METRICS_OPEN",
        kind=Boolean(),
        default=False,
        doc="Whether /metrics is served without credentials.",
    ),
    Property(
        name="MEDIAFLEET_METRICS_NODES",
        kind=Integer(minimum=0, maximum=10_000),
        default=1_000,
        doc="Media Nodes that /metrics shows one by one; of a larger cluster it shows sums only.",
    ),
    Property(
        name="MEDIAFLEET_LOG_FORMAT",
        kind=Choice(("console", "json")),
        default="console",
        doc="Log lines for a person or for a machine.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_HOST",
        kind=OptionalWord(
            "(unix://|tcp://|https?://)[^ ]{1,250}", "an address such as unix:///run/docker.sock"
        ),
        default="",
        default_note="as the docker command finds it",
        doc="Where the Docker Engine is.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_IMAGE",
        kind=Text(minimum=1, maximum=255),
        default="kurento/kurento-media-server:7.3.0",
        doc="Image of a Media Node; its media server is at port 8888, path /kurento.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_COMMAND",
        kind=CommandLine(),
        default_note="the image's own",
        doc="Command of the containers.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_NETWORK",
        kind=Text(minimum=1, maximum=128),
        default="bridge",
        doc="Network of the containers, within the server's reach.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_MEMORY",
        kind=Integer(minimum=0, maximum=_MAX_MIB),
        default=0,
        doc="Most memory of a container in MiB; 0 is no limit.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_CPUS",
        kind=Decimal(minimum=0.0, maximum=_MAX_CPUS),
        default=0.0,
        doc="Most processors of a container; 0 is no limit.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_LABELS",
        kind=Labels(),
        default=(),
        doc="Further labels of the containers.",
    ),
    Property(
        name="MEDIAFLEET_DOCKER_PULL",
        kind=Choice(("missing", "always", "never")),
        default="missing",
        doc="When the image is fetched.",
    ),
    Property(
        name="AWS_DEFAULT_REGION",
        kind=OptionalWord("[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}", "a region such as eu-west-1"),
        default="",
        doc="Region of the instances; required in the environment aws.",
    ),
    Property(
        name="AWS_IMAGE_ID",
        kind=OptionalWord(f"ami-{_ID}", "an image such as ami-0c58bcdd26011d0fd"),
        default="",
        doc="Image that starts a Media Node by itself; required in the environment aws.",
    ),
    Property(
        name="AWS_INSTANCE_TYPE",
        kind=OptionalWord("[a-z0-9-]{1,32}\\.[a-z0-9-]{1,32}", "a type such as c5.xlarge"),
        default="",
        doc="Type of the instances; required in the environment aws.",
    ),
    Property(
        name="AWS_KEY_NAME",
        kind=Text(maximum=255),
        default="",
        doc="Key pair for SSH to the instances.",
    ),
    Property(
        name="AWS_SUBNET_ID",
        kind=OptionalWord(f"subnet-{_ID}", "a subnet such as subnet-0b1d2c3e4f5a69788"),
        default="",
        default_note="the account's",
        doc="Subnet of the instances.",
    ),
    Property(
        name="AWS_SECURITY_GROUP",
        kind=OptionalWord(f"sg-{_ID}(,sg-{_ID}){{0,4}}", "up to five groups such as sg-0a1b2c3d"),
        default="",
        default_note="the account's",
        doc="Security groups of the instances, separated by commas.",
    ),
    Property(
        name="AWS_VOLUME_SIZE",
        kind=Integer(minimum=0, maximum=_MAX_GIB),
        default=0,
        doc="GiB of the instances' root disk; 0 is as the image has it.",
    ),
    Property(
        name="AWS_STACK_ID",
        kind=Text(maximum=256),
        default="",
        doc="Deployment of the instances, a tag of theirs.",
    ),
    Property(
        name="AWS_STACK_NAME",
        kind=Text(maximum=128),
        default="",
        doc="Deployment of the instances; those that carry it as a tag belong to the cluster.",
    ),
    Property(
        name="AWS_ACCESS_KEY_ID",
        kind=Text(maximum=128),
        secret=True,
        default_note="the usual sources of AWS credentials",
        doc="Id of the key for AWS.",
    ),
    Property(
        name="AWS_SECRET_ACCESS_KEY",
        kind=Text(maximum=128),
        secret=True,
        default_note="the same",
        doc="The key for AWS; needed if its id is set.",
    ),
    Property(
        name="MEDIAFLEET_AWS_NODE_PORT",
        kind=Integer(minimum=1, maximum=65535),
        default=8888,
        doc="Port of the media server on an instance.",
    ),
    Property(
        name="MEDIAFLEET_AWS_ENDPOINT",
        kind=WebUrl(),
        default="",
        default_note="that of the region",
        doc="Where EC2 is asked.",
    ),
)
