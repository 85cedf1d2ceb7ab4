from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.drain import Drain
from ...models.drain_limit import DrainLimit
from ...models.error_body import ErrorBody
from ...types import UNSET, Response, Unset


def _get_kwargs(
    media_node_id: str,
    *,
    body: DrainLimit | Unset = UNSET,
    together_with: str | Unset = UNSET,
    force: bool | Unset = False,
    dry_run: bool | Unset = False,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["together-with"] = together_with

    params["force"] = force

    params["dry-run"] = dry_run

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/fleet/media-nodes/{media_node_id}/drain".format(
            media_node_id=quote(str(media_node_id), safe=""),
        ),
        "params": params,
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Drain | ErrorBody | None:
    if response.status_code == 200:
        response_200 = Drain.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = Drain.from_dict(response.json())

        return response_201

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
    body: DrainLimit | Unset = UNSET,
    together_with: str | Unset = UNSET,
    force: bool | Unset = False,
    dry_run: bool | Unset = False,
) -> Response[Drain | ErrorBody]:
    """Drain a Media Node

     Puts a Media Node into quarantine: it gets no new session, and goes when its last one has ended.
    That is what
    PATCH to `waiting-idle-to-terminate` and DELETE with `when-no-sessions` do too; here the time it may
    take can be
    limited. Without a body, or with an empty one, it is not limited.

    | `atDeadline` | if the node still hosts sessions at the deadline |
    |---|---|
    | `force` | it is terminated, its sessions are closed with reason `mediaServerDisconnect` |
    | `abort` | it is `running` again |
    | `extend` | it gets the same time once more, as often as needed; `extensions` counts that |

    The deadline outlives a restart of the server, and is not moved by somebody who sets the clock while
    the server
    runs. A node that is drained already gets the new limit, counted from now, in place of the one it
    had; PUT
    without a body takes the limit away.

    A node is not drained if the others could not carry its load: if no other one is running and
    connected, or if
    their load, together with that of all nodes that are drained, were more than 100 % for each of them
    on average.
    To drain several nodes, name the others in `together-with`: then none is begun that could not be
    ended.
    `force=true` drains it anyway. With `dry-run=true` the answer tells what would be, and nothing is
    changed.

    Args:
        media_node_id (str):
        together_with (str | Unset):
        force (bool | Unset):  Default: False.
        dry_run (bool | Unset):  Default: False.
        body (DrainLimit | Unset): How long a drain may take. Both members are there, or none for
            a drain that is not limited. Example: {'deadline': 1800, 'atDeadline': 'force'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Drain | ErrorBody]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        body=body,
        together_with=together_with,
        force=force,
        dry_run=dry_run,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    body: DrainLimit | Unset = UNSET,
    together_with: str | Unset = UNSET,
    force: bool | Unset = False,
    dry_run: bool | Unset = False,
) -> Drain | ErrorBody | None:
    """Drain a Media Node

     Puts a Media Node into quarantine: it gets no new session, and goes when its last one has ended.
    That is what
    PATCH to `waiting-idle-to-terminate` and DELETE with `when-no-sessions` do too; here the time it may
    take can be
    limited. Without a body, or with an empty one, it is not limited.

    | `atDeadline` | if the node still hosts sessions at the deadline |
    |---|---|
    | `force` | it is terminated, its sessions are closed with reason `mediaServerDisconnect` |
    | `abort` | it is `running` again |
    | `extend` | it gets the same time once more, as often as needed; `extensions` counts that |

    The deadline outlives a restart of the server, and is not moved by somebody who sets the clock while
    the server
    runs. A node that is drained already gets the new limit, counted from now, in place of the one it
    had; PUT
    without a body takes the limit away.

    A node is not drained if the others could not carry its load: if no other one is running and
    connected, or if
    their load, together with that of all nodes that are drained, were more than 100 % for each of them
    on average.
    To drain several nodes, name the others in `together-with`: then none is begun that could not be
    ended.
    `force=true` drains it anyway. With `dry-run=true` the answer tells what would be, and nothing is
    changed.

    Args:
        media_node_id (str):
        together_with (str | Unset):
        force (bool | Unset):  Default: False.
        dry_run (bool | Unset):  Default: False.
        body (DrainLimit | Unset): How long a drain may take. Both members are there, or none for
            a drain that is not limited. Example: {'deadline': 1800, 'atDeadline': 'force'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Drain | ErrorBody
    """

    return sync_detailed(
        media_node_id=media_node_id,
        client=client,
        body=body,
        together_with=together_with,
        force=force,
        dry_run=dry_run,
    ).parsed


async def asyncio_detailed(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    body: DrainLimit | Unset = UNSET,
    together_with: str | Unset = UNSET,
    force: bool | Unset = False,
    dry_run: bool | Unset = False,
) -> Response[Drain | ErrorBody]:
    """Drain a Media Node

     Puts a Media Node into quarantine: it gets no new session, and goes when its last one has ended.
    That is what
    PATCH to `waiting-idle-to-terminate` and DELETE with `when-no-sessions` do too; here the time it may
    take can be
    limited. Without a body, or with an empty one, it is not limited.

    | `atDeadline` | if the node still hosts sessions at the deadline |
    |---|---|
    | `force` | it is terminated, its sessions are closed with reason `mediaServerDisconnect` |
    | `abort` | it is `running` again |
    | `extend` | it gets the same time once more, as often as needed; `extensions` counts that |

    The deadline outlives a restart of the server, and is not moved by somebody who sets the clock while
    the server
    runs. A node that is drained already gets the new limit, counted from now, in place of the one it
    had; PUT
    without a body takes the limit away.

    A node is not drained if the others could not carry its load: if no other one is running and
    connected, or if
    their load, together with that of all nodes that are drained, were more than 100 % for each of them
    on average.
    To drain several nodes, name the others in `together-with`: then none is begun that could not be
    ended.
    `force=true` drains it anyway. With `dry-run=true` the answer tells what would be, and nothing is
    changed.

    Args:
        media_node_id (str):
        together_with (str | Unset):
        force (bool | Unset):  Default: False.
        dry_run (bool | Unset):  Default: False.
        body (DrainLimit | Unset): How long a drain may take. Both members are there, or none for
            a drain that is not limited. Example: {'deadline': 1800, 'atDeadline': 'force'}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Drain | ErrorBody]
    """

    kwargs = _get_kwargs(
        media_node_id=media_node_id,
        body=body,
        together_with=together_with,
        force=force,
        dry_run=dry_run,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    media_node_id: str,
    *,
    client: AuthenticatedClient,
    body: DrainLimit | Unset = UNSET,
    together_with: str | Unset = UNSET,
    force: bool | Unset = False,
    dry_run: bool | Unset = False,
) -> Drain | ErrorBody | None:
    """Drain a Media Node

     Puts a Media Node into quarantine: it gets no new session, and goes when its last one has ended.
    That is what
    PATCH to `waiting-idle-to-terminate` and DELETE with `when-no-sessions` do too; here the time it may
    take can be
    limited. Without a body, or with an empty one, it is not limited.

    | `atDeadline` | if the node still hosts sessions at the deadline |
    |---|---|
    | `force` | it is terminated, its sessions are closed with reason `mediaServerDisconnect` |
    | `abort` | it is `running` again |
    | `extend` | it gets the same time once more, as often as needed; `extensions` counts that |

    The deadline outlives a restart of the server, and is not moved by somebody who sets the clock while
    the server
    runs. A node that is drained already gets the new limit, counted from now, in place of the one it
    had; PUT
    without a body takes the limit away.

    A node is not drained if the others could not carry its load: if no other one is running and
    connected, or if
    their load, together with that of all nodes that are drained, were more than 100 % for each of them
    on average.
    To drain several nodes, name the others in `together-with`: then none is begun that could not be
    ended.
    `force=true` drains it anyway. With `dry-run=true` the answer tells what would be, and nothing is
    changed.

    Args:
        media_node_id (str):
        together_with (str | Unset):
        force (bool | Unset):  Default: False.
        dry_run (bool | Unset):  Default: False.
        body (DrainLimit | Unset): How long a drain may take. Both members are there, or none for
            a drain that is not limited. Example: {'deadline': 1800, 'atDeadline': 'force'}.

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
            body=body,
            together_with=together_with,
            force=force,
            dry_run=dry_run,
        )
    ).parsed
