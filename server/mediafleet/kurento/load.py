"""Measures the CPU load of a media server, on a connection that lives no longer than that."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.meeting import visit
from mediafleet.kurento.values import number

if TYPE_CHECKING:
    from mediafleet.domain.uri import MediaServerUri
    from mediafleet.kurento.meeting import Tools

MOST_CPUS = 4096

log = logging.getLogger(__name__)


async def measure_load(
    uri: MediaServerUri, address: str, server_id: str, tools: Tools
) -> float | None:
    """CPU load in percent of the machine, 0–100; ``None`` when it is not known.

    The media server sleeps over the measurement and answers nothing else on that connection
    meanwhile: hence a second one.

    Args:
        uri: Of the media server.
        address: Where it is. Its name may lead elsewhere by now, or to several servers in turn.
        server_id: Its process; the load of any other is not told.
        tools: For the connection.
    """
    settings = tools.settings
    interval = {"interval": settings.cpu_interval_ms}
    try:
        with anyio.fail_after(settings.measurement_timeout):
            async with visit(uri, tools, address=address) as guest:
                if guest.server_id != server_id:
                    return None
                ask = guest.exchange.invoke
                count = await ask("getCpuCount", timeout_s=settings.measurement_timeout)
                used = await ask("getUsedCpu", interval, timeout_s=settings.measurement_timeout)
                return to_load(used, count)
    except (TimeoutError, UnreachableMediaServerError) as error:
        log.debug("load not measured", extra={"reason": str(error)})
        return None


def to_load(used: object, count: object) -> float | None:
    """Percent of the machine from percent of one core and the number of cores.

    A media server tells ``null`` or infinity when it does not know; that is never 0.
    """
    percent, cpus = number(used), number(count)
    if percent is None or cpus is None:
        return None
    if percent < 0 or not 1 <= cpus <= MOST_CPUS:
        return None
    return min(round(percent / cpus, 2), 100.0)
