"""Events over HTTP: pages, the stream and call detail records of a running server."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.api import events
from mediafleet.app import Stopping
from mediafleet.domain.events import event_hash
from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import NODES, Json, add, delete

pytestmark = pytest.mark.anyio

EVENTS, STREAM = "/fleet/events", "/fleet/events/stream"
SOON_S = 10


async def blocks(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """The Server-Sent Events of a response, by the names of their fields; comments have none."""
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            block[name] = value
        else:
            yield block
            block = {}


async def page(api: httpx.AsyncClient, **query: int) -> Json:
    response = await api.get(EVENTS, params=query)
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


async def test_the_events_of_a_node_are_read_page_by_page(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    assert (await delete(api, node["id"], wait="true")).status_code == 204

    found, after, last_hash = [], 0, ""
    while (read := await page(api, after=after, limit=3))["content"]:
        assert read["numberOfElements"] == len(read["content"])
        found += read["content"]
        after = read["next"]

    assert [event["sequence"] for event in found] == list(range(1, read["newest"] + 1))
    assert {event["mediaNodeId"] for event in found} == {node["id"]}
    changes = [(event["payload"]["oldStatus"], event["payload"]["newStatus"]) for event in found]
    assert changes == [
        (None, "launching"),
        ("launching", "running"),
        ("running", "terminating"),
        ("terminating", "terminated"),
    ]
    for event in found:
        last_hash = event_hash(last_hash, event["sequence"], event["event"], event["payload"])
        assert event["hash"] == last_hash


async def test_the_stream_goes_on_where_the_client_lost_it(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    async with api.stream("GET", STREAM) as response, anyio.create_task_group() as tasks:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        read = blocks(response)
        assert await anext(read) == {"": "keep-alive"}
        tasks.start_soon(add, api, fleet.uri(0))
        with anyio.fail_after(SOON_S):
            first = await anext(read)

    assert (first["id"], first["event"]) == ("1", "mediaNodeStatusChanged")
    assert json.loads(first["data"]) == (await page(api, limit=1))["content"][0]
    headers = {"Last-Event-ID": first["id"]}
    response = await api.get(STREAM, params={"limit": 1, "after": 0}, headers=headers)
    assert response.status_code == 200
    assert [line for line in response.text.splitlines() if line.startswith("id")] == ["id: 2"]


async def test_a_stream_without_events_ends_when_its_time_is_over(api: httpx.AsyncClient) -> None:
    response = await api.get(STREAM, params={"duration": 0})
    assert (response.status_code, response.text) == (200, ": keep-alive\n\n")
    assert (await api.head(STREAM)).status_code == 200


@pytest.mark.parametrize("path", [EVENTS, STREAM])
async def test_a_position_that_is_of_no_use_is_gone(api: httpx.AsyncClient, path: str) -> None:
    response = await api.get(path, params={"after": 7})

    assert response.status_code == 410
    assert response.json()["message"].startswith("There is no event 7")


@pytest.mark.parametrize(
    ("path", "query", "headers", "place"),
    [
        (EVENTS, {"limit": "0"}, {}, "query parameter 'limit'"),
        (EVENTS, {"limit": "1001"}, {}, "query parameter 'limit'"),
        (EVENTS, {"after": "-1"}, {}, "query parameter 'after'"),
        (STREAM, {"after": "1.0"}, {}, "query parameter 'after'"),
        (STREAM, {"duration": "86401"}, {}, "query parameter 'duration'"),
        (STREAM, {}, {"Last-Event-ID": ""}, "header 'Last-Event-ID'"),
        (STREAM, {}, {"Last-Event-ID": "x"}, "header 'Last-Event-ID'"),
        (STREAM, {}, {"Last-Event-ID": "9" * 30}, "header 'Last-Event-ID'"),
    ],
)
async def test_a_wrong_position_is_refused(
    api: httpx.AsyncClient, path: str, query: dict[str, str], headers: dict[str, str], place: str
) -> None:
    response = await api.get(path, params=query, headers=headers)

    assert response.status_code == 400
    assert response.json()["message"].startswith(place)


async def test_one_stream_too_many_is_refused_until_another_one_hangs_up(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    async with api.stream("GET", STREAM) as response:
        assert response.status_code == 200
        refused = await api.get(STREAM)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        assert "1 streams of events are served already" in refused.json()["message"]

    with anyio.fail_after(SOON_S):
        while (await api.get(STREAM, params={"duration": 0})).status_code == 503:
            await anyio.sleep(0.01)


async def test_a_hundred_streams_get_every_event(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    found: list[list[str]] = []
    begun: list[None] = []

    async def follow() -> None:
        async with api.stream("GET", STREAM, params={"limit": 4}) as response:
            read = blocks(response)
            await anext(read)
            begun.append(None)
            found.append([block["id"] async for block in read if "id" in block])

    with anyio.fail_after(3 * SOON_S):
        async with anyio.create_task_group() as tasks:
            for _ in range(events.MAX_STREAMS):
                tasks.start_soon(follow)
            while len(begun) < events.MAX_STREAMS:
                await anyio.sleep(0.01)
            for number in range(2):
                await add(api, fleet.uri(number))

    assert found == [["1", "2", "3", "4"]] * events.MAX_STREAMS


async def test_the_stop_of_the_server_ends_streams_at_once(tmp_path: Path) -> None:
    stopping = Stopping()
    async with live.mediafleet(tmp_path, stopping=stopping) as api, api.stream("GET", STREAM) as it:
        read = blocks(it)
        await anext(read)
        stopping.begin()

        with anyio.fail_after(SOON_S):
            assert [block async for block in read] in ([], [{"": "keep-alive"}])
        assert (await api.get(STREAM)).status_code == 503


async def test_events_are_followed_while_a_restart_is_under_way(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    async with api.stream("GET", STREAM, params={"limit": 1}) as response:
        assert (await api.post("/pro/restart", json={})).status_code == 200
        await add(api, fleet.uri(0))
        with anyio.fail_after(SOON_S):
            assert "id: 1" in [line async for line in response.aiter_lines()]


CDR = pytest.mark.parametrize("cdr", ["/cdr", "/openvidu/cdr"])
NAMES = ["CDR.2020-09-21_08-50-36.log", "CDR.2020-09-22_00-00-00.log"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cdr"
    folder.mkdir()
    return folder


@CDR
async def test_there_are_no_records_without_a_directory(api: httpx.AsyncClient, cdr: str) -> None:
    response = await api.get(cdr)
    assert (response.status_code, response.json()) == (200, [])
    assert (await api.get(cdr, auth=("OPENVIDUAPP", "wrong"))).status_code == 401
    assert (await api.get(f"{cdr}/{NAMES[0]}", auth=("OPENVIDUAPP", "wrong"))).status_code == 401


@CDR
async def test_records_are_listed_and_sent(folder: Path, api: httpx.AsyncClient, cdr: str) -> None:
    lines = b'{"nodeRecovered":{}}\n' * 20_000
    (folder / NAMES[1]).write_bytes(b"")
    (folder / NAMES[0]).write_bytes(lines)
    (folder / "notes.txt").write_text("not one of them")

    assert (await api.get(cdr)).json() == NAMES
    response = await api.get(f"{cdr}/{NAMES[0]}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.content == lines
    assert (await api.get(f"{cdr}/{NAMES[1]}")).content == b""
    assert (await api.head(f"{cdr}/{NAMES[0]}")).status_code == 200


@CDR
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("CDR.2020-09-23_00-00-00.log", 404),
        ("notes.txt", 404),
        ("mediafleet.db", 404),
        ("..", 404),
        ("..%2Fnotes.txt", 400),
        ("%2e%2e%2fmediafleet.db", 400),
        ("/etc/passwd", 404),
        ("%2Fetc%2Fpasswd", 400),
        ("CDR.2020-09-21_08-50-36.log%00", 400),
        (".env", 400),
        ("a" * 65, 400),
    ],
)
async def test_nothing_but_records_is_sent(
    folder: Path, api: httpx.AsyncClient, cdr: str, name: str, status: int
) -> None:
    (folder / "notes.txt").write_text("not one of them")
    url = api.base_url.copy_with(raw_path=f"{cdr}/{name}".encode())

    assert (await api.get(url)).status_code == status


@CDR
async def test_a_directory_in_place_of_records_is_no_file(
    folder: Path, api: httpx.AsyncClient, cdr: str
) -> None:
    (folder / NAMES[0]).mkdir()

    response = await api.get(f"{cdr}/{NAMES[0]}")
    assert response.status_code == 404
    assert response.json()["message"] == f"No file of call detail records is named {NAMES[0]}"


@CDR
async def test_records_that_cannot_be_read_are_a_clear_error(
    tmp_path: Path, api: httpx.AsyncClient, cdr: str
) -> None:
    (tmp_path / "cdr").write_text("a file in place of the directory")

    response = await api.get(cdr)
    assert response.status_code == 503
    assert response.json()["message"] == ("The call detail records cannot be read: Not a directory")
    assert (await api.get(NODES)).status_code == 200
