"""Handlers of the operations tagged ``cluster``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mediafleet.api import wire
from mediafleet.api.errors import error_details
from mediafleet.domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mediafleet.api.wire import HandlerResult
    from mediafleet.contract import ErrorDetail
    from mediafleet.services.autoscaling import Autoscaler
    from mediafleet.services.cluster import ClusterConfiguration


_HEALTH_ANSWERS: Mapping[str, tuple[HTTPStatus, dict[str, str]]] = {
    "UP": (HTTPStatus.OK, {}),
    "UNSTABLE": (HTTPStatus.OK, {}),
    "DOWN": (HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(UnavailableError.retry_after)}),
}


class ConfigurationHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, configuration: ClusterConfiguration) -> None:
        self._configuration = configuration

    async def get_config(self) -> HandlerResult:
        return dict(self._configuration.describe()), HTTPStatus.OK

    async def restart(self, body: dict[str, Any]) -> HandlerResult:
        await self._configuration.restart(body)
        return None, HTTPStatus.OK


async def restart_errors(
    configuration: ClusterConfiguration, valid: Mapping[str, Any], refused: Collection[str]
) -> Sequence[ErrorDetail]:
    """What else is wrong with a body of ``restart`` that breaks its schema."""
    return error_details(await configuration.validation_errors(valid, refused))


class HealthHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, configuration: ClusterConfiguration) -> None:
        self._configuration = configuration

    async def get_health(self) -> HandlerResult:
        body = wire.health(self._configuration.health())
        return body, *_HEALTH_ANSWERS[body["status"]]

    async def openvidu_get_health(self) -> HandlerResult:
        body = wire.openvidu_health(self._configuration.health())
        if body["status"] == "UNSTABLE":
            return body, HTTPStatus.CONFLICT, {}
        return body, *_HEALTH_ANSWERS[body["status"]]

    async def get_liveness(self) -> HandlerResult:
        self._configuration.require_live()
        return None, HTTPStatus.OK

    async def get_readiness(self) -> HandlerResult:
        self._configuration.require_ready()
        return None, HTTPStatus.OK

    async def openvidu_get_status(self) -> HandlerResult:
        return wire.openvidu_status(self._configuration.health()), HTTPStatus.OK


class CommunityHandlers:
    """What OpenVidu CE 2.15 shows of its configuration; one method for each operation.

    Args:
        configuration: The configuration in force.
        names: Of the properties that it shows together.
        recording_path: Returns the folder of recordings, also while recording is off.
    """

    def __init__(
        self,
        configuration: ClusterConfiguration,
        names: Collection[str],
        recording_path: Callable[[], str],
    ) -> None:
        self._configuration = configuration
        self._names = names
        self._recording_path = recording_path

    async def get_community_config(self) -> HandlerResult:
        shown = self._shown()
        return {name: shown[name] for name in self._names if name in shown}, HTTPStatus.OK

    async def get_openvidu_version(self) -> HandlerResult:
        return self._shown()["VERSION"], HTTPStatus.OK

    async def get_openvidu_publicurl(self) -> HandlerResult:
        return f"{self._shown()['OPENVIDU_PUBLICURL']}/", HTTPStatus.OK

    async def get_openvidu_recording(self) -> HandlerResult:
        return self._shown()["OPENVIDU_RECORDING"], HTTPStatus.OK

    async def get_openvidu_recording_path(self) -> HandlerResult:
        return self._recording_path(), HTTPStatus.OK

    async def get_openvidu_cdr(self) -> HandlerResult:
        return self._shown()["OPENVIDU_CDR"], HTTPStatus.OK

    async def accept_certificate(self) -> HandlerResult:
        return "The certificate of this server is accepted.", HTTPStatus.OK

    def _shown(self) -> dict[str, Any]:
        """The configuration, with the version of CE in place of that of Pro."""
        shown = dict(self._configuration.describe())
        return {**shown, "VERSION": shown["OPENVIDU_SERVER_DEPENDENCY_VERSION"]}


class AutoscalingHandlers:
    """One method for each operation, named after it; arguments were checked by the contract."""

    def __init__(self, autoscaler: Autoscaler) -> None:
        self._autoscaler = autoscaler

    async def get_autoscaling(
        self,
        *,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        min_load: int | None = None,
        max_load: int | None = None,
    ) -> HandlerResult:
        report = self._autoscaler.report(
            min_nodes=min_nodes, max_nodes=max_nodes, min_load=min_load, max_load=max_load
        )
        return wire.autoscaling(report), HTTPStatus.OK
