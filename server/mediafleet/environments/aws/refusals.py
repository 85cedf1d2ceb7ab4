"""What AWS means by an error: whether to try again, and what a person can do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name for it
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

if TYPE_CHECKING:
    from mediafleet.environments.aws.settings import AwsSettings

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


def code_of(error: Exception) -> str:
    """AWS's word for an error; empty if AWS did not answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def is_passing(error: Exception) -> bool:
    """Whether the same question may be answered in a moment."""
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
    told = _told(error)
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
    return f"{advice} ({f'{code}: ' if code else ''}{told})"


def _told(error: Exception) -> str:
    if isinstance(error, ClientError):
        message = str(error.response.get("Error", {}).get("Message", ""))
        return _ENCODED.sub("", message) or "no reason was given"
    return str(error) or type(error).__name__
