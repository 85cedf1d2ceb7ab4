"""EC2 as the environment uses it: settings, requests with retries, errors explained."""

from __future__ import annotations

import logging
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore import xform_name
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name for it
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from mediafleet.domain.errors import EnvironmentFailureError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from random import Random

    from mediafleet.environments.aws.environment import Filter


_BUSY = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "Unavailable",
        "ServiceUnavailable",
        "RequestTimeout",
    }
)
_NO_CAPACITY = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientHostCapacity",
        "InsufficientCapacity",
        "InsufficientAddressCapacity",
        "InsufficientFreeAddressesInSubnet",
    }
)
_QUOTA = frozenset({"InstanceLimitExceeded", "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"})
_NOT_ALLOWED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
_BAD_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "RequestExpired",
        "OptInRequired",
    }
)
_SERVER_FAULT = 500
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.DOTALL)
log = logging.getLogger(__name__)
NAME = "aws"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0
CONNECT_S, READ_S = 5.0, 20.0
PAGE = 100
MOST_INSTANCES = 10_000


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
        endpoint_url: EC2 endpoint instead of the region's own.
        port: Where the media server listens.
        launch_timeout: Seconds from the launch until an instance must run.
        request_timeout: Seconds for one request to AWS, including its retries.
        poll_interval: Longest interval between two checks of a starting instance, in seconds.
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
    request_timeout: float = 60.0
    poll_interval: float = 2.0


def code_of(error: Exception) -> str:
    """Return AWS's error code, or an empty text if AWS did not respond."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def is_passing(error: Exception) -> bool:
    """Return whether a retry may succeed."""
    if isinstance(error, ClientError):
        metadata = error.response.get("ResponseMetadata", {})
        status = metadata.get("HTTPStatusCode", 0)
        return code_of(error) in _BUSY or status >= _SERVER_FAULT
    return isinstance(error, ConnectionError | HTTPClientError)


def explain(error: Exception, action: str, settings: AwsSettings) -> str:
    """Say in words what the operator can do about an error.

    Args:
        error: What botocore raised.
        action: EC2's name of what was tried, such as ``RunInstances``.
        settings: What the instance was to be.
    """
    code = code_of(error)
    message = _message(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        advice = "no AWS credentials were found; give the server a role or AWS_ACCESS_KEY_ID"
    elif code in _NO_CAPACITY:
        advice = (
            f"AWS has no capacity for {settings.instance_type} there now; try again later, another "
            "AWS_INSTANCE_TYPE or another AWS_SUBNET_ID"
        )
    elif code in _QUOTA:
        advice = "the account's quota is used up; ask AWS for more or end other instances"
    elif code in _NOT_ALLOWED:
        advice = f"the credentials lack the permission ec2:{action}"
    elif code in _BAD_CREDENTIALS:
        advice = "AWS refuses the credentials"
    elif is_passing(error):
        advice = f"EC2 does not take {action} for too long"
    else:
        advice = f"EC2 refuses {action}; check the AWS_* properties"
    return f"{advice} ({f'{code}: ' if code else ''}{message})"


def _message(error: Exception) -> str:
    if isinstance(error, ClientError):
        message = str(error.response.get("Error", {}).get("Message", ""))
        return _ENCODED.sub("", message) or "no reason was given"
    return str(error) or type(error).__name__


class Ec2Error(Exception):
    """AWS refused a request, or all retries failed.

    Attributes:
        code: AWS's error code; empty if it did not respond.
        detail: What happened and what the operator can do.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail

    def to_failure(self, operation: str) -> EnvironmentFailureError:
        """Convert to the error of the ports."""
        return EnvironmentFailureError(NAME, operation, self.detail)


class Ec2:
    """A client of EC2; an open environment has one."""

    def __init__(self, client: Any, settings: AwsSettings, random: Random) -> None:  # noqa: ANN401 - made at run time
        self._client = client
        self._settings = settings
        self._random = random

    async def run_instance(self, token: str, tags: list[dict[str, str]]) -> str:
        """Launch one instance, unless the token launched one before; return its id.

        Raises:
            Ec2Error: It was not launched.
        """
        answer = await self._ask("RunInstances", **self._wanted(token, tags))
        return str(answer["Instances"][0]["InstanceId"])

    async def describe(self, filters: list[Filter]) -> list[dict[str, Any]]:
        """Return the instances that match all filters, from all pages.

        Raises:
            Ec2Error: EC2 did not list them.
        """
        found: list[dict[str, Any]] = []
        token: str | None = None
        while len(found) < MOST_INSTANCES:
            page = {"NextToken": token} if token else {}
            answer = await self._ask("DescribeInstances", Filters=filters, MaxResults=PAGE, **page)
            found += _instances(answer)
            token = answer.get("NextToken")
            if not token:
                break
        return found

    async def find(self, instance_id: str) -> dict[str, Any] | None:
        """Return an instance, or ``None`` if EC2 does not know it (yet).

        Raises:
            Ec2Error: EC2 did not list them.
        """
        try:
            answer = await self._ask("DescribeInstances", InstanceIds=[instance_id])
        except Ec2Error as error:
            if error.code in {"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"}:
                return None
            raise
        return next(_instances(answer), None)

    async def terminate(self, instance_ids: Iterable[str]) -> None:
        """Terminate instances; those that are gone are skipped.

        Raises:
            Ec2Error: They may still run.
        """
        for instance_id in instance_ids:
            try:
                await self._ask("TerminateInstances", InstanceIds=[instance_id])
            except Ec2Error as error:
                if error.code != "InvalidInstanceID.NotFound":
                    raise

    async def _ask(self, action: str, **question: Any) -> dict[str, Any]:  # noqa: ANN401 - EC2's own
        """Send a request; retry with exponential back-off while AWS is busy."""
        deadline = anyio.current_time() + self._settings.request_timeout
        pause = FIRST_PAUSE_S
        while True:
            try:
                with anyio.fail_after(max(0.1, deadline - anyio.current_time())):
                    method = getattr(self._client, xform_name(action))
                    answer: dict[str, Any] = await method(**question)
                    return answer
            except TimeoutError:
                raise Ec2Error("", f"EC2 did not respond to {action} in time") from None
            except (ClientError, BotoCoreError) as error:
                detail = explain(error, action, self._settings)
                late = anyio.current_time() + pause > deadline
                if late or not is_passing(error):
                    raise Ec2Error(code_of(error), detail) from None
                log.info("EC2 request is retried", extra={"action": action, "reason": detail})
            await anyio.sleep(pause * (0.5 + self._random.random()))
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _wanted(self, token: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        settings = self._settings
        wanted: dict[str, Any] = {
            "ImageId": settings.image_id,
            "InstanceType": settings.instance_type,
            "MinCount": 1,
            "MaxCount": 1,
            "ClientToken": token,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
            "InstanceInitiatedShutdownBehavior": "terminate",
        }
        if settings.key_name:
            wanted["KeyName"] = settings.key_name
        if settings.subnet_id:
            wanted["SubnetId"] = settings.subnet_id
        if settings.security_groups:
            wanted["SecurityGroupIds"] = list(settings.security_groups)
        if settings.volume_size:
            disk = {"VolumeSize": settings.volume_size, "DeleteOnTermination": True}
            wanted["BlockDeviceMappings"] = [{"DeviceName": "/dev/sda1", "Ebs": disk}]
        return wanted


def _instances(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for reservation in answer.get("Reservations", ()):
        yield from reservation.get("Instances", ())


@asynccontextmanager
async def open_ec2(settings: AwsSettings, random: Random) -> AsyncIterator[Ec2]:
    """Open a client; credentials come from the settings or AWS's default chain.

    Raises:
        EnvironmentFailureError: The region or the endpoint is not valid.
    """
    session = get_session()
    config = AioConfig(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": 1},  # retries are ours, with a bound on their time
        user_agent_extra="mediafleet",
    )
    key_id, key = settings.access_key or (None, None)
    creating = session.create_client(
        "ec2",
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=key_id,
        aws_secret_access_key=key,
        config=config,
    )
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(creating)
        except (BotoCoreError, ValueError) as error:
            raise EnvironmentFailureError(NAME, "open", str(error)) from None
        yield Ec2(client, settings, random)
