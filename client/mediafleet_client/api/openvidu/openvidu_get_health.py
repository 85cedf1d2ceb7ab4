from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.open_vidu_health import OpenViduHealth
from ...types import Response


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/openvidu/api/health",
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth | None:
    if response.status_code == 200:
        response_200 = OpenViduHealth.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorBody.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorBody.from_dict(response.json())

        return response_401

    if response.status_code == 409:

        def _parse_response_409(data: object) -> ErrorBody | OpenViduHealth:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_open_vidu_health_or_error_type_0 = OpenViduHealth.from_dict(data)

                return componentsschemas_open_vidu_health_or_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_open_vidu_health_or_error_type_1 = ErrorBody.from_dict(data)

            return componentsschemas_open_vidu_health_or_error_type_1

        response_409 = _parse_response_409(response.json())

        return response_409

    if response.status_code == 500:
        response_500 = ErrorBody.from_dict(response.json())

        return response_500

    if response.status_code == 503:

        def _parse_response_503(data: object) -> ErrorBody | OpenViduHealth:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_open_vidu_health_or_error_type_0 = OpenViduHealth.from_dict(data)

                return componentsschemas_open_vidu_health_or_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_open_vidu_health_or_error_type_1 = ErrorBody.from_dict(data)

            return componentsschemas_open_vidu_health_or_error_type_1

        response_503 = _parse_response_503(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth]:
    """Get the cluster's health, as OpenVidu 2.16 and later

     Answers by its status whether the cluster can host sessions, for load balancers and watchdogs. It
    answers while
    a restart is under way, too. A cluster is healthy if it has a Media Node that is `running` and
    connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth]
    """

    kwargs = _get_kwargs()

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
) -> ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth | None:
    """Get the cluster's health, as OpenVidu 2.16 and later

     Answers by its status whether the cluster can host sessions, for load balancers and watchdogs. It
    answers while
    a restart is under way, too. A cluster is healthy if it has a Media Node that is `running` and
    connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth
    """

    return sync_detailed(
        client=client,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth]:
    """Get the cluster's health, as OpenVidu 2.16 and later

     Answers by its status whether the cluster can host sessions, for load balancers and watchdogs. It
    answers while
    a restart is under way, too. A cluster is healthy if it has a Media Node that is `running` and
    connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth]
    """

    kwargs = _get_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth | None:
    """Get the cluster's health, as OpenVidu 2.16 and later

     Answers by its status whether the cluster can host sessions, for load balancers and watchdogs. It
    answers while
    a restart is under way, too. A cluster is healthy if it has a Media Node that is `running` and
    connected.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | ErrorBody | OpenViduHealth | OpenViduHealth
    """

    return (
        await asyncio_detailed(
            client=client,
        )
    ).parsed
