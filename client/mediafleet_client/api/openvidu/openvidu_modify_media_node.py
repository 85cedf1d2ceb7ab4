from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node_patch import MediaNodePatch
from ...models.open_vidu_media_node import OpenViduMediaNode
from ...types import Response


def _get_kwargs(
    media_node_id: str,
    *,
    body: MediaNodePatch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/openvidu/api/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ErrorBody | OpenViduMediaNode | None:
    if response.status_code == 200:
        response_200 = OpenViduMediaNode.from_dict(response.json())

        return response_200

    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

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

    if response.status_code == 413:
        response_413 = ErrorBody.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = ErrorBody.from_dict(response.json())

        return response_415

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
) -> Response[Any | ErrorBody | OpenViduMediaNode]:
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
    body: MediaNodePatch,
) -> Response[Any | ErrorBody | OpenViduMediaNode]:
    """Change a status, as OpenVidu 2.16 and later

     Like `PATCH /pro/media-nodes/{mediaNodeId}`, with the same body and the same moves. Asking for the
    status
    that the node already has is answered 204.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody | OpenViduMediaNode]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    body: MediaNodePatch,
) -> Any | ErrorBody | OpenViduMediaNode | None:
    """Change a status, as OpenVidu 2.16 and later

     Like `PATCH /pro/media-nodes/{mediaNodeId}`, with the same body and the same moves. Asking for the
    status
    that the node already has is answered 204.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody | OpenViduMediaNode
    """

    return sync_detailed(
        media_node_id=media_node_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    body: MediaNodePatch,
) -> Response[Any | ErrorBody | OpenViduMediaNode]:
    """Change a status, as OpenVidu 2.16 and later

     Like `PATCH /pro/media-nodes/{mediaNodeId}`, with the same body and the same moves. Asking for the
    status
    that the node already has is answered 204.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody | OpenViduMediaNode]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    body: MediaNodePatch,
) -> Any | ErrorBody | OpenViduMediaNode | None:
    """Change a status, as OpenVidu 2.16 and later

     Like `PATCH /pro/media-nodes/{mediaNodeId}`, with the same body and the same moves. Asking for the
    status
    that the node already has is answered 204.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody | OpenViduMediaNode
    """

    return (
        await asyncio_detailed(
            media_node_id=media_node_id,
            client=client,
            body=body,
        )
    ).parsed
