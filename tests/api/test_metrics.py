"""GET /metrics: what it shows, what it costs clients to know, and the rules of Prometheus."""

import asyncio
import re
import subprocess
from pathlib import Path

import anyio
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

import mediafleet
from mediafleet.domain.diagnostics import Finding
from mediafleet.domain.media_node import MediaNodeStatus
from support import live
from support.cluster_client import NODES, add
from support.documents import ROOT
from support.fake_kurento import fake_kurento
from support.tools import require_tool

pytestmark = pytest.mark.anyio

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def samples(api: httpx.AsyncClient) -> Samples:
    answer = await api.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"mediafleet_{name}", frozenset(labels.items())))


async def until_value(
    api: httpx.AsyncClient, expected: float | None, name: str, **labels: str
) -> Samples:
    with anyio.fail_after(10):
        while value(found := await samples(api), name, **labels) != expected:
            await anyio.sleep(0.02)
    return found


async def test_an_empty_cluster(api: httpx.AsyncClient) -> None:
    assert (await api.get("/metrics", auth=("OPENVIDUAPP", "wrong"))).status_code == 401
    answer = await api.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"

    found = await samples(api)

    assert value(found, "build_info", version=mediafleet.__version__) == 1
    assert value(found, "authentication_failures_total") == 1
    assert value(found, "store_refused_changes_total") == 0
    assert value(found, "media_nodes_accepting_sessions") == 0
    assert value(found, "load_ratio") is None
    for status in MediaNodeStatus:
        assert value(found, "media_nodes", status=status, connected="true") == 0
    for finding in Finding:
        assert value(found, "failure_decisions_total", finding=finding) == 0
    for component in ("store", "environment", "heartbeat", "links", "webhook"):
        assert value(found, "component_up", component=component) == 1
    assert found["process_open_fds", frozenset()] > 3


async def test_nodes_load_sessions_and_failures(tmp_path: Path) -> None:
    async with (
        fake_kurento() as server,
        live.mediafleet(tmp_path, MEDIAFLEET_LOAD_INTERVAL="1") as api,
    ):
        server.create("room")
        node = await add(api, server.uri)
        found = await until_value(api, 0.25, "media_node_load_ratio", media_node_id=node["id"])

        assert value(found, "load_ratio") == 0.25
        assert value(found, "media_nodes", status="running", connected="true") == 1
        assert value(found, "media_nodes_accepting_sessions") == 1
        assert value(found, "media_nodes_unknown_load") == 0
        assert value(found, "sessions") == 1
        assert value(found, "media_node_sessions", media_node_id=node["id"]) == 1
        assert value(found, "events_total", event="mediaNodeStatusChanged") == 2
        assert value(found, "events_newest_sequence") == 2
        assert value(found, "events_oldest_sequence") == 1
        assert (value(found, "store_commit_duration_seconds_count") or 0) >= 2

        await server.stop()
        found = await until_value(api, 1, "failure_decisions_total", finding="disconnected")
        assert value(found, "media_nodes", status="running", connected="false") == 1
        assert value(found, "media_nodes_accepting_sessions") == 0
        assert value(found, "media_node_load_ratio", media_node_id=node["id"]) is None
        await until_value(api, 1, "failure_decisions_total", finding="crashed")


async def test_a_cluster_with_more_nodes_than_set_has_sums_only(tmp_path: Path) -> None:
    async with (
        fake_kurento() as server,
        live.mediafleet(tmp_path, MEDIAFLEET_METRICS_NODES="0") as api,
    ):
        await add(api, server.uri)

        found = await samples(api)

    assert value(found, "media_nodes_accepting_sessions") == 1
    assert not any("media_node_id" in dict(labels) for _, labels in found)


async def test_requests_are_measured_by_operation_and_status(api: httpx.AsyncClient) -> None:
    def count(found: Samples, operation: str, status: str) -> float | None:
        name = "http_request_duration_seconds_count"
        return value(found, name, operation=operation, status=status)

    await api.get(NODES)
    await api.head(NODES)
    await api.get(f"{NODES}/kms_none")
    await api.get(NODES, params={"sessions": "maybe"})
    for path in ("/nothing", "/pro/nothing", f"/{'x' * 100}"):
        await api.get(path)
    await api.get(NODES, auth=("OPENVIDUAPP", "wrong"))
    found = await samples(api)

    assert count(found, "list_media_nodes", "200") == 2
    assert count(found, "list_media_nodes", "400") == 1
    assert count(found, "get_media_node", "404") == 1
    assert count(found, "unmatched", "404") == 3
    assert count(found, "unmatched", "401") == 1


async def test_no_client_makes_a_series(api: httpx.AsyncClient) -> None:
    for number in range(50):
        await api.get(f"/{number}")
        await api.get(f"{NODES}/kms_{number}")
        await api.request(f"M{number}", NODES)
    before = len(await samples(api))
    for number in range(50, 100):
        await api.get(f"/{number}")
        await api.get(f"{NODES}/kms_{number}")
        await api.request(f"M{number}", NODES)

    # The first request for the metrics is a series of its own in the answer to the second.
    assert len(await samples(api)) - before < 15


async def test_without_credentials_if_the_setting_says_so(tmp_path: Path) -> None:
    async with (
        live.mediafleet(tmp_path, MEDIAFLEET_METRICS_OPEN="true") as api,
        httpx.AsyncClient(base_url=api.base_url) as anybody,
    ):
        assert (await anybody.get("/metrics")).status_code == 200
        assert (await anybody.get("/health")).status_code == 401
        assert live.SECRET not in (await anybody.get("/metrics")).text


async def test_a_server_whose_loops_have_ended_still_says_so(api: httpx.AsyncClient) -> None:
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "lifecycle")
    task.cancel()  # a stray cancellation ends all that belongs together
    await asyncio.wait([task])

    found = await until_value(api, 0, "component_up", component="store")
    assert value(found, "component_up", component="lifecycle") == 0
    assert value(found, "component_up", component="environment") == 1


async def test_promtool_has_nothing_to_object_to(tmp_path: Path) -> None:
    async with fake_kurento() as server, live.mediafleet(tmp_path) as api:
        await add(api, server.uri)
        await api.get("/nothing")
        text = (await api.get("/metrics")).text

    checked = subprocess.run(
        [require_tool("promtool"), "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def test_the_documents_list_all_metrics(tmp_path: Path) -> None:
    async with fake_kurento() as server, live.mediafleet(tmp_path) as api:
        await add(api, server.uri)
        text = (await api.get("/metrics")).text
    helps = dict(re.findall(r"^# HELP (mediafleet_\w+) (.+)$", text, re.MULTILINE))
    types = dict(re.findall(r"^# TYPE (mediafleet_\w+) (\w+)$", text, re.MULTILINE))

    rows = re.findall(
        r"^\| `(mediafleet_\w+)` \| (\w+) \| .*?\| (.+) \|$",
        (ROOT / "docs" / "monitoring.md").read_text("utf-8"),
        re.MULTILINE,
    )

    # Those of connections are there only under a server of the command line.
    rows = [row for row in rows if not row[0].startswith("mediafleet_connections")]
    assert sorted(rows) == sorted((name, types[name], helps[name]) for name in types)


async def test_streams_are_counted_while_they_are_served(api: httpx.AsyncClient) -> None:
    async with api.stream("GET", "/fleet/events/stream") as stream:
        await anext(stream.aiter_bytes())
        assert value(await samples(api), "event_streams") == 1
    await until_value(api, 0, "event_streams")
