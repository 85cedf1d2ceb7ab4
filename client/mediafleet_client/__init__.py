"""Client of the Mediafleet API, generated from openapi.yaml.

``connect`` makes a client; the operations are modules below ``mediafleet_client.api``, each with
``sync``, ``sync_detailed``, ``asyncio`` and ``asyncio_detailed``.
"""

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import httpx

from .api.media_nodes import get_media_node
from .client import AuthenticatedClient, Client
from .models import ErrorBody, MediaNode

__all__ = (
    "AuthenticatedClient",
    "Client",
    "MediafleetError",
    "StatusTimeoutError",
    "connect",
    "wait_until_status",
    "wait_until_status_async",
)

USER = "OPENVIDUAPP"
GONE = "gone"
UNKNOWN = "unknown"
LEAST_S = 0.1


class MediafleetError(Exception):
    """The server answered with an error.

    Attributes:
        status: The HTTP status.
        message: What the server says is wrong; empty if it said nothing.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}" if message else str(status))
        self.status = status
        self.message = message


class StatusTimeoutError(TimeoutError):
    """A Media Node did not reach the status that was waited for.

    Attributes:
        status: The last status seen; ``unknown`` if the server told none.
    """

    def __init__(self, media_node_id: str, status: str, seconds: float) -> None:
        super().__init__(f"Media Node {media_node_id} is still {status} after {seconds:g} s")
        self.status = status


def connect(
    url: str,
    secret: str,
    *,
    timeout: float | None = 30.0,
    verify_ssl: bool | str | ssl.SSLContext = True,
) -> AuthenticatedClient:
    """Make a client that sends Basic credentials with every request.

    Args:
        url: Base of the server, such as ``http://127.0.0.1:5443``.
        secret: The server's OPENVIDU_SECRET.
        timeout: Seconds for one answer; give more, or ``None``, for requests with ``wait=True``.
        verify_ssl: ``False``, the path of a CA file, or a context of your own, for a server with a
            certificate that the system does not trust.

    Returns:
        A client to hand to the operations; use it as a context manager to close its connections.
    """
    return AuthenticatedClient(
        base_url=url.rstrip("/"),
        token=b64encode(f"{USER}:{secret}".encode()).decode(),
        prefix="Basic",
        timeout=httpx.Timeout(timeout),
        verify_ssl=verify_ssl,
    )


def wait_until_status(
    client: AuthenticatedClient,
    media_node_id: str,
    statuses: str | Iterable[str],
    *,
    timeout: float = 60.0,
    poll_interval: float = 0.5,
) -> MediaNode | None:
    """Ask for a Media Node until it has one of the statuses wanted.

    Args:
        client: From ``connect``.
        media_node_id: Which node.
        statuses: One status or several; ``gone`` stands for a node that is no more.
        timeout: Seconds to wait in all, also for an answer; the client's own limit does not matter.
        poll_interval: Seconds between two questions.

    Returns:
        The Media Node; ``None`` when it is gone and ``gone`` was wanted.

    Raises:
        StatusTimeoutError: The time is up.
        MediafleetError: The server answered with an error; 404 is one unless ``gone`` is wanted.
    """
    wanted, status, deadline = _wanted(statuses), UNKNOWN, time.monotonic() + timeout
    while True:
        try:
            response = client.get_httpx_client().request(**_question(media_node_id, deadline))
        except httpx.TimeoutException as error:
            raise StatusTimeoutError(media_node_id, status, timeout) from error
        node = _node(client, response, wanted)
        status = _status(node)
        if status in wanted:
            return node
        if time.monotonic() + poll_interval > deadline:
            raise StatusTimeoutError(media_node_id, status, timeout)
        time.sleep(poll_interval)


async def wait_until_status_async(
    client: AuthenticatedClient,
    media_node_id: str,
    statuses: str | Iterable[str],
    *,
    timeout: float = 60.0,
    poll_interval: float = 0.5,
) -> MediaNode | None:
    """The same as ``wait_until_status``, without blocking the event loop."""
    wanted, status, deadline = _wanted(statuses), UNKNOWN, time.monotonic() + timeout
    while True:
        try:
            response = await client.get_async_httpx_client().request(**_question(media_node_id, deadline))
        except httpx.TimeoutException as error:
            raise StatusTimeoutError(media_node_id, status, timeout) from error
        node = _node(client, response, wanted)
        status = _status(node)
        if status in wanted:
            return node
        if time.monotonic() + poll_interval > deadline:
            raise StatusTimeoutError(media_node_id, status, timeout)
        await asyncio.sleep(poll_interval)


def _wanted(statuses: str | Iterable[str]) -> frozenset[str]:
    return frozenset([statuses] if isinstance(statuses, str) else map(str, statuses))


def _status(node: MediaNode | None) -> str:
    return GONE if node is None else str(node.status)


def _question(media_node_id: str, deadline: float) -> dict[str, Any]:
    return {**get_media_node._get_kwargs(media_node_id), "timeout": max(deadline - time.monotonic(), LEAST_S)}


def _node(client: AuthenticatedClient, answer: httpx.Response, wanted: frozenset[str]) -> MediaNode | None:
    response = get_media_node._build_response(client=client, response=answer)
    if isinstance(response.parsed, MediaNode):
        return response.parsed
    if response.status_code == HTTPStatus.NOT_FOUND and GONE in wanted:
        return None
    message = response.parsed.message if isinstance(response.parsed, ErrorBody) else ""
    raise MediafleetError(int(response.status_code), message)
