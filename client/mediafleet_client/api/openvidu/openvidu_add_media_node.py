from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node_to_add import MediaNodeToAdd
from ...models.open_vidu_media_node import OpenViduMediaNode
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["wait"] = wait

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/openvidu/api/media-nodes",
        "params": params,
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorBody | OpenViduMediaNode | None:
    if response.status_code == 200:
        response_200 = OpenViduMediaNode.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorBody.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorBody.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ErrorBody.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = ErrorBody.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ErrorBody.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = ErrorBody.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = ErrorBody.from_dict(response.json())

        return response_415

    if response.status_code == 500:
        response_500 = ErrorBody.from_dict(response.json())

        return response_500

    if response.status_code == 501:
        response_501 = ErrorBody.from_dict(response.json())

        return response_501

    if response.status_code == 502:
        response_502 = ErrorBody.from_dict(response.json())

        return response_502

    if response.status_code == 503:
        response_503 = ErrorBody.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorBody | OpenViduMediaNode]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> Response[ErrorBody | OpenViduMediaNode]:
    """Add a Media Node, as OpenVidu 2.16 and later

     Like `POST /pro/media-nodes`, with the same body. What later versions let a client choose about the
    machine
    (`environmentId`, `instanceType`, `volumeSize`) is ignored, as every member that is not described
    is.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | OpenViduMediaNode]
    """

    kwargs = _get_kwargs(
        body=body,
        wait=wait,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> ErrorBody | OpenViduMediaNode | None:
    """Add a Media Node, as OpenVidu 2.16 and later

     Like `POST /pro/media-nodes`, with the same body. What later versions let a client choose about the
    machine
    (`environmentId`, `instanceType`, `volumeSize`) is ignored, as every member that is not described
    is.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | OpenViduMediaNode
    """

    return sync_detailed(
        client=client,
        body=body,
        wait=wait,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> Response[ErrorBody | OpenViduMediaNode]:
    """Add a Media Node, as OpenVidu 2.16 and later

     Like `POST /pro/media-nodes`, with the same body. What later versions let a client choose about the
    machine
    (`environmentId`, `instanceType`, `volumeSize`) is ignored, as every member that is not described
    is.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | OpenViduMediaNode]
    """

    kwargs = _get_kwargs(
        body=body,
        wait=wait,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: MediaNodeToAdd | Unset = UNSET,
    wait: bool | Unset = False,
) -> ErrorBody | OpenViduMediaNode | None:
    """Add a Media Node, as OpenVidu 2.16 and later

     Like `POST /pro/media-nodes`, with the same body. What later versions let a client choose about the
    machine
    (`environmentId`, `instanceType`, `volumeSize`) is ignored, as every member that is not described
    is.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | OpenViduMediaNode
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            wait=wait,
        )
    ).parsed
