"""What the environment `aws` is told once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

PATH = "/kurento"
"""Where Kurento's WebSocket is on an instance of the official image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSettings:
    """How Media Nodes are launched in EC2.

    Attributes:
        region: Such as ``eu-west-1``.
        image_id: Of an image that starts a media server by itself.
        instance_type: Such as ``c5.xlarge``.
        key_name: Key pair for SSH; ``None``: none.
        subnet_id: Where instances are placed; ``None``: the account's default.
        security_groups: Ids; none: the default one.
        stack_id: Of the deployment, a tag only.
        stack_name: Of the deployment; instances that carry it belong to the cluster too.
        volume_size: GiB of the root disk; ``None``: as the image has it.
        access_key: Id and secret of credentials; ``None``: the usual chain of sources.
        endpoint_url: Another EC2 than that of the region.
        port: Where the media server listens.
        launch_timeout: Seconds from the launch until an instance has to run.
        patience: Seconds for one question to AWS, all repetitions included.
        look_again: Most seconds between two looks at an instance that is not running yet.
    """

    region: str
    image_id: str
    instance_type: str
    key_name: str | None = None
    subnet_id: str | None = None
    security_groups: tuple[str, ...] = ()
    stack_id: str | None = None
    stack_name: str | None = None
    volume_size: int | None = None
    access_key: tuple[str, str] | None = field(default=None, repr=False)
    endpoint_url: str | None = None
    port: int = 8888
    launch_timeout: float = 300.0
    patience: float = 60.0
    look_again: float = 2.0
