"""The webhook and its dead letters over HTTP, on a running server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import add
from support.webhook_receiver import OK, WebhookReceiver, status, webhook_receiver

pytestmark = pytest.mark.anyio

WEBHOOK, LETTERS, REPLAY = "/fleet/webhook", "/fleet/dead-letters", "/fleet/dead-letters/replay"


@asynccontextmanager
async def refusing(
    tmp_path: Path, fleet: EmulatedCluster, **properties: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, WebhookReceiver]]:
    """A server whose receiver has refused the two events of a new node for good."""
    async with webhook_receiver() as receiver:
        receiver.answer = lambda _: status(422)
        async with live.mediafleet(
            tmp_path,
            OPENVIDU_WEBHOOK="true",
            OPENVIDU_WEBHOOK_ENDPOINT=f"http://127.0.0.1:{receiver.port}/a-secret-path?key=secret",
            MEDIAFLEET_WEBHOOK_SCHEDULE="0.001",
            **properties,
        ) as api:
            await add(api, fleet.uri(0))
            with anyio.fail_after(10):
                while (await api.get(LETTERS)).json()["total"] < 2:
                    await anyio.sleep(0.01)
            yield api, receiver


async def test_refused_events_are_listed_page_by_page(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with refusing(tmp_path, fleet) as (api, _):
        events = (await api.get("/fleet/events")).json()["content"]
        first = (await api.get(LETTERS, params={"limit": 1})).json()
        second = (await api.get(LETTERS, params={"after": first["next"]})).json()
        third = (await api.get(LETTERS, params={"after": second["next"]})).json()

    (letter,) = first["content"]
    assert letter["reason"] == "answered HTTP 422"
    assert letter["givenUpTime"] >= letter["timestamp"]
    same = ("sequence", "event", "mediaNodeId", "timestamp", "payload")
    listed = [*first["content"], *second["content"]]
    assert [[each[name] for name in same] for each in listed] == [
        [each[name] for name in same] for each in events
    ]
    assert (first["numberOfElements"], first["next"], first["total"]) == (1, 1, 2)
    assert (third["numberOfElements"], third["next"]) == (0, 2)


async def test_refused_events_are_sent_again_on_request(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with refusing(tmp_path, fleet) as (api, receiver):
        still = await api.post(REPLAY, json={"all": True})
        receiver.answer = lambda _: OK
        nothing = await api.post(REPLAY, json={"all": False})
        taken = await api.post(REPLAY, json={"sequences": [2, 2]})
        rest = await api.post(REPLAY, json={"all": True})

    assert still.json() == {"delivered": [], "remaining": 2, "problem": "answered HTTP 422"}
    assert nothing.json() == {"delivered": [], "remaining": 2, "problem": None}
    assert taken.json() == {"delivered": [2], "remaining": 1, "problem": None}
    assert rest.json() == {"delivered": [1], "remaining": 0, "problem": None}


async def test_a_refused_event_is_deleted_once(tmp_path: Path, fleet: EmulatedCluster) -> None:
    async with refusing(tmp_path, fleet) as (api, _):
        assert (await api.delete(f"{LETTERS}/1")).status_code == 204
        assert (await api.delete(f"{LETTERS}/1")).status_code == 404
        assert (await api.post(REPLAY, json={"sequences": [1]})).status_code == 404
        assert (await api.get(LETTERS)).json()["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sequences": [1], "all": True},
        {"sequences": []},
        {"sequences": list(range(1, 102))},
        {"sequences": [0]},
        {"all": 1},
    ],
)
async def test_a_wrong_replay_is_refused(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await api.post(REPLAY, json=body)).status_code == 400


async def test_the_state_shows_why_nothing_is_delivered_and_no_secret(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with refusing(tmp_path, fleet) as (api, receiver):
        receiver.answer = lambda _: status(503, "Retry-After: 3600")
        await add(api, fleet.uri(1))
        with anyio.fail_after(10):
            while (state := (await api.get(WEBHOOK)).json())["nextTryTime"] is None:
                await anyio.sleep(0.01)
        assert "secret" not in (await api.get(WEBHOOK)).text

    assert state["nextTryTime"] > 3_000_000
    assert state | {"nextTryTime": None} == {
        "enabled": True,
        "host": "127.0.0.1",
        "lag": 2,
        "delivered": 0,
        "failures": 11,
        "consecutiveFailures": 11,
        "deadLetters": 2,
        "lost": 0,
        "problem": "answered HTTP 503",
        "nextTryTime": None,
    }


async def test_the_state_of_a_webhook_that_is_off(api: httpx.AsyncClient) -> None:
    state = (await api.get(WEBHOOK)).json()
    assert (state["enabled"], state["host"], state["lag"]) == (False, None, 0)
