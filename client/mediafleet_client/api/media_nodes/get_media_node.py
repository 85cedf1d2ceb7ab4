from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node import MediaNode
from ...types import UNSET, Response, Unset


def _get_kwargs(
    media_node_id: str,
    *,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["sessions"] = sessions

    params["extra-info"] = extra_info

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/pro/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorBody | MediaNode | None:
    if response.status_code == 200:
        response_200 = MediaNode.from_dict(response.json())

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
) -> Response[ErrorBody | MediaNode]:
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
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Response[ErrorBody | MediaNode]:
    """Get one Media Node

     Answers one Media Node of the cluster. A node whose connection is lost is still answered, with
    `connected: false` and the last that was known of it.

    Args:
        media_node_id (str):
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNode]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        sessions=sessions,
        extra_info=extra_info,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> ErrorBody | MediaNode | None:
    """Get one Media Node

     Answers one Media Node of the cluster. A node whose connection is lost is still answered, with
    `connected: false` and the last that was known of it.

    Args:
        media_node_id (str):
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNode
    """

    return sync_detailed(
        media_node_id=media_node_id,
        client=client,
        sessions=sessions,
        extra_info=extra_info,
    ).parsed


async def asyncio_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Response[ErrorBody | MediaNode]:
    """Get one Media Node

     Answers one Media Node of the cluster. A node whose connection is lost is still answered, with
    `connected: false` and the last that was known of it.

    Args:
        media_node_id (str):
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNode]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        sessions=sessions,
        extra_info=extra_info,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> ErrorBody | MediaNode | None:
    """Get one Media Node

     Answers one Media Node of the cluster. A node whose connection is lost is still answered, with
    `connected: false` and the last that was known of it.

    Args:
        media_node_id (str):
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNode
    """

    return (
        await asyncio_detailed(
            media_node_id=media_node_id,
            client=client,
            sessions=sessions,
            extra_info=extra_info,
        )
    ).parsed
