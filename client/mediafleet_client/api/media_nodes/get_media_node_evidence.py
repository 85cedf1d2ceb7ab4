from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node_evidence import MediaNodeEvidence
from ...types import Response


def _get_kwargs(
    media_node_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/fleet/media-nodes/{media_node_id}/evidence".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorBody | MediaNodeEvidence | None:
    if response.status_code == 200:
        response_200 = MediaNodeEvidence.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorBody.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorBody.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = ErrorBody.from_dict(response.json())

        return response_404

    if response.status_code == 500:
        response_500 = ErrorBody.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = ErrorBody.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorBody | MediaNodeEvidence]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ErrorBody | MediaNodeEvidence]:
    """Get what a Media Node is judged on

     Answers whether the connection to a Media Node works, what that is known from, and how old the rest
    of what is
    known of the node is. The server pings each node regularly. A node that does not answer in time is
    suspect: it
    gets no new sessions, and nothing else happens to it. If it answers none of some quick further pings
    either, its
    connection is given up and made anew. What was missed while the server itself stood still is never
    held against
    a node.

    Each such finding is kept as a verdict with all it was based on, the last 16 for each node, until
    the node
    leaves or the server ends. So is that a node crashed or was given up. When a node leaves, its
    verdicts are
    logged.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNodeEvidence]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
) -> ErrorBody | MediaNodeEvidence | None:
    """Get what a Media Node is judged on

     Answers whether the connection to a Media Node works, what that is known from, and how old the rest
    of what is
    known of the node is. The server pings each node regularly. A node that does not answer in time is
    suspect: it
    gets no new sessions, and nothing else happens to it. If it answers none of some quick further pings
    either, its
    connection is given up and made anew. What was missed while the server itself stood still is never
    held against
    a node.

    Each such finding is kept as a verdict with all it was based on, the last 16 for each node, until
    the node
    leaves or the server ends. So is that a node crashed or was given up. When a node leaves, its
    verdicts are
    logged.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNodeEvidence
    """

    return sync_detailed(
        media_node_id=media_node_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ErrorBody | MediaNodeEvidence]:
    """Get what a Media Node is judged on

     Answers whether the connection to a Media Node works, what that is known from, and how old the rest
    of what is
    known of the node is. The server pings each node regularly. A node that does not answer in time is
    suspect: it
    gets no new sessions, and nothing else happens to it. If it answers none of some quick further pings
    either, its
    connection is given up and made anew. What was missed while the server itself stood still is never
    held against
    a node.

    Each such finding is kept as a verdict with all it was based on, the last 16 for each node, until
    the node
    leaves or the server ends. So is that a node crashed or was given up. When a node leaves, its
    verdicts are
    logged.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNodeEvidence]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
) -> ErrorBody | MediaNodeEvidence | None:
    """Get what a Media Node is judged on

     Answers whether the connection to a Media Node works, what that is known from, and how old the rest
    of what is
    known of the node is. The server pings each node regularly. A node that does not answer in time is
    suspect: it
    gets no new sessions, and nothing else happens to it. If it answers none of some quick further pings
    either, its
    connection is given up and made anew. What was missed while the server itself stood still is never
    held against
    a node.

    Each such finding is kept as a verdict with all it was based on, the last 16 for each node, until
    the node
    leaves or the server ends. So is that a node crashed or was given up. When a node leaves, its
    verdicts are
    logged.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNodeEvidence
    """

    return (
        await asyncio_detailed(
            media_node_id=media_node_id,
            client=client,
        )
    ).parsed
