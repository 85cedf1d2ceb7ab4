"""Every documented answer of every operation is reached, and no other appears."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mediafleet import contract
from mediafleet.api.errors import describe_error
from mediafleet.app import load_contract
from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import (
    NODES,
    add,
    delete,
    members,
    patch,
    until_sessions,
)
from support.reachability import DOCUMENT, Reached, document, operations

pytestmark = pytest.mark.anyio

UNKNOWN = "kms_Unknown1"
REACHED = Reached()
LATER = [("add_media_node", 502), ("remove_media_node", 502)]
"""They need an environment that launches machines, and none does yet."""


def noting(how: str) -> Any:
    """An event hook that notes every answer under its operation."""
    by_path = {
        (each.method, each.path.split("{")[0].rstrip("/"), "{" in each.path): each.id
        for each in operations()
    }

    async def note(response: httpx.Response) -> None:
        path = response.request.url.path.rstrip("/")
        is_item = path.startswith(f"{NODES}/")
        key = (response.request.method, NODES if is_item else path, is_item)
        REACHED.note(by_path[key], response.status_code, how)

    return note


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(tmp_path, MEDIAFLEET_LAUNCH_TIMEOUT="5") as client:
        client.event_hooks["response"].append(noting("live"))
        yield client


def url_of(operation: Any) -> str:
    return operation.path.replace("{MEDIA_NODE_ID}", UNKNOWN)


async def test_refusals_that_every_operation_shares(api: httpx.AsyncClient) -> None:
    for each in operations():
        wrong = await api.request(each.method, url_of(each), auth=("OPENVIDUAPP", "wrong"))
        assert wrong.status_code == 401
        unknown = await api.request(each.method, url_of(each), params={"no-such": "1"}, json={})
        assert unknown.status_code == 400
        if each.takes_body:
            for body, kind, status in (
                (b" " * (1 << 20) + b"{}", "application/json", 413),
                (b"a=b", "application/x-www-form-urlencoded", 415),
            ):
                answer = await api.request(
                    each.method, url_of(each), content=body, headers={"content-type": kind}
                )
                assert answer.status_code == status


async def test_the_life_of_media_nodes(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    assert (await api.post(NODES)).status_code == 501
    assert (await api.post(NODES, json={"uri": "ws://127.0.0.1:9/kurento"})).status_code == 404
    node = await add(api, fleet.uri(0))
    assert (await api.post(NODES, json={"uri": fleet.uri(0)})).status_code == 409
    assert [each["id"] for each in await members(api)] == [node["id"]]
    assert (await api.get(f"{NODES}/{node['id']}")).status_code == 200
    assert (await api.put(NODES)).status_code == 200

    pipeline = fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)
    assert (await patch(api, node["id"], "running")).status_code == 204
    assert (await patch(api, node["id"], "canceled")).status_code == 400
    assert (await delete(api, node["id"])).status_code == 409
    assert (await delete(api, node["id"], deletion_strategy="when-no-sessions")).status_code == 202
    assert (await patch(api, node["id"], "running")).status_code == 200
    fleet.nodes[0].release_pipeline(pipeline)
    await until_sessions(api, node["id"], 0)
    assert (await delete(api, node["id"], wait="true")).status_code == 204

    for request in (
        api.get(f"{NODES}/{UNKNOWN}"),
        delete(api, UNKNOWN),
        patch(api, UNKNOWN, "running"),
    ):
        assert (await request).status_code == 404


async def test_the_cluster_as_a_whole(api: httpx.AsyncClient) -> None:
    assert (await api.post("/pro/restart", json={"OPENVIDU_CDR": True})).status_code == 200
    assert (await api.post("/pro/restart", json={"OPENVIDU_CDR": 1})).status_code == 400
    assert (await api.get("/pro/config")).status_code == 200
    assert (await api.get("/health")).status_code == 200


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (RuntimeError("a bug"), 500),
        (None, 500),
        (StoreUnavailableError("frozen"), 503),
    ],
    ids=["a handler raises", "a handler answers a wrong body", "the store does not answer"],
)
async def test_failures_of_the_server_itself(failure: Exception | None, status: int) -> None:
    async def fail(**_: object) -> tuple[object, int]:
        if failure is None:
            return {"no": "such answer"}, 200
        raise failure

    app = contract.create_app(
        load_contract(),
        {each.id: fail for each in operations()},
        authenticate=lambda *_: True,
        describe_error=describe_error,
        now_ms=lambda: 0,
    )
    bodies = {"POST": {"uri": "ws://127.0.0.1/kurento"}, "PATCH": {"status": "running"}}
    async with (
        live.serving(app) as url,
        httpx.AsyncClient(
            base_url=url, auth=("a", "b"), event_hooks={"response": [noting("test app")]}
        ) as client,
    ):
        for each in operations():
            body = {} if each.id == "restart" else bodies.get(each.method)
            answer = await client.request(each.method, url_of(each), json=body)
            assert answer.status_code == status, (each.id, answer.text)
            assert ("retry-after" in answer.headers) == (status == 503)


def test_every_documented_answer_was_reached_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        print(f"\n\n{REACHED.table()}")
    if "MEDIAFLEET_WRITE_DOCS" in os.environ:
        DOCUMENT.write_text(document(REACHED))

    assert REACHED.missing() == LATER
    assert REACHED.undocumented() == []
    assert DOCUMENT.read_text() == document(REACHED), "MEDIAFLEET_WRITE_DOCS=1 writes it anew"
