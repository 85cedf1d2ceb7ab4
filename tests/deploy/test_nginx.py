"""The site file for nginx, run by a real nginx before a real server.

Only what cannot be on a machine of tests is replaced: ports, the certificate, the user.
"""

import json
import os
import pwd
import re
import socket
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from mediafleet.emulator import EmulatedCluster
from support import live, processes
from support.cluster_client import (
    NODES,
    Json,
    add,
    delete,
    members,
    until_gone,
    until_sessions,
    until_status,
)
from support.documents import ROOT
from support.kurento_wire import wire
from support.tools import require_tool

pytestmark = pytest.mark.anyio

SITE = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
TOKEN = "tkn_of_the_tests-0123"
REGISTRAR = {
    "MEDIAFLEET_REGISTRAR_TOKEN": TOKEN,
    "MEDIAFLEET_REGISTRAR_NETWORKS": '["127.0.0.0/8"]',
}
LONGEST_WAIT_S = 3600
MAIN = """
daemon off;
worker_processes 1;
pid {home}/pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/site.conf;
}}
"""


@asynccontextmanager
async def proxied(
    data_dir: Path, *changes: tuple[str, str], **properties: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A server, nginx before it with the site file, and a client of the proxy."""
    async with (
        live.mediafleet(data_dir, **properties) as direct,
        nginx(direct.base_url.netloc.decode(), *changes) as (url, trust),
        client(url, trust) as api,
    ):
        yield api


def client(url: str, trust: ssl.SSLContext) -> httpx.AsyncClient:
    auth = ("OPENVIDUAPP", live.SECRET)
    return httpx.AsyncClient(base_url=url, auth=auth, verify=trust, timeout=30)


@asynccontextmanager
async def nginx(
    server: str, *changes: tuple[str, str]
) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """Run nginx with the changed site file, without rights; its URL, and who trusts it."""
    program = require_tool("nginx")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    with tempfile.TemporaryDirectory(prefix="nginx-", dir="/tmp") as folder:
        home = Path(folder)
        certificate.private_key_and_cert_chain_pem.write_to_path(home / "cert.pem")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        site = changed(
            SITE,
            ("127.0.0.1:5443", server),
            ("listen 443 ", f"listen 127.0.0.1:{port} "),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("/etc/ssl/certs/mediafleet.pem", f"{home}/cert.pem"),
            ("/etc/ssl/private/mediafleet.key", f"{home}/cert.pem"),
            *changes,
        )
        (home / "site.conf").write_text(site)
        (home / "nginx.conf").write_text(MAIN.format(home=home))
        command = [program, "-p", folder, "-c", f"{home}/nginx.conf", "-e", "stderr"]
        identity = unprivileged(home)
        done = subprocess.run(
            [*command, "-t", "-q"], capture_output=True, text=True, check=False, **identity
        )
        assert (done.stderr, done.returncode) == ("", 0)
        # To a file: a pipe that nobody reads would hold nginx up.
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, stderr=log, **identity)
        try:
            await until_listening(port, process, home / "log")
            trust = ssl.create_default_context()
            authority.configure_trust(trust)
            yield f"https://127.0.0.1:{port}", trust
        finally:
            process.terminate()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(process.wait, 10)


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def unprivileged(home: Path) -> Json:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (home, *home.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


async def until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    with anyio.fail_after(10):
        while True:
            assert process.poll() is None, log.read_text()
            try:
                await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
            except OSError:
                await anyio.sleep(0.02)
            else:
                return


async def remove_and_wait(
    api: httpx.AsyncClient, node_id: str, answers: list[httpx.Response]
) -> None:
    query = {"deletion_strategy": "when-no-sessions", "wait": "true"}
    answers.append(await delete(api, node_id, **query))


async def test_nodes_are_added_listed_and_removed_through_it(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with (
        processes.server(tmp_path, "--behind-proxy") as (_, direct),
        nginx(direct.base_url.netloc.decode()) as (url, trust),
        client(url, trust) as api,
    ):
        node = await add(api, fleet.nodes[0].uri)

        assert [each["id"] for each in await members(api)] == [node["id"]]
        assert (await delete(api, node["id"], wait="true")).status_code == 204
        assert await members(api) == []
        assert (await api.get(NODES, auth=("OPENVIDUAPP", "wrong"))).status_code == 401


async def test_a_wait_lasts_until_what_it_waits_for(tmp_path: Path, fleet: EmulatedCluster) -> None:
    async with proxied(tmp_path) as api, anyio.create_task_group() as tasks:
        node = await add(api, fleet.nodes[0].uri)
        answers: list[httpx.Response] = []

        async with wire(node["uri"]) as media:
            pipeline = await media.create("MediaPipeline")
            await until_sessions(api, node["id"], 1)
            tasks.start_soon(remove_and_wait, api, node["id"], answers)
            await until_status(api, node["id"], "waiting-idle-to-terminate")
            assert answers == []
            await media.call("release", object=pipeline)
        await until_gone(api, node["id"])
    assert [answer.status_code for answer in answers] == [204]


async def test_the_time_limit_of_the_site_is_what_ends_a_wait(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    (limit,) = re.findall(r"proxy_read_timeout +(\d+)s;", SITE)
    assert int(limit) > LONGEST_WAIT_S
    shorter = (f"proxy_read_timeout    {limit}s", "proxy_read_timeout 1s")

    async with proxied(tmp_path, shorter) as api:
        node = await add(api, fleet.nodes[0].uri)
        async with wire(node["uri"]) as media:
            await media.create("MediaPipeline")
            await until_sessions(api, node["id"], 1)
            answer = await delete(
                api, node["id"], deletion_strategy="when-no-sessions", wait="true"
            )
            assert answer.status_code == 504
            await until_status(api, node["id"], "waiting-idle-to-terminate")


async def test_one_client_cannot_take_all_connections(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with (
        proxied(
            tmp_path, ("limit_conn mediafleet_clients 200", "limit_conn mediafleet_clients 1")
        ) as api,
        anyio.create_task_group() as tasks,
    ):
        node = await add(api, fleet.nodes[0].uri)
        async with wire(node["uri"]) as media:
            pipeline = await media.create("MediaPipeline")
            await until_sessions(api, node["id"], 1)
            answers: list[httpx.Response] = [httpx.Response(503)]
            with anyio.fail_after(10):
                while (await api.get(NODES)).status_code != 503:
                    if answers:  # nginx took the removal for the second connection, not the list
                        answers.clear()
                        tasks.start_soon(remove_and_wait, api, node["id"], answers)
                    await anyio.sleep(0.02)
            await media.call("release", object=pipeline)


async def test_media_servers_announce_themselves_through_it(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    registration = {"jsonrpc": "2.0", "method": "register", "params": {"ws": fleet.nodes[0].uri}}

    async with (
        live.mediafleet(tmp_path, **REGISTRAR) as direct,
        nginx(direct.base_url.netloc.decode()) as (base, trust),
        client(base, trust) as api,
    ):
        url = f"{base}/registrar/{TOKEN}".replace("https", "wss", 1)
        async with connect(url, ssl=trust, proxy=None) as registrar:
            await registrar.send(json.dumps(registration))
            with anyio.fail_after(10):
                while not [node for node in await members(api) if node["connected"]]:
                    await anyio.sleep(0.02)
        with pytest.raises(InvalidStatus, match="403"):
            async with connect(f"{url}x", ssl=trust, proxy=None):
                pass


async def test_media_servers_of_other_networks_are_kept_out(tmp_path: Path) -> None:
    async with proxied(tmp_path, ("        allow 127.0.0.0/8;\n", ""), **REGISTRAR) as api:
        answer = await api.get(f"/registrar/{TOKEN}")

        assert (answer.status_code, answer.headers["Server"]) == (403, "nginx")


@pytest.mark.parametrize("protocol", ["h2c", "TLS/1.0, h2c", "websocket, h2c"])
async def test_an_upgrade_to_another_protocol_is_not_passed_on(
    tmp_path: Path, fleet: EmulatedCluster, protocol: str
) -> None:
    async with proxied(tmp_path) as api:
        answer = await api.post(
            NODES,
            params={"wait": "true"},
            json={"uri": fleet.nodes[0].uri},
            headers={"Connection": "Upgrade, HTTP2-Settings", "Upgrade": protocol},
        )

        assert (answer.status_code, answer.json()["uri"]) == (200, fleet.nodes[0].uri)


async def test_a_body_that_is_too_large_is_refused_in_the_form_of_all_errors(
    tmp_path: Path,
) -> None:
    async with proxied(tmp_path) as api:
        answer = await api.post(NODES, json={"uri": "x" * 1_100_000})

        assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_events_are_followed_through_the_proxy(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with (
        proxied(tmp_path) as api,
        api.stream("GET", "/fleet/events/stream") as response,
        anyio.create_task_group() as tasks,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == ": keep-alive"
        tasks.start_soon(add, api, fleet.uri(0))
        with anyio.fail_after(10):
            assert "id: 1" in [line async for line in until_number(lines)]


async def until_number(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """The lines of a stream up to the number of an event."""
    async for line in lines:
        yield line
        if line.startswith("id: "):
            return
