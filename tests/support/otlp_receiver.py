"""A stand-in for an OpenTelemetry collector: takes traces over HTTP and refuses what is no OTLP."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class OtlpReceiver:
    """What came in.

    Attributes:
        url: Its base, for `OTEL_EXPORTER_OTLP_ENDPOINT`.
        requests: Each a valid request for traces.
        refused: How many were something else.
        headers: Of the last request, by names in lower case.
    """

    url: str = ""
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)
    refused: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def spans(self, name: str) -> list[Span]:
        return [
            span
            for request in self.requests
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
            if span.name == name
        ]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        """Keep a request if it is one of OTLP over HTTP in binary form."""
        self.headers = headers
        if path != "/v1/traces" or headers.get("content-type") != "application/x-protobuf":
            self.refused += 1
            return False
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        self.requests.append(request)
        return True


def attributes(pairs: Iterator[KeyValue]) -> dict[str, str | int]:
    return {
        pair.key: pair.value.int_value
        if pair.value.HasField("int_value")
        else pair.value.string_value
        for pair in pairs
    }


@contextmanager
def otlp_receiver() -> Iterator[OtlpReceiver]:
    receiver = OtlpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_taken = receiver.take(self.path, headers, body)
            self.send_response(200 if is_taken else 400)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
