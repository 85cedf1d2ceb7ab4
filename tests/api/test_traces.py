"""Traces: spans of requests, launches, terminations and deliveries, sent to an OTLP receiver."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafleet import tracing
from support import live
from support.cluster_client import NODES, delete, members, until_gone
from support.failing_environment import FailingEnvironment
from support.otlp_receiver import OtlpReceiver, attributes, otlp_receiver
from support.webhook_receiver import status, webhook_receiver

pytestmark = pytest.mark.anyio
ERROR = 2
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


def exporting(monkeypatch: pytest.MonkeyPatch, url: str, **variables: str):
    """Trace as the command line does, whose environment the library reads too."""
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, **variables}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return tracing.exporting(environ)


async def test_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: OtlpReceiver
) -> None:
    with exporting(monkeypatch, receiver.url):
        async with live.mediafleet(tmp_path) as api:
            sent = {"X-Request-Id": "one", "traceparent": f"00-{TRACE}-{PARENT}-01"}
            await api.get(NODES, headers=sent)
            await api.get(f"{NODES}/kms_none", headers={"traceparent": "nonsense"})
            await api.get("/nothing")

    (listed,) = receiver.spans("list_media_nodes")
    assert attributes(listed.attributes) == {
        "mediafleet.operation.id": "list_media_nodes",
        "mediafleet.request.id": "one",
        "http.response.status_code": 200,
    }
    assert (listed.trace_id.hex(), listed.parent_span_id.hex()) == (TRACE, PARENT)
    assert 0 < listed.end_time_unix_nano - listed.start_time_unix_nano < 10e9
    (missing,) = receiver.spans("get_media_node")
    assert attributes(missing.attributes)["http.response.status_code"] == 404
    assert (missing.parent_span_id, missing.status.code) == (b"", 0)
    assert len(receiver.spans("unmatched")) == 1
    assert receiver.refused == 0
    resource = attributes(receiver.requests[0].resource_spans[0].resource.attributes)
    assert resource["service.name"] == "mediafleet"


async def test_launches_and_terminations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: OtlpReceiver
) -> None:
    environment = FailingEnvironment(tmp_path)
    with exporting(monkeypatch, receiver.url):
        async with live.mediafleet(
            tmp_path,
            environment=environment,
            OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
            OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
            MEDIAFLEET_LOCAL_COMMAND="emulator",
        ) as api:
            answer = await api.post(NODES, params={"wait": "true"})
            node_id = answer.json()["id"]
            await delete(api, node_id)
            await until_gone(api, node_id)
            environment.failing = {"launch"}
            await api.post(NODES, params={"wait": "true"})
            assert (await members(api))[0]["status"] == "failed"

    launched, failed = receiver.spans("launch machine")
    about = {"mediafleet.environment": environment.name, "mediafleet.media_node.id": node_id}
    assert attributes(launched.attributes) == about
    assert launched.status.code == 0
    assert (failed.status.code, failed.status.message) == (
        ERROR,
        "Environment local failed to launch: not authorized",
    )
    assert not failed.events
    assert attributes(receiver.spans("terminate machine")[0].attributes) == about


async def test_deliveries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: OtlpReceiver
) -> None:
    with exporting(monkeypatch, receiver.url):
        async with webhook_receiver() as hook:
            answers = iter([status(500)])
            hook.answer = lambda _: next(answers, status(204))
            async with live.mediafleet(
                tmp_path,
                OPENVIDU_WEBHOOK="true",
                OPENVIDU_WEBHOOK_ENDPOINT=f"http://127.0.0.1:{hook.port}/",
                MEDIAFLEET_WEBHOOK_SCHEDULE="0.01",
                KMS_URIS='["ws://127.0.0.1:1/kurento"]',
            ):
                await hook.until(2)

    failed, delivered, *_ = receiver.spans("deliver event")
    about = {"mediafleet.event.name": "mediaNodeStatusChanged", "mediafleet.event.sequence": 1}
    assert attributes(failed.attributes) == attributes(delivered.attributes) == about
    assert (failed.status.code, failed.status.message) == (ERROR, "answered HTTP 500")
    assert delivered.status.code == 0


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_without_an_endpoint_for_traces_over_http_there_are_none(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    with exporting(monkeypatch, "http://127.0.0.1:1", **variables):
        assert not tracing.is_on()


def test_without_the_extra_there_are_none_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with exporting(monkeypatch, "http://127.0.0.1:1"):
        assert not tracing.is_on()
    assert "pip install 'mediafleet[otel]'" in caplog.text


def test_a_collector_that_does_not_answer_holds_the_end_up_for_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "SHUTDOWN_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with exporting(monkeypatch, url, OTEL_EXPORTER_OTLP_TIMEOUT="2"):
            tracing.record_request("get_health", time.perf_counter(), 200, {}, {})
            begun = time.monotonic()
        assert time.monotonic() - begun < 1.5

        # It draws jitter from the random module, which other tests of this process may not share.
        (last,) = (each for each in threading.enumerate() if each.name == "last traces")
        last.join(30)
    assert not last.is_alive()


def test_headers_of_the_exporter_are_secrets(
    monkeypatch: pytest.MonkeyPatch, receiver: OtlpReceiver
) -> None:
    headers = "authorization=Bearer%20canary-4711,x-tenant=canary-0815"
    with (
        exporting(monkeypatch, receiver.url, OTEL_EXPORTER_OTLP_HEADERS=headers),
        pytest.raises(ValueError, match="canary"),
        tracing.span("action", {}),
    ):
        raise ValueError("sent with Bearer canary-4711 and canary-0815")

    (span,) = receiver.spans("action")
    assert "canary" not in span.status.message
    assert receiver.headers["authorization"] == "Bearer canary-4711"
