from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.restart_properties import RestartProperties
from ...types import Response


def _get_kwargs(
    *,
    body: RestartProperties,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/pro/restart",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | ErrorBody | None:
    if response.status_code == 200:
        response_200 = cast(Any, None)
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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | ErrorBody]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: RestartProperties,
) -> Response[Any | ErrorBody]:
    """Restart with new configuration properties

     Changes configuration properties and applies them. The body holds the properties to change; the
    others keep
    their value, and `{}` restarts with the configuration as it is. The new values are stored, so that
    they outlive
    the next start of the server.

    All properties are checked first, each by itself and together with those that stay. If anything is
    wrong, the
    answer is 400, its `message` names every problem, and nothing is changed. A property that is not
    listed in
    `RestartProperties`, known or not, is wrong: it cannot be changed by this operation. The answer is
    400, too, if
    somebody has edited the configuration file so that the next start would refuse it with the new
    values.

    The server goes on listening: a request that comes in the middle of a restart waits until it is
    over, or is
    answered 503. Media Nodes stay members, and the sessions they host go on.

    Args:
        body (RestartProperties): The configuration properties that a restart can change. All are
            optional; one that is left out keeps its value. Anything else is answered 400. No string
            may hold a control character or a line separator. Example: {'OPENVIDU_CDR': True,
            'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: RestartProperties,
) -> Any | ErrorBody | None:
    """Restart with new configuration properties

     Changes configuration properties and applies them. The body holds the properties to change; the
    others keep
    their value, and `{}` restarts with the configuration as it is. The new values are stored, so that
    they outlive
    the next start of the server.

    All properties are checked first, each by itself and together with those that stay. If anything is
    wrong, the
    answer is 400, its `message` names every problem, and nothing is changed. A property that is not
    listed in
    `RestartProperties`, known or not, is wrong: it cannot be changed by this operation. The answer is
    400, too, if
    somebody has edited the configuration file so that the next start would refuse it with the new
    values.

    The server goes on listening: a request that comes in the middle of a restart waits until it is
    over, or is
    answered 503. Media Nodes stay members, and the sessions they host go on.

    Args:
        body (RestartProperties): The configuration properties that a restart can change. All are
            optional; one that is left out keeps its value. Anything else is answered 400. No string
            may hold a control character or a line separator. Example: {'OPENVIDU_CDR': True,
            'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: RestartProperties,
) -> Response[Any | ErrorBody]:
    """Restart with new configuration properties

     Changes configuration properties and applies them. The body holds the properties to change; the
    others keep
    their value, and `{}` restarts with the configuration as it is. The new values are stored, so that
    they outlive
    the next start of the server.

    All properties are checked first, each by itself and together with those that stay. If anything is
    wrong, the
    answer is 400, its `message` names every problem, and nothing is changed. A property that is not
    listed in
    `RestartProperties`, known or not, is wrong: it cannot be changed by this operation. The answer is
    400, too, if
    somebody has edited the configuration file so that the next start would refuse it with the new
    values.

    The server goes on listening: a request that comes in the middle of a restart waits until it is
    over, or is
    answered 503. Media Nodes stay members, and the sessions they host go on.

    Args:
        body (RestartProperties): The configuration properties that a restart can change. All are
            optional; one that is left out keeps its value. Anything else is answered 400. No string
            may hold a control character or a line separator. Example: {'OPENVIDU_CDR': True,
            'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorBody]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RestartProperties,
) -> Any | ErrorBody | None:
    """Restart with new configuration properties

     Changes configuration properties and applies them. The body holds the properties to change; the
    others keep
    their value, and `{}` restarts with the configuration as it is. The new values are stored, so that
    they outlive
    the next start of the server.

    All properties are checked first, each by itself and together with those that stay. If anything is
    wrong, the
    answer is 400, its `message` names every problem, and nothing is changed. A property that is not
    listed in
    `RestartProperties`, known or not, is wrong: it cannot be changed by this operation. The answer is
    400, too, if
    somebody has edited the configuration file so that the next start would refuse it with the new
    values.

    The server goes on listening: a request that comes in the middle of a restart waits until it is
    over, or is
    answered 503. Media Nodes stay members, and the sessions they host go on.

    Args:
        body (RestartProperties): The configuration properties that a restart can change. All are
            optional; one that is left out keeps its value. Anything else is answered 400. No string
            may hold a control character or a line separator. Example: {'OPENVIDU_CDR': True,
            'OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT': 120}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorBody
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
