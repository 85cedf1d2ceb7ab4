from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.open_vidu_media_node_list import OpenViduMediaNodeList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    sessions: bool | Unset = False,
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["sessions"] = sessions

    params["recordings"] = recordings

    params["extra-info"] = extra_info

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/openvidu/api/media-nodes",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorBody | OpenViduMediaNodeList | None:
    if response.status_code == 200:
        response_200 = OpenViduMediaNodeList.from_dict(response.json())

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
) -> Response[ErrorBody | OpenViduMediaNodeList]:
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
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Response[ErrorBody | OpenViduMediaNodeList]:
    """List all Media Nodes, as OpenVidu 2.16 and later

     Like `GET /pro/media-nodes`. Media Nodes and sessions have the members that later versions added,
    and
    `recordings=true` asks for `recordingIds` and `broadcasts`.

    Args:
        sessions (bool | Unset):  Default: False.
        recordings (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | OpenViduMediaNodeList]
    """

    kwargs = _get_kwargs(
        sessions=sessions,
        recordings=recordings,
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
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> ErrorBody | OpenViduMediaNodeList | None:
    """List all Media Nodes, as OpenVidu 2.16 and later

     Like `GET /pro/media-nodes`. Media Nodes and sessions have the members that later versions added,
    and
    `recordings=true` asks for `recordingIds` and `broadcasts`.

    Args:
        sessions (bool | Unset):  Default: False.
        recordings (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | OpenViduMediaNodeList
    """

    return sync_detailed(
        client=client,
        sessions=sessions,
        recordings=recordings,
        extra_info=extra_info,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> Response[ErrorBody | OpenViduMediaNodeList]:
    """List all Media Nodes, as OpenVidu 2.16 and later

     Like `GET /pro/media-nodes`. Media Nodes and sessions have the members that later versions added,
    and
    `recordings=true` asks for `recordingIds` and `broadcasts`.

    Args:
        sessions (bool | Unset):  Default: False.
        recordings (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | OpenViduMediaNodeList]
    """

    kwargs = _get_kwargs(
        sessions=sessions,
        recordings=recordings,
        extra_info=extra_info,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    sessions: bool | Unset = False,
    recordings: bool | Unset = False,
    extra_info: bool | Unset = False,
) -> ErrorBody | OpenViduMediaNodeList | None:
    """List all Media Nodes, as OpenVidu 2.16 and later

     Like `GET /pro/media-nodes`. Media Nodes and sessions have the members that later versions added,
    and
    `recordings=true` asks for `recordingIds` and `broadcasts`.

    Args:
        sessions (bool | Unset):  Default: False.
        recordings (bool | Unset):  Default: False.
        extra_info (bool | Unset):  Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | OpenViduMediaNodeList
    """

    return (
        await asyncio_detailed(
            client=client,
            sessions=sessions,
            recordings=recordings,
            extra_info=extra_info,
        )
    ).parsed
