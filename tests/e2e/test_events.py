"""Events of a real server, as a webhook's receiver and a reader of the files get them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import pytest

from support import processes
from support.cluster_client import NODES, until_running
from support.local_nodes import end_local_nodes
from support.webhook_receiver import status, webhook_receiver

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _leaves_nothing(tmp_path: Path):
    yield
    assert end_local_nodes(tmp_path) == []


def properties(tmp_path: Path, port: int) -> dict[str, str]:
    return {
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "local",
        "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": "1",
        "MEDIAFLEET_LOCAL_COMMAND": "emulator",
        "MEDIAFLEET_WEBHOOK_SCHEDULE": "0.1",
        "OPENVIDU_CDR": "true",
        "OPENVIDU_CDR_PATH": str(tmp_path / "records"),
        "OPENVIDU_WEBHOOK": "true",
        "OPENVIDU_WEBHOOK_ENDPOINT": f"http://127.0.0.1:{port}/events",
    }


def records(tmp_path: Path) -> list[dict[str, object]]:
    """The events of all files, with their names as the webhook has them."""
    found = []
    for file in sorted((tmp_path / "records").glob("CDR.*.log")):
        for line in file.read_text("utf-8").splitlines():
            [(name, payload)] = json.loads(line).items()
            found.append({**payload, "event": name})
    return found


async def until_recorded(tmp_path: Path, count: int) -> list[dict[str, object]]:
    with anyio.fail_after(20):
        while len(found := records(tmp_path)) < count:
            await anyio.sleep(0.02)
    return found


async def test_webhook_and_files_hold_the_same_events(tmp_path: Path) -> None:
    async with webhook_receiver() as receiver:
        given = properties(tmp_path, receiver.port)
        async with processes.server(tmp_path / "data", **given) as (_, api):
            await until_running(api, 1)
            requests = await receiver.until(2)
            written = await until_recorded(tmp_path, 2)

    assert [(event["oldStatus"], event["newStatus"]) for event in written[:2]] == [
        (None, "launching"),
        ("launching", "running"),
    ]
    assert [request.event for request in requests[:2]] == written[:2]
    # What happened at the stop: the nodes ended with the server.
    assert [event["newStatus"] for event in records(tmp_path)[2:]] == ["terminating", "terminated"]


async def test_a_killed_server_loses_and_repeats_nothing_in_the_files(tmp_path: Path) -> None:
    async with webhook_receiver() as receiver:
        receiver.answer = lambda _: status(503)
        given = properties(tmp_path, receiver.port)
        async with processes.server(tmp_path / "data", **given) as (running, api):
            await until_running(api, 1)
            await receiver.until(1)
            running.kill()
            await running.process.wait()
        receiver.requests.clear()
        receiver.answer = lambda _: status(204)
        async with processes.server(tmp_path / "data", **given) as (_, api):
            (node,) = await until_running(api, 1)
            requests = await receiver.until(2)
            written = await until_recorded(tmp_path, 2)

    assert [request.event for request in requests[:2]] == written[:2]
    assert {event["id"] for event in written} == {node["id"]}
    assert len(written) == 2


async def test_a_restart_turns_the_webhook_on(tmp_path: Path) -> None:
    async with webhook_receiver() as receiver:
        given = {**properties(tmp_path, receiver.port), "OPENVIDU_WEBHOOK": "false"}
        async with processes.server(tmp_path / "data", **given) as (running, api):
            await until_running(api, 1)
            answer = await api.post(
                "/pro/restart", json={"OPENVIDU_WEBHOOK": True, "OPENVIDU_WEBHOOK_EVENTS": []}
            )
            assert answer.status_code == 200
            with anyio.fail_after(10):
                while not any("sends nothing" in line for line in running.output):
                    await anyio.sleep(0.02)
            await api.post(
                "/pro/restart", json={"OPENVIDU_WEBHOOK_EVENTS": ["mediaNodeStatusChanged"]}
            )
            await api.post(NODES)
            requests = await receiver.until(2)

    assert [request.event["newStatus"] for request in requests[:2]] == ["launching", "running"]
    assert len({request.event["id"] for request in requests[:2]}) == 1
