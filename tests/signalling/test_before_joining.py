"""What a browser can do before it joins: little, and not for long."""

import json
import logging
from typing import Any

import anyio
import pytest
from websockets.exceptions import InvalidStatus

from mediafleet.contract import FailedLogins
from mediafleet.signalling import websocket
from mediafleet.signalling.websocket import Drop
from support.rpc_browser import browser, until

pytestmark = pytest.mark.anyio


async def test_a_ping_is_answered_before_anything_else(alone: Any) -> None:
    async with alone() as server, browser(server.url) as page:
        assert await page.call("ping", interval=5000) == {"value": "pong"}
        assert await page.call("ping") == {"value": "pong"}
        assert await page.call("echo") == {}
        assert server.signalling.sessions.requests == {"ping": 2, "echo": 1}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("leaveRoom", {}),
        ("unpublishVideo", {}),
        ("sendMessage", {"message": "{}"}),
        ("onIceCandidate", {"endpointName": "con_x", "candidate": "c"}),
        ("receiveVideoFrom", {"sender": "str_x", "sdpOffer": "v=0"}),
        ("removeFilter", {"streamId": "str_x"}),
    ],
)
async def test_what_needs_a_session_is_803(alone: Any, method: str, params: Any) -> None:
    async with alone() as server, browser(server.url) as page:
        assert await page.code_of(method, **params) == 803


@pytest.mark.parametrize(
    ("frame", "code", "words"),
    [
        ("", -32700, "no JSON"),
        ("{", -32700, "no JSON"),
        ("[" * 40_000, -32700, "no JSON"),
        ('{"id":' + "9" * 4000 + "}", -32700, "no JSON"),
        ("[]", -32600, "object"),
        ("7", -32600, "object"),
        ('[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, "object"),
        ('{"jsonrpc":"2.0","method":"ping"}', -32600, "object"),
        ('{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, "object"),
        ('{"jsonrpc":"2.0","id":"' + "i" * 65 + '","method":"ping"}', -32600, "object"),
        ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600, "object"),
        ('{"jsonrpc":"2.0","id":1,"method":7}', -32600, "object"),
        ('{"jsonrpc":"2.0","id":1,"result":{}}', -32600, "object"),
        ('{"jsonrpc":"2.0","id":1,"method":"\\u001b[2Jno\\u202e"}', -32601, "no method  [2Jno"),
        ('{"jsonrpc":"2.0","id":1,"method":"joinRoom"}', -1, "'token' is missing"),
        ('{"jsonrpc":"2.0","id":1,"method":"joinRoom","params":[1]}', -1, "type object"),
        ('{"jsonrpc":"2.0","id":1,"method":"joinRoom","params":{"token":null}}', -1, "missing"),
        ('{"jsonrpc":"2.0","id":1,"method":"joinRoom","params":{"token":7}}', -1, "params/token"),
        ('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"interval":1e99}}', -1, "interval"),
    ],
)
async def test_what_is_no_request_is_answered(
    alone: Any, frame: str, code: int, words: str
) -> None:
    async with alone() as server, browser(server.url) as page:
        await page.socket.send(frame)
        answer = json.loads(await page.socket.recv())
        assert answer["error"]["code"] == code
        assert words in answer["error"]["message"]
        assert answer["id"] in (None, 1)
        assert await page.call("ping") == {"value": "pong"}


async def test_an_unknown_session_cannot_be_connected_again(alone: Any) -> None:
    async with alone() as server, browser(server.url) as page:
        for known in ("", "unknown", "x" * 128):
            assert await page.code_of("connect", sessionId=known) == 40007
        assert await page.code_of("connect", sessionId="x" * 129) == -1
        await page.call("ping")


async def test_speech_to_text_is_not_offered(alone: Any) -> None:
    async with alone() as server, browser(server.url) as page:
        assert await page.code_of("subscribeToSpeechToText", connectionId="c", lang="en") == 997


async def test_a_session_that_is_closed_ends_its_socket_after_the_answer(alone: Any) -> None:
    async with alone() as server, browser(server.url) as page:
        assert await page.call("closeSession") == {"value": "bye"}
        assert (await page.closed())[0] == 1000
        await until(lambda: server.signalling.sessions.size == 0)


async def test_a_browser_that_does_not_join_is_disconnected(alone: Any) -> None:
    async with alone(join_timeout=0.2) as server, browser(server.url) as page:
        await page.call("ping", interval=5000)
        assert await page.closed() == (1008, Drop.NOT_JOINED)
        assert server.middleware.drops == {Drop.NOT_JOINED: 1}


async def test_of_too_many_that_have_not_joined_the_oldest_is_disconnected(
    alone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "MAX_UNJOINED", 2)
    async with (
        alone() as server,
        browser(server.url) as oldest,
        browser(server.url) as second,
        browser(server.url) as third,
    ):
        assert await oldest.closed() == (1013, Drop.TOO_MANY_UNJOINED)
        await second.call("ping")
        await third.call("ping")


@pytest.mark.parametrize("options", [{"most": 2}, {"most": 9, "most_per_address": 2}])
async def test_too_many_sockets_are_refused(alone: Any, options: dict[str, int]) -> None:
    async with alone(**options) as server:
        async with browser(server.url), browser(server.url):
            with pytest.raises(InvalidStatus) as failure:
                async with browser(server.url):
                    pass
            assert failure.value.response.status_code == 403
            assert server.middleware.drops == {Drop.TOO_MANY_SOCKETS: 1}
            assert server.middleware.sockets == 2
        await until(lambda: server.middleware.sockets == 0)
        async with browser(server.url) as page:
            await page.call("ping")


async def test_a_browser_whose_pings_end_is_disconnected(alone: Any) -> None:
    async with alone(join_timeout=9) as server, browser(server.url) as page:
        session = next(iter(server.signalling.sessions))
        await page.call("ping", interval=1)  # as short as it can be: a second
        session.socket.note_joined()
        with anyio.fail_after(6):
            assert await page.closed() == (4001, Drop.NO_PING)


async def test_the_end_of_the_server_waits_for_no_browser(
    alone: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with alone() as server:
        pages = [browser(server.url) for _ in range(3)]
        opened = [await page.__aenter__() for page in pages]
        await opened[0].call("ping", interval=5000)
        began = anyio.current_time()
    assert anyio.current_time() - began < 1.5
    for page, context in zip(opened, pages, strict=True):
        assert (await page.closed())[0] == 1012
        await context.__aexit__(None, None, None)
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_browsers_that_are_disconnected_are_in_one_log_line_for_many(
    alone: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with alone() as server:
        for _ in range(20):
            async with browser(server.url) as page:
                await page.socket.send(b"binary")
                await page.closed()
        assert server.middleware.drops == {Drop.INVALID: 20}

    (line,) = (each for each in caplog.records if "disconnected" in each.getMessage())
    assert vars(line).items() >= {"sockets": 1, "reasons": {"invalid": 1}, "peers": 1}.items()


async def test_who_guesses_many_tokens_waits_for_the_answer_and_nobody_else_does(
    alone: Any,
) -> None:
    async with alone() as server, browser(server.url) as page, browser(server.url) as other:
        server.middleware.wrong_tokens = FailedLogins(most=2, delay_s=60)
        for token in ("tok_1", "wss://localhost?sessionId=a&token=tok_2"):
            assert await page.code_of("joinRoom", token=token, session="a") == 401
        guess = await page.send("joinRoom", {"token": "tok_3", "session": "a"})
        for each in (page, other, page):
            assert await each.call("ping") == {"value": "pong"}
        assert guess not in page.answered
