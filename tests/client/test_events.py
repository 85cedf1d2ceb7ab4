"""Both clients follow events, and go on behind the last one if the connection breaks."""

import json
from contextlib import aclosing, closing
from functools import partial
from itertools import islice
from typing import Any

import anyio.to_thread
import httpx
import pytest

from client.conftest import answer, do, error
from mediafleet.emulator import EmulatedCluster
from mediafleet_client import (
    ApiStatusError,
    BadRequest,
    ConnectionFailed,
    Gone,
    InvalidResponse,
    NotFound,
    Unavailable,
    async_client,
    client,
    conversation,
)
from support import live
from support.cluster_client import add

pytestmark = pytest.mark.anyio

COMMENT = b": keep-alive\n\n"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client, async_client):
        monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.01)


def event(number: int) -> dict[str, Any]:
    return {
        "sequence": number,
        "event": "mediaNodeForgotten",
        "mediaNodeId": "kms_1",
        "timestamp": 1600678236916,
        "payload": {"id": "kms_1", "new": [number]},
        "hash": "0" * 64,
    }


def frames(*numbers: int) -> bytes:
    return b"".join(
        b"id: %d\nevent: mediaNodeForgotten\ndata: %b\n\n" % (n, json.dumps(event(n)).encode())
        for n in numbers
    )


def stream(*numbers: int) -> bytes:
    return answer(200, COMMENT + frames(*numbers), Content_Type="text/event-stream")


def page(newest: int) -> bytes:
    body = {"numberOfElements": 0, "content": [], "next": 0, "oldest": 1, "newest": newest}
    return answer(200, body)


async def take(events: Any, count: int | None = None) -> list[Any]:
    """Take so many items of a generator of either kind, or all."""
    if hasattr(events, "__aiter__"):
        taken = []
        async with aclosing(events):
            async for each in events:
                taken.append(each)
                if len(taken) == count:
                    break
        return taken
    with closing(events):
        return await anyio.to_thread.run_sync(partial(list, islice(events, count)))


def cursors(server: Any) -> list[str]:
    """The positions that the client has asked for."""
    heads = [head.lower().splitlines() for head in server.asked]
    return [
        line.partition(": ")[2]
        for head in heads
        for line in head
        if line.startswith("last-event-id: ")
    ]


async def test_a_stream_that_breaks_off_goes_on_behind_its_last_event(connect, server):
    broken = stream(3, 4)[:-10]
    server.answers = [stream(1, 2), broken, stream(4, 5)]

    taken = await take(connect(server.url).events.stream(after=0), 5)

    assert [each.sequence for each in taken] == [1, 2, 3, 4, 5]
    assert taken[0].payload.to_dict() == {"id": "kms_1", "new": [1]}
    assert cursors(server) == ["0", "2", "3"]


async def test_a_stream_from_now_on_has_no_gap_before_its_first_event(connect, server):
    server.answers = [page(newest=7), stream(), stream(8)]

    assert [e.sequence for e in await take(connect(server.url).events.stream(), 1)] == [8]
    assert cursors(server) == ["7", "7"]


async def test_a_stream_waits_for_a_server_that_is_away(connect, server):
    away = [answer(503, error(503), Retry_After="0"), answer(502, b"<html>"), answer(504, b"")]
    server.answers = [stream(1), *away, stream(2)]

    assert [e.sequence for e in await take(connect(server.url).events.stream(after=0), 2)] == [1, 2]
    assert cursors(server) == ["0", "1", "1", "1", "1"]


@pytest.mark.parametrize(
    ("status", "refusal"), [(410, Gone), (400, BadRequest), (503, Unavailable), (599, ApiStatusError)]
)
async def test_what_is_refused_at_first_is_an_error(connect, server, status, refusal):
    server.answers = [answer(status, error(status, "So it is."), Retry_After="0")]

    with pytest.raises(refusal, match="So it is"):
        await take(connect(server.url).events.stream(after=0))


async def test_events_that_were_deleted_meanwhile_are_an_error(connect, server):
    server.answers = [stream(1), answer(410, error(410, "read on after 1000"))]

    with pytest.raises(Gone, match="read on after 1000"):
        await take(connect(server.url).events.stream(after=0))


async def test_a_server_that_is_not_there_is_an_error_at_first(connect):
    with pytest.raises(ConnectionFailed):
        await take(connect("http://127.0.0.1:9").events.stream(after=0))


@pytest.mark.parametrize("data", [b"data: {}\n\n", b"data: x\n\n", b"data: [1]\n\n"])
async def test_what_is_no_event_is_an_error(connect, server, data):
    server.answers = [answer(200, data)]

    with pytest.raises(InvalidResponse, match="an event that its API does not have"):
        await take(connect(server.url).events.stream(after=0))


async def test_an_event_may_come_in_odd_lines(connect, server):
    split = json.dumps(event(1), indent=1).encode().split(b"\n")
    body = b"retry: 5\r\n\r\n:\r\ndata\r\n" + b"".join(b"data:%b\r\n" % part for part in split)
    server.answers = [answer(200, body + b"\r\n")]

    (taken,) = await take(connect(server.url).events.stream(after=0, limit=1))
    assert taken.to_dict() == event(1)


async def test_an_event_may_hold_what_looks_like_the_end_of_a_line(connect, server):
    odd = event(1) | {"payload": {"reason": "a\u2028b\x85c\u2029"}}
    data = json.dumps(odd, ensure_ascii=False).encode()
    server.answers = [answer(200, b"data: " + data + b"\n\n")]

    (taken,) = await take(connect(server.url).events.stream(after=0, limit=1))
    assert taken.to_dict() == odd


async def test_a_line_without_an_end_is_an_error(connect, server, monkeypatch):
    monkeypatch.setattr(conversation, "_MAX_LINE", 1000)
    server.answers = [answer(200, b"data: " + b"x" * 1000)]

    with pytest.raises(InvalidResponse, match="a line of more than 1000 bytes"):
        await take(connect(server.url).events.stream(after=0))


async def test_a_stream_ends_after_so_many_events(connect, server):
    server.answers = [stream(1), stream(2, 3)]

    taken = await take(connect(server.url).events.stream(after=0, limit=3))
    assert [each.sequence for each in taken] == [1, 2, 3]
    assert [line.partition("limit=")[2] for line in server.lines] == ["3", "2"]


async def test_a_stream_ends_after_so_many_seconds(connect, server):
    server.answers = [stream(1)]

    taken = await take(connect(server.url).events.stream(after=0, duration=0))
    assert [each.sequence for each in taken] == [1]
    assert "duration=0" in server.lines[0]


async def test_events_and_records_of_a_real_server(tmp_path, connect, fleet: EmulatedCluster):
    (tmp_path / "cdr").mkdir()
    (tmp_path / "cdr" / "CDR.2020-09-21_08-50-36.log").write_text("{}\n[]\n")
    async with live.mediafleet(tmp_path) as api:
        fleet_client = connect(_url(api), live.SECRET)
        await add(api, fleet.uri(0))

        read = await do(fleet_client.events.list, limit=1)
        followed = await take(fleet_client.events.stream(after=0, limit=2))
        assert read.content == followed[:1]
        assert [each.payload["newStatus"] for each in followed] == ["launching", "running"]
        with pytest.raises(Gone):
            await do(fleet_client.events.list, after=99)

        (name,) = await do(fleet_client.events.cdr_files)
        assert await take(fleet_client.events.cdr_file(name)) == ["{}", "[]"]
        with pytest.raises(NotFound):
            await take(fleet_client.events.cdr_file("CDR.2021-09-21_08-50-36.log"))


def _url(api: httpx.AsyncClient) -> str:
    return str(api.base_url).rstrip("/")
