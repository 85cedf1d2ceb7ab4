from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.config import Config
from ...models.error_body import ErrorBody
from ...types import Response


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/pro/config",
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Config | ErrorBody | None:
    if response.status_code == 200:
        response_200 = Config.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorBody.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorBody.from_dict(response.json())

        return response_401

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Config | ErrorBody]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[Config | ErrorBody]:
    """Get the active configuration

     Answers the configuration that is in force, as one flat object. Some properties are there only while
    the
    feature they belong to is on:

    | present only if | properties |
    |---|---|
    | `OPENVIDU_RECORDING` is true | `OPENVIDU_RECORDING_*` |
    | `OPENVIDU_WEBHOOK` is true | `OPENVIDU_WEBHOOK_*` |
    | `OPENVIDU_PRO_CLUSTER_AUTOSCALING` is true | `OPENVIDU_PRO_CLUSTER_AUTOSCALING_*` |
    | `OPENVIDU_PRO_ELASTICSEARCH` is true | `OPENVIDU_PRO_ELASTICSEARCH_*` |
    | `OPENVIDU_PRO_KIBANA` is true | `OPENVIDU_PRO_KIBANA_*` |

    Secrets are never answered. The one exception are the webhook's headers, which may carry a
    credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Config | ErrorBody]
    """

    kwargs = _get_kwargs()

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
) -> Config | ErrorBody | None:
    """Get the active configuration

     Answers the configuration that is in force, as one flat object. Some properties are there only while
    the
    feature they belong to is on:

    | present only if | properties |
    |---|---|
    | `OPENVIDU_RECORDING` is true | `OPENVIDU_RECORDING_*` |
    | `OPENVIDU_WEBHOOK` is true | `OPENVIDU_WEBHOOK_*` |
    | `OPENVIDU_PRO_CLUSTER_AUTOSCALING` is true | `OPENVIDU_PRO_CLUSTER_AUTOSCALING_*` |
    | `OPENVIDU_PRO_ELASTICSEARCH` is true | `OPENVIDU_PRO_ELASTICSEARCH_*` |
    | `OPENVIDU_PRO_KIBANA` is true | `OPENVIDU_PRO_KIBANA_*` |

    Secrets are never answered. The one exception are the webhook's headers, which may carry a
    credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Config | ErrorBody
    """

    return sync_detailed(
        client=client,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[Config | ErrorBody]:
    """Get the active configuration

     Answers the configuration that is in force, as one flat object. Some properties are there only while
    the
    feature they belong to is on:

    | present only if | properties |
    |---|---|
    | `OPENVIDU_RECORDING` is true | `OPENVIDU_RECORDING_*` |
    | `OPENVIDU_WEBHOOK` is true | `OPENVIDU_WEBHOOK_*` |
    | `OPENVIDU_PRO_CLUSTER_AUTOSCALING` is true | `OPENVIDU_PRO_CLUSTER_AUTOSCALING_*` |
    | `OPENVIDU_PRO_ELASTICSEARCH` is true | `OPENVIDU_PRO_ELASTICSEARCH_*` |
    | `OPENVIDU_PRO_KIBANA` is true | `OPENVIDU_PRO_KIBANA_*` |

    Secrets are never answered. The one exception are the webhook's headers, which may carry a
    credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Config | ErrorBody]
    """

    kwargs = _get_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> Config | ErrorBody | None:
    """Get the active configuration

     Answers the configuration that is in force, as one flat object. Some properties are there only while
    the
    feature they belong to is on:

    | present only if | properties |
    |---|---|
    | `OPENVIDU_RECORDING` is true | `OPENVIDU_RECORDING_*` |
    | `OPENVIDU_WEBHOOK` is true | `OPENVIDU_WEBHOOK_*` |
    | `OPENVIDU_PRO_CLUSTER_AUTOSCALING` is true | `OPENVIDU_PRO_CLUSTER_AUTOSCALING_*` |
    | `OPENVIDU_PRO_ELASTICSEARCH` is true | `OPENVIDU_PRO_ELASTICSEARCH_*` |
    | `OPENVIDU_PRO_KIBANA` is true | `OPENVIDU_PRO_KIBANA_*` |

    Secrets are never answered. The one exception are the webhook's headers, which may carry a
    credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Config | ErrorBody
    """

    return (
        await asyncio_detailed(
            client=client,
        )
    ).parsed
