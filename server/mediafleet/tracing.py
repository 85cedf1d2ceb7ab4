"""Traces in OpenTelemetry, which is neither imported nor needed unless the environment asks for it.

The standard variables configure it; its library reads them itself. Spans leave in batches from a
thread with a bounded queue, so neither a slow collector nor one that is down delays the server.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mediafleet import masking
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Tracer

    Attributes = Mapping[str, str | int]

log = logging.getLogger(__name__)

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HEADERS: Final = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
SHUTDOWN_S: Final = 5.0
"""How long the last spans may take to leave."""

_PROTOCOL: Final = "http/protobuf"
_FIRST_SERVER_ERROR: Final = 500
_MAX_REASON: Final = 500

_tracer: Tracer | None = None


@contextmanager
def exporting(environ: Mapping[str, str]) -> Iterator[None]:
    """Record spans while this is entered, if the environment names an endpoint for them.

    Args:
        environ: The process's own environment, which the library reads too; nothing is recorded
            if it is empty.
    """
    global _tracer  # noqa: PLW0603  # as with loggers, callers hold no tracer
    if not _is_wanted(environ):
        yield
        return
    for name in HEADERS:
        for header in environ.get(name, "").split(","):
            masking.hide(unquote(header.partition("=")[2].strip()))
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        log.warning("no traces: install them with pip install 'mediafleet[otel]'")
        yield
        return
    service = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "mediafleet"}
    provider = TracerProvider(resource=Resource.create(service), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("mediafleet")
    try:
        yield
    finally:
        _tracer = None
        # In a thread, as it waits for a collector that does not answer for half a minute.
        last = threading.Thread(target=provider.shutdown, name="last traces", daemon=True)
        last.start()
        last.join(SHUTDOWN_S)


def _is_wanted(environ: Mapping[str, str]) -> bool:
    if not any(environ.get(name) for name in ENDPOINTS):
        return False
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return False
    protocol = next(filter(None, map(environ.get, PROTOCOLS)), _PROTOCOL)
    if protocol != _PROTOCOL:
        log.warning("no traces: their protocol must be http/protobuf", extra={"is": protocol})
        return False
    return True


def is_on() -> bool:
    """Return whether spans are recorded."""
    return _tracer is not None


@contextmanager
def span(name: str, attributes: Attributes) -> Iterator[None]:
    """Record what the block does, and its error if it raises one; a call to another program.

    Args:
        name: Of the action.
        attributes: What it is about.
    """
    tracer = _tracer
    if tracer is None:
        yield
        return
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415  # it is loaded already

    with tracer.start_as_current_span(
        name,
        kind=SpanKind.CLIENT,
        attributes=dict(attributes),
        record_exception=False,  # tracebacks are not masked
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except BaseException as error:
            reason = one_line(masking.mask(str(error)[: masking.MAX_CHARACTERS]), _MAX_REASON)
            current.set_status(StatusCode.ERROR, reason or type(error).__name__)
            raise


def record_request(
    name: str,
    begun: float,
    status: int,
    headers: Mapping[str, str],
    attributes: Attributes,
) -> None:
    """Record a request of a client that is answered now.

    Args:
        name: Of its operation.
        begun: When it began, on the clock of :func:`time.perf_counter`.
        status: Of the response.
        headers: Of the request; ``traceparent`` makes the span a part of the client's trace.
        attributes: What it is about.
    """
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415  # it is loaded already
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    end = time.time_ns()
    recorded = _tracer.start_span(
        name,
        context=TraceContextTextMapPropagator().extract(headers),
        kind=SpanKind.SERVER,
        attributes={**attributes, "http.response.status_code": status},
        start_time=end - int((time.perf_counter() - begun) * 1e9),
    )
    if status >= _FIRST_SERVER_ERROR:
        recorded.set_status(StatusCode.ERROR)
    recorded.end(end)
