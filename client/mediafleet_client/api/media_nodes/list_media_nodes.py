from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node_list import MediaNodeList
from ...types import UNSET, Response, Unset


def _get_kwargs(
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
        "url": "/pro/media-nodes",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorBody | MediaNodeList | None:
    if response.status_code == 200:
        response_200 = MediaNodeList.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorBody.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorBody.from_dict(response.json())

        return response_401

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
) -> Response[ErrorBody | MediaNodeList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Response[ErrorBody | MediaNodeList]:
    """List all Media Nodes

     Answers every Media Node of the cluster, whatever its status. A node leaves the list when it is
    terminated. A
    node that `failed` stays until it is removed or an hour has passed, and what its launch may have
    left is ended.
    The order has no meaning and may change from one request to the next.

    The answer shows the cluster at one moment. It is as fast with unreachable nodes as without: only
    `extra-info=true` asks the nodes anything, for a bounded time.

    Args:
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNodeList]
    """

    kwargs = _get_kwargs(
        sessions=sessions,
        extra_info=extra_info,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> ErrorBody | MediaNodeList | None:
    """List all Media Nodes

     Answers every Media Node of the cluster, whatever its status. A node leaves the list when it is
    terminated. A
    node that `failed` stays until it is removed or an hour has passed, and what its launch may have
    left is ended.
    The order has no meaning and may change from one request to the next.

    The answer shows the cluster at one moment. It is as fast with unreachable nodes as without: only
    `extra-info=true` asks the nodes anything, for a bounded time.

    Args:
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNodeList
    """

    return sync_detailed(
        client=client,
        sessions=sessions,
        extra_info=extra_info,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Response[ErrorBody | MediaNodeList]:
    """List all Media Nodes

     Answers every Media Node of the cluster, whatever its status. A node leaves the list when it is
    terminated. A
    node that `failed` stays until it is removed or an hour has passed, and what its launch may have
    left is ended.
    The order has no meaning and may change from one request to the next.

    The answer shows the cluster at one moment. It is as fast with unreachable nodes as without: only
    `extra-info=true` asks the nodes anything, for a bounded time.

    Args:
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNodeList]
    """

    kwargs = _get_kwargs(
        sessions=sessions,
        extra_info=extra_info,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> ErrorBody | MediaNodeList | None:
    """List all Media Nodes

     Answers every Media Node of the cluster, whatever its status. A node leaves the list when it is
    terminated. A
    node that `failed` stays until it is removed or an hour has passed, and what its launch may have
    left is ended.
    The order has no meaning and may change from one request to the next.

    The answer shows the cluster at one moment. It is as fast with unreachable nodes as without: only
    `extra-info=true` asks the nodes anything, for a bounded time.

    Args:
        sessions (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNodeList
    """

    return (
        await asyncio_detailed(
            client=client,
            sessions=sessions,
            extra_info=extra_info,
        )
    ).parsed
