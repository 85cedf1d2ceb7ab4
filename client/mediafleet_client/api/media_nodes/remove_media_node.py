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
        "url": "/pro/media-nodes/{media_node_id}".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | ErrorBody | None:
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
    """Remove a Media Node

     Takes a Media Node out of the cluster. What happens to the sessions it hosts is the choice of
    `deletion-strategy`:

    | strategy | node hosts no session | node hosts sessions |
    |---|---|---|
    | `if-no-sessions` (default) | 204, removed | 409, nothing changes |
    | `when-no-sessions` | 204, removed | 202, removed when the last session has ended |
    | `now` | 204, removed | 204, removed; its sessions are closed with reason `mediaServerDisconnect` |

    A removed node passes through `terminating` to `terminated` and is then gone. In the environment
    `on_premise`
    the server only lets go of the node and its machine keeps running; in the others the machine is
    ended too.

    With `wait=false` the answer 204 means that the removal has begun: the node may be seen as
    `terminating` for a
    moment. With `wait=true` the answer comes when the node is terminated, and is 204; under `when-no-
    sessions`
    this lasts as long as its last session. Should somebody end the quarantine meanwhile (by giving the
    node the
    status `running` again), the answer is 409.

    Whether it hosts sessions the node itself is asked, when the request comes and once more before it
    is ended: a
    session that begins meanwhile is never closed but by `now`, and the node stays `terminating` until
    it ends. A
    node that does not answer is taken for one that hosts sessions, so `if-no-sessions` is 409.

    A node that is `launching` or `canceled` hosts nothing: its launch is cancelled, with any strategy.
    Removing a
    node that is `terminating` is answered 204 and changes nothing, but that with `now` it does not wait
    for such
    late sessions any more. Removing a node that `failed` deletes its record, as soon as what its launch
    may have
    left is ended: until then it is listed as `failed`.

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
    """Remove a Media Node

     Takes a Media Node out of the cluster. What happens to the sessions it hosts is the choice of
    `deletion-strategy`:

    | strategy | node hosts no session | node hosts sessions |
    |---|---|---|
    | `if-no-sessions` (default) | 204, removed | 409, nothing changes |
    | `when-no-sessions` | 204, removed | 202, removed when the last session has ended |
    | `now` | 204, removed | 204, removed; its sessions are closed with reason `mediaServerDisconnect` |

    A removed node passes through `terminating` to `terminated` and is then gone. In the environment
    `on_premise`
    the server only lets go of the node and its machine keeps running; in the others the machine is
    ended too.

    With `wait=false` the answer 204 means that the removal has begun: the node may be seen as
    `terminating` for a
    moment. With `wait=true` the answer comes when the node is terminated, and is 204; under `when-no-
    sessions`
    this lasts as long as its last session. Should somebody end the quarantine meanwhile (by giving the
    node the
    status `running` again), the answer is 409.

    Whether it hosts sessions the node itself is asked, when the request comes and once more before it
    is ended: a
    session that begins meanwhile is never closed but by `now`, and the node stays `terminating` until
    it ends. A
    node that does not answer is taken for one that hosts sessions, so `if-no-sessions` is 409.

    A node that is `launching` or `canceled` hosts nothing: its launch is cancelled, with any strategy.
    Removing a
    node that is `terminating` is answered 204 and changes nothing, but that with `now` it does not wait
    for such
    late sessions any more. Removing a node that `failed` deletes its record, as soon as what its launch
    may have
    left is ended: until then it is listed as `failed`.

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
    """Remove a Media Node

     Takes a Media Node out of the cluster. What happens to the sessions it hosts is the choice of
    `deletion-strategy`:

    | strategy | node hosts no session | node hosts sessions |
    |---|---|---|
    | `if-no-sessions` (default) | 204, removed | 409, nothing changes |
    | `when-no-sessions` | 204, removed | 202, removed when the last session has ended |
    | `now` | 204, removed | 204, removed; its sessions are closed with reason `mediaServerDisconnect` |

    A removed node passes through `terminating` to `terminated` and is then gone. In the environment
    `on_premise`
    the server only lets go of the node and its machine keeps running; in the others the machine is
    ended too.

    With `wait=false` the answer 204 means that the removal has begun: the node may be seen as
    `terminating` for a
    moment. With `wait=true` the answer comes when the node is terminated, and is 204; under `when-no-
    sessions`
    this lasts as long as its last session. Should somebody end the quarantine meanwhile (by giving the
    node the
    status `running` again), the answer is 409.

    Whether it hosts sessions the node itself is asked, when the request comes and once more before it
    is ended: a
    session that begins meanwhile is never closed but by `now`, and the node stays `terminating` until
    it ends. A
    node that does not answer is taken for one that hosts sessions, so `if-no-sessions` is 409.

    A node that is `launching` or `canceled` hosts nothing: its launch is cancelled, with any strategy.
    Removing a
    node that is `terminating` is answered 204 and changes nothing, but that with `now` it does not wait
    for such
    late sessions any more. Removing a node that `failed` deletes its record, as soon as what its launch
    may have
    left is ended: until then it is listed as `failed`.

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
    """Remove a Media Node

     Takes a Media Node out of the cluster. What happens to the sessions it hosts is the choice of
    `deletion-strategy`:

    | strategy | node hosts no session | node hosts sessions |
    |---|---|---|
    | `if-no-sessions` (default) | 204, removed | 409, nothing changes |
    | `when-no-sessions` | 204, removed | 202, removed when the last session has ended |
    | `now` | 204, removed | 204, removed; its sessions are closed with reason `mediaServerDisconnect` |

    A removed node passes through `terminating` to `terminated` and is then gone. In the environment
    `on_premise`
    the server only lets go of the node and its machine keeps running; in the others the machine is
    ended too.

    With `wait=false` the answer 204 means that the removal has begun: the node may be seen as
    `terminating` for a
    moment. With `wait=true` the answer comes when the node is terminated, and is 204; under `when-no-
    sessions`
    this lasts as long as its last session. Should somebody end the quarantine meanwhile (by giving the
    node the
    status `running` again), the answer is 409.

    Whether it hosts sessions the node itself is asked, when the request comes and once more before it
    is ended: a
    session that begins meanwhile is never closed but by `now`, and the node stays `terminating` until
    it ends. A
    node that does not answer is taken for one that hosts sessions, so `if-no-sessions` is 409.

    A node that is `launching` or `canceled` hosts nothing: its launch is cancelled, with any strategy.
    Removing a
    node that is `terminating` is answered 204 and changes nothing, but that with `now` it does not wait
    for such
    late sessions any more. Removing a node that `failed` deletes its record, as soon as what its launch
    may have
    left is ended: until then it is listed as `failed`.

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
