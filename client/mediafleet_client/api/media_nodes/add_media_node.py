from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node import MediaNode
from ...models.media_node_to_add import MediaNodeToAdd
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
        "url": "/pro/media-nodes",
        "params": params,
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
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
) -> Response[ErrorBody | MediaNode]:
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
) -> Response[ErrorBody | MediaNode]:
    """Add a Media Node

     Adds one Media Node to the cluster.

    **In the environment `on_premise`** the node must be running already, and the body must name its
    `uri`. The
    server connects to the node before it answers, with either value of `wait`: a node that cannot be
    reached is
    refused with 404 and leaves no trace. A node that is a member already is refused with 409, be it
    under the
    same `uri` or the same media server under another name. Two uris are the same if scheme, host, port
    and path
    are, without regard to the letter case of scheme and host, and with the default port filled in. A
    node that
    `failed` or is terminated no longer holds its uri. If two members turn out to be one media server
    only later,
    because the first was out of touch, the younger one leaves, and no session is ended by that. A
    member added
    this way survives a restart of the server and keeps its `id`.

    **In the other environments** the server launches a new node, and ignores `uri`. The body may be
    left out.
    With `wait=false` the answer comes at once with the node in status `launching`, and a later failure
    is seen
    only by its status `failed`. With `wait=true` the answer comes when the node is `running`; a launch
    that fails
    is then answered 502, and a launch that somebody cancelled meanwhile 409.

    Members of the body that are not described here are ignored.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNode]
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
) -> ErrorBody | MediaNode | None:
    """Add a Media Node

     Adds one Media Node to the cluster.

    **In the environment `on_premise`** the node must be running already, and the body must name its
    `uri`. The
    server connects to the node before it answers, with either value of `wait`: a node that cannot be
    reached is
    refused with 404 and leaves no trace. A node that is a member already is refused with 409, be it
    under the
    same `uri` or the same media server under another name. Two uris are the same if scheme, host, port
    and path
    are, without regard to the letter case of scheme and host, and with the default port filled in. A
    node that
    `failed` or is terminated no longer holds its uri. If two members turn out to be one media server
    only later,
    because the first was out of touch, the younger one leaves, and no session is ended by that. A
    member added
    this way survives a restart of the server and keeps its `id`.

    **In the other environments** the server launches a new node, and ignores `uri`. The body may be
    left out.
    With `wait=false` the answer comes at once with the node in status `launching`, and a later failure
    is seen
    only by its status `failed`. With `wait=true` the answer comes when the node is `running`; a launch
    that fails
    is then answered 502, and a launch that somebody cancelled meanwhile 409.

    Members of the body that are not described here are ignored.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNode
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
) -> Response[ErrorBody | MediaNode]:
    """Add a Media Node

     Adds one Media Node to the cluster.

    **In the environment `on_premise`** the node must be running already, and the body must name its
    `uri`. The
    server connects to the node before it answers, with either value of `wait`: a node that cannot be
    reached is
    refused with 404 and leaves no trace. A node that is a member already is refused with 409, be it
    under the
    same `uri` or the same media server under another name. Two uris are the same if scheme, host, port
    and path
    are, without regard to the letter case of scheme and host, and with the default port filled in. A
    node that
    `failed` or is terminated no longer holds its uri. If two members turn out to be one media server
    only later,
    because the first was out of touch, the younger one leaves, and no session is ended by that. A
    member added
    this way survives a restart of the server and keeps its `id`.

    **In the other environments** the server launches a new node, and ignores `uri`. The body may be
    left out.
    With `wait=false` the answer comes at once with the node in status `launching`, and a later failure
    is seen
    only by its status `failed`. With `wait=true` the answer comes when the node is `running`; a launch
    that fails
    is then answered 502, and a launch that somebody cancelled meanwhile 409.

    Members of the body that are not described here are ignored.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | MediaNode]
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
) -> ErrorBody | MediaNode | None:
    """Add a Media Node

     Adds one Media Node to the cluster.

    **In the environment `on_premise`** the node must be running already, and the body must name its
    `uri`. The
    server connects to the node before it answers, with either value of `wait`: a node that cannot be
    reached is
    refused with 404 and leaves no trace. A node that is a member already is refused with 409, be it
    under the
    same `uri` or the same media server under another name. Two uris are the same if scheme, host, port
    and path
    are, without regard to the letter case of scheme and host, and with the default port filled in. A
    node that
    `failed` or is terminated no longer holds its uri. If two members turn out to be one media server
    only later,
    because the first was out of touch, the younger one leaves, and no session is ended by that. A
    member added
    this way survives a restart of the server and keeps its `id`.

    **In the other environments** the server launches a new node, and ignores `uri`. The body may be
    left out.
    With `wait=false` the answer comes at once with the node in status `launching`, and a later failure
    is seen
    only by its status `failed`. With `wait=true` the answer comes when the node is `running`; a launch
    that fails
    is then answered 502, and a launch that somebody cancelled meanwhile 409.

    Members of the body that are not described here are ignored.

    Args:
        wait (bool | Unset):  Default: False.
        body (MediaNodeToAdd | Unset): The Media Node to add. Members that are not listed here are
            ignored. Example: {'uri': 'ws://172.17.0.5:8888/kurento'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | MediaNode
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            wait=wait,
        )
    ).parsed
