"""The table of properties of the environment docker."""

from typing import Final

from mediafleet.configuration.arrays import Labels
from mediafleet.configuration.kinds import Decimal, Integer
from mediafleet.configuration.property import Property
from mediafleet.configuration.texts import Choice, CommandLine, OptionalWord, Text

_MAX_MIB: Final = 1_048_576
_MAX_CPUS: Final = 1024.0

DOCKER_PROPERTIES: Final = (
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
)
