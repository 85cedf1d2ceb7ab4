from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.media_node import MediaNode
from ...models.media_node_patch import MediaNodePatch
from ...types import Response


def _get_kwargs(
    media_node_id: str,
    *,
    body: MediaNodePatch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/pro/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ErrorBody | MediaNode | None:
    if response.status_code == 200:
        response_200 = MediaNode.from_dict(response.json())

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
) -> Response[Any | ErrorBody | MediaNode]:
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
) -> Response[Any | ErrorBody | MediaNode]:
    """Change the status of a Media Node

     Moves a Media Node to another status. These moves can be asked for:

    | from | to | meaning |
    |---|---|---|
    | `launching` | `canceled` | give up the launch; the node is terminated as soon as the launch is
    over |
    | `canceled` | `launching` | take the cancellation back; the launch was never interrupted |
    | `running` | `waiting-idle-to-terminate` | no new sessions; terminate when the last one has ended |
    | `waiting-idle-to-terminate` | `running` | end that quarantine |
    | `running`, `waiting-idle-to-terminate` | `terminating` | terminate now; sessions end with reason
    `mediaServerDisconnect` |

    Any other move is answered 400 and changes nothing. Asking for the status that the node already has
    is
    answered 204. A node sent to `waiting-idle-to-terminate` while it hosts no session is answered with
    that
    status, and goes on to `terminating` by itself at once.

    The answer never waits for what follows from the move: read the node to see how it goes on. Members
    of the
    body that are not described here are ignored.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody | MediaNode]
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
) -> Any | ErrorBody | MediaNode | None:
    """Change the status of a Media Node

     Moves a Media Node to another status. These moves can be asked for:

    | from | to | meaning |
    |---|---|---|
    | `launching` | `canceled` | give up the launch; the node is terminated as soon as the launch is
    over |
    | `canceled` | `launching` | take the cancellation back; the launch was never interrupted |
    | `running` | `waiting-idle-to-terminate` | no new sessions; terminate when the last one has ended |
    | `waiting-idle-to-terminate` | `running` | end that quarantine |
    | `running`, `waiting-idle-to-terminate` | `terminating` | terminate now; sessions end with reason
    `mediaServerDisconnect` |

    Any other move is answered 400 and changes nothing. Asking for the status that the node already has
    is
    answered 204. A node sent to `waiting-idle-to-terminate` while it hosts no session is answered with
    that
    status, and goes on to `terminating` by itself at once.

    The answer never waits for what follows from the move: read the node to see how it goes on. Members
    of the
    body that are not described here are ignored.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody | MediaNode
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
) -> Response[Any | ErrorBody | MediaNode]:
    """Change the status of a Media Node

     Moves a Media Node to another status. These moves can be asked for:

    | from | to | meaning |
    |---|---|---|
    | `launching` | `canceled` | give up the launch; the node is terminated as soon as the launch is
    over |
    | `canceled` | `launching` | take the cancellation back; the launch was never interrupted |
    | `running` | `waiting-idle-to-terminate` | no new sessions; terminate when the last one has ended |
    | `waiting-idle-to-terminate` | `running` | end that quarantine |
    | `running`, `waiting-idle-to-terminate` | `terminating` | terminate now; sessions end with reason
    `mediaServerDisconnect` |

    Any other move is answered 400 and changes nothing. Asking for the status that the node already has
    is
    answered 204. A node sent to `waiting-idle-to-terminate` while it hosts no session is answered with
    that
    status, and goes on to `terminating` by itself at once.

    The answer never waits for what follows from the move: read the node to see how it goes on. Members
    of the
    body that are not described here are ignored.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody | MediaNode]
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
) -> Any | ErrorBody | MediaNode | None:
    """Change the status of a Media Node

     Moves a Media Node to another status. These moves can be asked for:

    | from | to | meaning |
    |---|---|---|
    | `launching` | `canceled` | give up the launch; the node is terminated as soon as the launch is
    over |
    | `canceled` | `launching` | take the cancellation back; the launch was never interrupted |
    | `running` | `waiting-idle-to-terminate` | no new sessions; terminate when the last one has ended |
    | `waiting-idle-to-terminate` | `running` | end that quarantine |
    | `running`, `waiting-idle-to-terminate` | `terminating` | terminate now; sessions end with reason
    `mediaServerDisconnect` |

    Any other move is answered 400 and changes nothing. Asking for the status that the node already has
    is
    answered 204. A node sent to `waiting-idle-to-terminate` while it hosts no session is answered with
    that
    status, and goes on to `terminating` by itself at once.

    The answer never waits for what follows from the move: read the node to see how it goes on. Members
    of the
    body that are not described here are ignored.

    Args:
        media_node_id (str):
        body (MediaNodePatch): The change to make to a Media Node. Members that are not listed
            here are ignored. Example: {'status': 'waiting-idle-to-terminate'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody | MediaNode
    """

    return (
        await asyncio_detailed(
            media_node_id=media_node_id,
            client=client,
            body=body,
        )
    ).parsed
