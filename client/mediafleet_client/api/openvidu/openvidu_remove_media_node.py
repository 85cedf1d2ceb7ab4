from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.deletion_strategy import DeletionStrategy
from ...models.error_body import ErrorBody
from ...types import UNSET, Response, Unset


def _get_kwargs(
    media_node_id: str,
    *,
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["wait"] = wait

    json_deletion_strategy: str | Unset = UNSET
    if not isinstance(deletion_strategy, Unset):
        json_deletion_strategy = deletion_strategy.value

    params["deletion-strategy"] = json_deletion_strategy

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/openvidu/api/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | ErrorBody | None:
    if response.status_code == 200:
        response_200 = cast(Any, None)
        return response_200

    if response.status_code == 202:
        response_202 = cast(Any, None)
        return response_202

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

    if response.status_code == 409:
        response_409 = ErrorBody.from_dict(response.json())

        return response_409

    if response.status_code == 500:
        response_500 = ErrorBody.from_dict(response.json())

        return response_500

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | ErrorBody]:
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
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> Response[Any | ErrorBody]:
    """Remove a Media Node, as OpenVidu 2.16 and later

     Like `DELETE /pro/media-nodes/{mediaNodeId}`, with one difference: a removal that has begun is
    answered 200,
    and 204 means that it has come to its end. So `wait=false` is answered 200, and `wait=true` 204.

    Args:
        media_node_id (str):
        wait (bool | Unset):  Default: False.
        deletion_strategy (DeletionStrategy | Unset): What the removal of a Media Node does about
            the sessions that it hosts. `if-no-sessions`: refuse to remove it. `when-no-sessions`: put
            it into quarantine and remove it when the last session has ended. `now`: close them and
            remove it. Example: when-no-sessions.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        wait=wait,
        deletion_strategy=deletion_strategy,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> Any | ErrorBody | None:
    """Remove a Media Node, as OpenVidu 2.16 and later

     Like `DELETE /pro/media-nodes/{mediaNodeId}`, with one difference: a removal that has begun is
    answered 200,
    and 204 means that it has come to its end. So `wait=false` is answered 200, and `wait=true` 204.

    Args:
        media_node_id (str):
        wait (bool | Unset):  Default: False.
        deletion_strategy (DeletionStrategy | Unset): What the removal of a Media Node does about
            the sessions that it hosts. `if-no-sessions`: refuse to remove it. `when-no-sessions`: put
            it into quarantine and remove it when the last session has ended. `now`: close them and
            remove it. Example: when-no-sessions.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody
    """

    return sync_detailed(
        media_node_id=media_node_id,
        client=client,
        wait=wait,
        deletion_strategy=deletion_strategy,
    ).parsed


async def asyncio_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> Response[Any | ErrorBody]:
    """Remove a Media Node, as OpenVidu 2.16 and later

     Like `DELETE /pro/media-nodes/{mediaNodeId}`, with one difference: a removal that has begun is
    answered 200,
    and 204 means that it has come to its end. So `wait=false` is answered 200, and `wait=true` 204.

    Args:
        media_node_id (str):
        wait (bool | Unset):  Default: False.
        deletion_strategy (DeletionStrategy | Unset): What the removal of a Media Node does about
            the sessions that it hosts. `if-no-sessions`: refuse to remove it. `when-no-sessions`: put
            it into quarantine and remove it when the last session has ended. `now`: close them and
            remove it. Example: when-no-sessions.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        wait=wait,
        deletion_strategy=deletion_strategy,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = False,
    deletion_strategy: DeletionStrategy | Unset = UNSET,
) -> Any | ErrorBody | None:
    """Remove a Media Node, as OpenVidu 2.16 and later

     Like `DELETE /pro/media-nodes/{mediaNodeId}`, with one difference: a removal that has begun is
    answered 200,
    and 204 means that it has come to its end. So `wait=false` is answered 200, and `wait=true` 204.

    Args:
        media_node_id (str):
        wait (bool | Unset):  Default: False.
        deletion_strategy (DeletionStrategy | Unset): What the removal of a Media Node does about
            the sessions that it hosts. `if-no-sessions`: refuse to remove it. `when-no-sessions`: put
            it into quarantine and remove it when the last session has ended. `now`: close them and
            remove it. Example: when-no-sessions.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody
    """

    return (
        await asyncio_detailed(
            media_node_id=media_node_id,
            client=client,
            wait=wait,
            deletion_strategy=deletion_strategy,
        )
    ).parsed
