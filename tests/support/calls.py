"""Participants of calls: pages of a browser with the unmodified openvidu-browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import trustme
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from support import processes
from support.browser import LIMIT_S, USER_AGENT
from support.cluster_client import Json, until_running
from support.live import serving
from support.tools import require, require_tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from starlette.requests import Request

    from support.browser import Chromium, Page
    from support.processes import Running

SDK_OLD = "2.15.0"
SDK_NEW = "2.32.1"
FRAMES = 10
"""So many more decoded frames show that a stream flows: a second of it."""

_SCRIPT = Path(__file__).with_name("call_page.js")
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A call</title>
<script src="openvidu-browser.js"></script><script src="call_page.js"></script>
<div id="videos"></div></html>"""


def sdk(version: str, folder: Path) -> Path:
    """The bundle of openvidu-browser, from the folder or else from npm."""
    bundle = folder / f"openvidu-browser-{version}.min.js"
    if bundle.exists():
        return bundle
    npm = require_tool("npm")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [npm, "pack", "--silent", f"openvidu-browser@{version}"]
        packed = subprocess.run(
            command, cwd=scratch, capture_output=True, text=True, timeout=90, check=False
        )
        require(packed.returncode == 0, f"npm cannot fetch openvidu-browser: {packed.stderr}")
        archive = Path(scratch, f"openvidu-browser-{version}.tgz")
        shutil.unpack_archive(archive, scratch, filter="data")
        Path(scratch, "package", "static", "js", bundle.name).replace(bundle)
    return bundle


@dataclass(frozen=True)
class Certificates:
    """Files of a server on this machine: an authority, and what it signed."""

    authority: Path
    certificate: Path
    key: Path


def certificates(folder: Path) -> Certificates:
    """Write the files of a new authority and of a certificate for this machine."""
    found = Certificates(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(found.authority))
    issued.cert_chain_pems[0].write_to_path(str(found.certificate))
    issued.private_key_pem.write_to_path(str(found.key))
    return found


@asynccontextmanager
async def pages(bundles: dict[str, Path], tls: Certificates) -> AsyncIterator[str]:
    """Serve a page for each version of the SDK; the URL above them.

    Args:
        bundles: The SDK, by version.
        tls: Browsers give camera and microphone to secure pages only.
    """

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse(_PAGE)

    async def script(request: Request) -> FileResponse:
        return FileResponse(bundles[request.path_params["version"]])

    async def helpers(_: Request) -> FileResponse:
        return FileResponse(_SCRIPT)

    app = Starlette(
        routes=[
            Route("/{version}/", page),
            Route("/{version}/openvidu-browser.js", script),
            Route("/{version}/call_page.js", helpers),
        ]
    )
    async with serving(
        app, ssl_certfile=os.fspath(tls.certificate), ssl_keyfile=os.fspath(tls.key)
    ) as url:
        yield url.replace("http://127.0.0.1", "https://localhost")


class Participant:
    """One page in a call.

    Attributes:
        connection_id: Of its present connection.
        stream_id: Of what it publishes; None if nothing.
        joined_ms: How long the SDK took to connect.
        published_ms: How long it took to publish, camera included.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.connection_id = ""
        self.stream_id: str | None = None
        self.joined_ms = 0
        self.published_ms: int | None = None

    async def join(self, token: str, data: str, *, publish: bool = True) -> None:
        """Connect with a token; publish sound and a video of 160x120, and subscribe to all."""
        media = {"audio": True, "video": True} if publish else None
        joined = await self.page.evaluate("join", token, data, media)
        self.connection_id, self.stream_id = joined["connectionId"], joined["streamId"]
        self.joined_ms, self.published_ms = joined["joinedMs"], joined["publishedMs"]

    async def until_media(self, streams: int, frames: int = FRAMES) -> dict[str, Any]:
        """Wait until just so many streams are received and flow; the counts of each, by id."""
        found: dict[str, Any] = await self.page.evaluate("untilMedia", streams, frames)
        return found

    async def until_rebuilt(self) -> None:
        """Wait until every stream that is received flows through its second peer connection."""
        await self.page.until(
            "Object.values(call.media).every(each => each.connections > 1"
            " && each.decodedOfConnection > 0)"
        )

    async def decoded(self) -> int:
        """Frames decoded so far, of all streams."""
        total: int = await self.page.evaluate(
            "Object.values(call.media).reduce((sum, each) => sum + each.decoded, 0)"
        )
        return total

    async def events(self) -> list[dict[str, Any]]:
        """What the SDK has reported, in order."""
        found: list[dict[str, Any]] = await self.page.evaluate("call.events")
        return found

    async def kinds(self) -> list[str]:
        """The types of what the SDK has reported, in order."""
        return [each["type"] for each in await self.events()]

    async def until_event(self, kind: str, after: int = 0, **wanted: Any) -> dict[str, Any]:
        """Wait for an event of the SDK with these properties, but the first ones; what it is."""
        found: dict[str, Any] = await self.page.evaluate(
            "untilEvent", {"type": kind, **wanted}, after
        )
        return found

    async def leave(self) -> None:
        await self.page.evaluate("leave()")


@dataclass(frozen=True)
class Callers:
    """What makes participants: a browser, and the pages that it loads."""

    browser: Chromium
    url: str

    @asynccontextmanager
    async def participant(
        self, version: str = SDK_NEW, *, user_agent: str | None = USER_AGENT
    ) -> AsyncIterator[Participant]:
        """A page with a version of the SDK that has not joined yet."""
        async with self.browser.page(f"{self.url}/{version}/", user_agent=user_agent) as page:
            yield Participant(page)


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def server(
    data_dir: Path, tls: Certificates, *, port: int, nodes: int = 1, **properties: str
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """A server as browsers need it, and emulated Media Nodes, each a process; all run.

    The Media Nodes outlive the server; the next one on the same directory finds them again.

    Args:
        data_dir: Of the server.
        tls: Its certificate.
        port: Where it listens; tokens name it.
        nodes: How many Media Nodes.
        properties: More of its configuration.
    """
    usual = {
        "DOMAIN_OR_PUBLIC_IP": "localhost",
        "HTTPS_PORT": str(port),
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "local",
        "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": str(nodes),
        "MEDIAFLEET_LOCAL_COMMAND": "emulator",
    }
    files = ("--tls-cert", str(tls.certificate), "--tls-key", str(tls.key))
    async with processes.server(
        data_dir, "--port", str(port), *files, authority=tls.authority, **{**usual, **properties}
    ) as (running, api):
        try:
            await until_running(api, nodes)
            yield running, api
        finally:
            print(*running.output, sep="\n")  # shown when the test fails


class Rest:
    """What an application asks of the server, in the paths of the SDK's version."""

    def __init__(self, api: httpx.AsyncClient, version: str = SDK_NEW) -> None:
        self._api = api
        self._prefix = "/api" if version == SDK_OLD else "/openvidu/api"

    async def create_session(self, **properties: Any) -> str:
        """The id of a new session."""
        created = await self._api.post(f"{self._prefix}/sessions", json=properties)
        assert created.status_code == 200, created.text
        session_id: str = created.json()["id"]
        return session_id

    async def token(self, session_id: str, role: str = "PUBLISHER") -> str:
        body = {"session": session_id, "role": role}
        made = await self._api.post(f"{self._prefix}/tokens", json=body)
        assert made.status_code == 200, made.text
        token: str = made.json()["token"]
        return token

    async def session(self, session_id: str) -> Json | None:
        """What the server shows of a session; ``None`` if there is none."""
        found = await self._api.get(f"{self._prefix}/sessions/{session_id}")
        assert found.status_code in {200, 404}, found.text
        return found.json() if found.status_code == 200 else None

    async def until_over(self, session_id: str) -> None:
        """Wait until there is no such session."""
        with anyio.fail_after(LIMIT_S):
            while await self.session(session_id) is not None:
                await anyio.sleep(0.02)

    async def signal(self, session_id: str, **signal: Any) -> None:
        sent = await self._api.post(
            f"{self._prefix}/signal", json={"session": session_id, **signal}
        )
        assert sent.status_code == 200, sent.text
