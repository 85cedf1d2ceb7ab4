"""The demo's page with a call: for browsers on this machine, and for this page alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.app import Server, http_protocol, websocket_options
from support import live

pytestmark = pytest.mark.anyio

TOKEN = "/call/token"
AUTH = ("OPENVIDUAPP", live.SECRET)


@asynccontextmanager
async def server(tmp_path: Path, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A server, and a client that sends what a browser on the page sends, and no credentials."""
    configuration = live.configuration(tmp_path)
    app = Server(configuration, **options).app()
    async with (
        live.serving(app, http=http_protocol(configuration), **websocket_options()) as url,
        httpx.AsyncClient(base_url=url, headers={"Origin": url}, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with server(tmp_path_factory.mktemp("data"), has_call_page=True) as client:
        yield client


async def test_the_page_its_script_and_its_style_are_served(page: httpx.AsyncClient) -> None:
    answer = await page.get("/call/")
    assert answer.status_code == 200
    assert "<title>Call" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name, kind in (("call.js", "text/javascript"), ("call.css", "text/css")):
        assert name in answer.text
        assert (await page.get(f"/call/{name}")).headers["content-type"].startswith(kind)
    without_slash = await page.get("/call", follow_redirects=True)
    assert without_slash.text == answer.text


@pytest.mark.parametrize("path", ["/call/../server.py", "/call/%2e%2e/server.py", "/call/none.js"])
async def test_nothing_else_is_served(page: httpx.AsyncClient, path: str) -> None:
    assert (await page.get(path)).status_code in {401, 404}


async def test_other_paths_are_those_of_the_api(page: httpx.AsyncClient) -> None:
    assert (await page.get("/health/live")).status_code == 200
    assert (await page.get("/pro/config")).status_code == 401
    assert (await page.get("/callback")).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:5443"])
async def test_names_of_this_machine_are_served(page: httpx.AsyncClient, host: str) -> None:
    assert (await page.get("/call/", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:5443", "127.0.0.1.nip.io", "192.168.0.2", ""]
)
async def test_a_name_that_leads_here_by_dns_is_refused(page: httpx.AsyncClient, host: str) -> None:
    for method, path in (("GET", "/call/"), ("POST", TOKEN)):
        headers = {"Host": host, "Origin": f"http://{host}"}
        answer = await page.request(method, path, headers=headers, json={"session": "demo"})
        assert answer.status_code in {400, 403}
        assert "token=" not in answer.text


async def test_the_page_gets_tokens_of_one_session(page: httpx.AsyncClient) -> None:
    one, other = [await page.post(TOKEN, json={"session": "demo_1-A"}) for _ in range(2)]
    assert (one.status_code, other.status_code) == (200, 200)
    begin = f"ws://{page.base_url.netloc.decode()}?sessionId=demo_1-A&token=tok_"
    assert one.json()["token"].startswith(begin)
    assert other.json()["token"].startswith(begin)
    assert one.json() != other.json()


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", None])
async def test_no_other_site_gets_a_token(page: httpx.AsyncClient, origin: str | None) -> None:
    request = page.build_request("POST", TOKEN, json={"session": "demo"})
    del request.headers["Origin"]
    if origin is not None:
        request.headers["Origin"] = origin
    answer = await page.send(request)
    assert answer.status_code == 403
    assert answer.json() == {"message": "Only this page may ask for a token."}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"[]",
        b'"session"',
        b"{}",
        b'{"session": null}',
        b'{"session": 1}',
        b'{"session": ""}',
        b'{"session": "a b"}',
        b'{"session": "demo\\n"}',
        b'{"session": "%s"}' % (b"a" * 65),
        b'{"session": "demo", "more": "%s"}' % (b"a" * 1024),
        b"[" * 1024,
    ],
)
async def test_a_body_without_a_name_of_a_session_is_refused(
    page: httpx.AsyncClient, body: bytes
) -> None:
    answer = await page.post(TOKEN, content=body)
    assert answer.status_code == 400
    assert "A session has a name" in answer.json()["message"]


async def test_the_rest_of_a_body_that_is_too_long_is_not_waited_for(
    page: httpx.AsyncClient,
) -> None:
    head = f"POST {TOKEN} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    async with await anyio.connect_tcp("127.0.0.1", page.base_url.port or 0) as stream:
        await stream.send(f"{head}Content-Length: 1000000000\r\n\r\n".encode() + b"a" * 2000)
        with anyio.fail_after(10):
            assert (await stream.receive()).startswith(b"HTTP/1.1 400 ")


async def test_other_methods_are_refused(page: httpx.AsyncClient) -> None:
    assert (await page.get(TOKEN)).status_code == 404
    assert (await page.post("/call/")).status_code == 405


async def test_without_the_demo_there_is_no_page(tmp_path: Path) -> None:
    async with server(tmp_path) as client:
        for method, path in (("GET", "/call/"), ("GET", "/call/call.js"), ("POST", TOKEN)):
            answer = await client.request(method, path, json={"session": "demo"}, auth=AUTH)
            assert answer.status_code == 404
