"""Media servers that announce themselves: real sockets, a live server, emulated nodes.

The frame and the handshake are those of a real Kurento 7.3, but for the addresses in them.
"""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mediafleet.app.registrar import RegistrarMiddleware
from mediafleet.app.server import HttpProtocolWithRegistrar
from mediafleet.contract import FailedLogins
from mediafleet.emulator import EmulatedCluster
from mediafleet.services.additions import PROBES_AT_ONCE, Registrations
from support import live
from support.cluster_client import delete, members, until_gone, until_status
from support.cutting_proxy import cutting_proxy
from support.fake_kurento import FakeKurento
from support.hostile_servers import raw_server

pytestmark = pytest.mark.anyio

TOKEN = "tkn_of_the_tests-0123"
FRAME = '{"jsonrpc":"2.0","method":"register","params":{"ws":"%s"}}'
HANDSHAKE = (
    "GET /registrar/%s HTTP/1.1\r\nConnection: Upgrade\r\nHost: %s\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    "Upgrade: websocket\r\nUser-Agent: WebSocket++/0.8.2\r\n\r\n"
)


@asynccontextmanager
async def registrar(
    data_dir: Path, networks: str = '["127.0.0.0/8"]', **properties: Any
) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(
        data_dir,
        MEDIAFLEET_REGISTRAR_TOKEN=TOKEN,
        MEDIAFLEET_REGISTRAR_NETWORKS=networks,
        **properties,
    ) as api:
        yield api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with registrar(tmp_path) as api:
        yield api


def dial(
    api: httpx.AsyncClient, *, token: str = TOKEN, source: str = "127.0.0.1", **headers: str
) -> connect:
    url = str(api.base_url).replace("http", "ws", 1).rstrip("/")
    return connect(
        f"{url}/registrar/{token}",
        local_addr=(source, 0),
        compression=None,
        additional_headers=headers,
        proxy=None,
    )


def host_of(uri: str) -> str:
    return uri.removeprefix("ws://").partition(":")[0]


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.01)


async def until_logged(caplog: pytest.LogCaptureFixture, event: str, times: int = 1) -> list[Any]:
    """Wait for lines of the log; the records."""

    def found() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.getMessage() == event]

    await until(lambda: len(found()) >= times)
    return found()


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


async def until_members(api: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    with anyio.fail_after(10):
        while len(found := await members(api)) != count:
            await anyio.sleep(0.01)
    return found


async def test_who_announces_itself_is_a_member_once(
    api: httpx.AsyncClient, fleet: EmulatedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    uri = fleet.uri(0)
    async with dial(api, source=host_of(uri)) as first:
        await first.send(FRAME % uri)
        (node,) = await until_members(api, 1)
        await until_status(api, node["id"], "running")
        assert (node["uri"], node["environmentId"]) == (uri, None)
        async with dial(api, source=host_of(uri)) as second:
            await second.send(FRAME % uri)
            await until_logged(caplog, "known media server registered itself")
        assert [each["id"] for each in await members(api)] == [node["id"]]
        await first.ping()
    await until_logged(caplog, "media server registered itself")


async def test_the_bytes_of_a_real_kurento_are_parsed(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    host, port = api.base_url.host, api.base_url.port
    reader, writer = await asyncio.open_connection(
        host, port, local_addr=(host_of(fleet.uri(1)), 0)
    )
    writer.write((HANDSHAKE % (TOKEN, f"{host}:{port}")).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    payload = (FRAME % fleet.uri(1)).encode()
    writer.write(b"\x81" + bytes([0x80 | len(payload)]) + struct.pack("!I", 0) + payload)
    (node,) = await until_members(api, 1)
    assert node["uri"] == fleet.uri(1)
    writer.close()
    await writer.wait_closed()


async def test_one_process_under_two_names_is_one_member(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeKurento()
    await fake.start()
    try:
        async with cutting_proxy(fake.port) as proxy:
            for number, uri in enumerate(
                (
                    f"ws://localhost:{fake.port}/kurento",
                    f"ws://127.0.0.1:{fake.port}/kurento",
                    f"ws://127.0.0.1:{proxy.port}/kurento",
                )
            ):
                async with dial(api) as registrant:
                    await registrant.send(FRAME % uri)
                    known = "known media server registered itself"
                    await until_logged(caplog, known if number else known[6:], max(1, number))
            (node,) = await members(api)
            assert node["uri"] == f"ws://127.0.0.1:{fake.port}/kurento"
    finally:
        await fake.stop()


async def test_a_removed_node_that_announces_itself_again_comes_back(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    uri = fleet.uri(0)
    for _ in range(2):
        async with dial(api, source=host_of(uri)) as registrant:
            await registrant.send(FRAME % uri)
            (node,) = await until_members(api, 1)
            await delete(api, node["id"])
            await until_gone(api, node["id"])


@pytest.mark.parametrize(
    "token", ["wrong", TOKEN[:-1], TOKEN + "x", f"{TOKEN}/", f"x/{TOKEN}", "", "%00", "ä"]
)
async def test_a_wrong_token_is_refused(
    api: httpx.AsyncClient, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as failure:
        async with dial(api, token=token):
            pass
    assert failure.value.response.status_code == 403
    reported = "\n".join(record.getMessage() for record in caplog.records)
    assert '"WebSocket /registrar/TOKEN" 403' in reported
    assert "wrong credentials" in reported
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not token or f"/registrar/{token}" not in reported


async def test_a_wrong_address_is_refused_whatever_its_headers_say(tmp_path: Path) -> None:
    async with registrar(tmp_path, '["10.0.0.0/8"]') as api:
        for headers in (
            {},
            {"X-Forwarded-For": "10.0.0.1", "X-Real-IP": "10.0.0.1"},
            {"Forwarded": "for=10.0.0.1"},
        ):
            with pytest.raises(InvalidStatus) as failure:
                async with dial(api, **headers):
                    pass
            assert failure.value.response.status_code == 403


async def test_without_a_token_there_is_no_such_path_and_no_warning_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with live.mediafleet(tmp_path) as api:
        with pytest.raises(InvalidStatus) as failure:
            async with dial(api):
                pass
        assert failure.value.response.status_code == 404

    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_the_token_is_in_no_line_of_the_log(
    api: httpx.AsyncClient, fleet: EmulatedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with dial(api, source=host_of(fleet.uri(0))) as registrant:
        await registrant.send(FRAME % fleet.uri(0))
        await until_members(api, 1)
    accepted = [r for r in caplog.records if r.name == "uvicorn.error" and "accepted" in r.msg]
    assert [record.getMessage().partition('"')[2] for record in accepted] == [
        'WebSocket /registrar/TOKEN" [accepted]'
    ]
    ours = [r for r in caplog.records if not r.name.startswith("websockets")]
    shown = [record for record in ours if record.levelno >= logging.INFO]
    assert not [r for r in shown if TOKEN in r.getMessage() or TOKEN in str(vars(r))]


async def test_only_the_registrant_and_the_listed_networks_are_dialled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dialled = []

    async def note(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        dialled.append(1)

    async with raw_server(note) as port, registrar(tmp_path, '["127.0.7.0/24"]') as api:
        for number, host in enumerate(("127.0.0.1", "localhost", "169.254.1.1", "224.0.0.1"), 1):
            async with dial(api, source="127.0.7.7") as registrant:
                await registrant.send(FRAME % f"ws://{host}:{port}/kurento")
                reported = await until_logged(caplog, "media server not added", number)
                assert "its address is" in reported[-1].reason
        assert dialled == []
        assert await members(api) == []


async def test_the_networks_of_nodes_hold_for_registrants_too(
    tmp_path: Path, fleet: EmulatedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async with registrar(
        tmp_path, MEDIAFLEET_ALLOWED_NODE_NETWORKS='["10.0.0.0/8"]'
    ) as api:  # fmt: skip
        async with dial(api, source=host_of(fleet.uri(0))) as registrant:
            await registrant.send(FRAME % fleet.uri(0))
            (reported,) = await until_logged(caplog, "media server not added")
        assert "MEDIAFLEET_ALLOWED_NODE_NETWORKS" in reported.reason
        assert await members(api) == []


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"\0\1", "no text"),
        ("", "no JSON"),
        ("[" * 4000, "no JSON"),
        ("[]", "no registration"),
        ('{"jsonrpc":"2.0","method":"ping"}', "no registration"),
        ('{"jsonrpc":"2.0","method":"register","params":{}}', "no registration"),
        ('{"jsonrpc":"2.0","method":"register","params":{"ws":7}}', "no registration"),
        (FRAME % "http://127.0.0.1/", "uri of the Media Node is not valid"),
        (FRAME % "ws://user:word@127.0.0.1/kurento", "uri of the Media Node is not valid"),
        (FRAME % ("ws://127.0.0.1/" + "k" * 300), "uri of the Media Node is not valid"),
        (FRAME % "ws://127.0.0.1:9/kurento", "not within reach"),
    ],
)
async def test_what_is_no_announcement_is_logged_and_the_connection_ends(
    api: httpx.AsyncClient, frame: str | bytes, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with dial(api) as registrant:
        await registrant.send(frame)
        (record,) = await until_logged(caplog, "media server not added")
    assert expected in record.reason
    assert "word" not in record.reason
    assert await members(api) == []


async def test_a_frame_above_the_bound_ends_the_connection(api: httpx.AsyncClient) -> None:
    for frame in ("x" * 4097, ["x" * 4000, "x" * 97]):
        async with dial(api) as registrant:
            with suppress(ConnectionClosed):
                await registrant.send(frame)
            await registrant.wait_closed()
        assert registrant.close_code == 1009


async def test_a_registrant_that_sends_more_is_disconnected(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    async with dial(api, source=host_of(fleet.uri(0))) as registrant:
        for _ in range(2):
            await registrant.send(FRAME % fleet.uri(0))
        await registrant.wait_closed()
    assert registrant.close_code == 1008


@asynccontextmanager
async def registrar_alone(**bounds: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The registrar alone, with bounds of its own; no media server is added."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    nobody = Registrations(cast("Any", None), [ip_network("127.0.0.0/8")])
    alone = RegistrarMiddleware(app, nobody, TOKEN, FailedLogins(), **bounds)
    async with (
        live.serving(alone, http=HttpProtocolWithRegistrar, ws="websockets-sansio") as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        yield client


@pytest.mark.parametrize("frame", [None, "{}"])
async def test_a_registrant_that_announces_nothing_valid_is_disconnected_in_time(
    frame: str | None,
) -> None:
    async with registrar_alone(timeout=0.3) as client, dial(client) as registrant:
        began = anyio.current_time()
        if frame is not None:
            await registrant.send(frame)
        await registrant.wait_closed()
        assert anyio.current_time() - began >= 0.3
    assert registrant.close_code == 1008


async def test_there_are_never_too_many(caplog: pytest.LogCaptureFixture) -> None:
    async with registrar_alone(most=2) as client:
        async with dial(client), dial(client):
            with pytest.raises(InvalidStatus):
                async with dial(client):
                    pass
            (reported,) = await until_logged(caplog, "registrant refused")
            assert reported.reason == "there are too many"
        async with dial(client):
            pass


async def test_the_end_of_the_server_waits_for_no_registrant(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with registrar(tmp_path) as api:
        adopted = await dial(api, source=host_of(fleet.uri(0)))
        await adopted.send(FRAME % fleet.uri(0))
        await until_members(api, 1)
        refused = await dial(api)
        await refused.send("{}")
        idle = await dial(api)
        began = anyio.current_time()
    assert anyio.current_time() - began < 1.5
    for registrant in (adopted, refused, idle):
        await registrant.wait_closed()
        assert registrant.close_code == 1012


class Crowd:
    """A place where callers wait for one another, and that counts how many are there."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.now = self.most = self.all = 0
        self.together = anyio.Event()

    async def come(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.now += 1
        self.all += 1
        self.most = max(self.most, self.now)
        if self.now >= self.enough:
            self.together.set()
        await self.together.wait()
        await anyio.sleep(0.02)  # who comes too soon would be counted now
        self.now -= 1


async def _announce_all(
    api: httpx.AsyncClient, port: int, sources: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    registrants: list[ClientConnection] = []
    for number, source in enumerate(sources):
        registrants.append(await dial(api, source=source))
        await registrants[-1].send(FRAME % f"ws://127.0.0.1:{port}/{number}")
    await until_logged(caplog, "media server not added", len(sources))
    for registrant in registrants:
        await registrant.close()


async def test_of_one_peer_one_is_met_at_a_time(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = Crowd(enough=1)
    async with raw_server(crowd.come) as port:
        await _announce_all(api, port, ["127.0.7.7"] * 4, caplog)
    assert (crowd.most, crowd.all) == (1, 4)


async def test_of_all_only_some_are_met_at_a_time(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = Crowd(enough=PROBES_AT_ONCE)
    async with raw_server(crowd.come) as port:
        sources = [f"127.0.7.{number}" for number in range(1, PROBES_AT_ONCE + 9)]
        await _announce_all(api, port, sources, caplog)
    assert (crowd.most, crowd.all) == (PROBES_AT_ONCE, PROBES_AT_ONCE + 8)
