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
        "url": "/openvidu/api/restart",
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
    """Restart, as OpenVidu 2.16 and later

     Like `POST /pro/restart`, with the same body and the same rules: either every property is valid,
    stored and
    applied, or nothing is changed.

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
    """Restart, as OpenVidu 2.16 and later

     Like `POST /pro/restart`, with the same body and the same rules: either every property is valid,
    stored and
    applied, or nothing is changed.

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
    """Restart, as OpenVidu 2.16 and later

     Like `POST /pro/restart`, with the same body and the same rules: either every property is valid,
    stored and
    applied, or nothing is changed.

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
    """Restart, as OpenVidu 2.16 and later

     Like `POST /pro/restart`, with the same body and the same rules: either every property is valid,
    stored and
    applied, or nothing is changed.

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
