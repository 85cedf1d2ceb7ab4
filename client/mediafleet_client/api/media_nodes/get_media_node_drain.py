from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.drain import Drain
from ...models.error_body import ErrorBody
from ...types import Response


def _get_kwargs(
    media_node_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/fleet/media-nodes/{media_node_id}/drain".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Drain | ErrorBody | None:
    if response.status_code == 200:
        response_200 = Drain.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Drain | ErrorBody]:
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
) -> Response[Drain | ErrorBody]:
    """Get how far a drain has come

     Answers what a Media Node on its way out still waits for: sessions that are left, the limit of the
    drain, and in
    one line why the node is not gone. It can be read while the node is `waiting-idle-to-terminate`,
    however it came
    to be, and while it is `terminating`. When the node is gone, or running again, there is no drain any
    more: 404.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Drain | ErrorBody]
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
) -> Drain | ErrorBody | None:
    """Get how far a drain has come

     Answers what a Media Node on its way out still waits for: sessions that are left, the limit of the
    drain, and in
    one line why the node is not gone. It can be read while the node is `waiting-idle-to-terminate`,
    however it came
    to be, and while it is `terminating`. When the node is gone, or running again, there is no drain any
    more: 404.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Drain | ErrorBody
    """

    return sync_detailed(
        media_node_id=media_node_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[Drain | ErrorBody]:
    """Get how far a drain has come

     Answers what a Media Node on its way out still waits for: sessions that are left, the limit of the
    drain, and in
    one line why the node is not gone. It can be read while the node is `waiting-idle-to-terminate`,
    however it came
    to be, and while it is `terminating`. When the node is gone, or running again, there is no drain any
    more: 404.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Drain | ErrorBody]
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
) -> Drain | ErrorBody | None:
    """Get how far a drain has come

     Answers what a Media Node on its way out still waits for: sessions that are left, the limit of the
    drain, and in
    one line why the node is not gone. It can be read while the node is `waiting-idle-to-terminate`,
    however it came
    to be, and while it is `terminating`. When the node is gone, or running again, there is no drain any
    more: 404.

    Args:
        media_node_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Drain | ErrorBody
    """

    return (
        await asyncio_detailed(
            media_node_id=media_node_id,
            client=client,
        )
    ).parsed
