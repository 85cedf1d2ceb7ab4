"""The table of properties of the environment aws; the names are those of OpenVidu's deployment."""

from typing import Final

from mediafleet.configuration.kinds import Integer
from mediafleet.configuration.locations import WebUrl
from mediafleet.configuration.property import Property
from mediafleet.configuration.texts import OptionalWord, Text

_ID: Final = "[0-9a-f]{8,17}"
_MAX_GIB: Final = 65_536

AWS_PROPERTIES: Final = (
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
