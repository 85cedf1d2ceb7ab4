"""Official and other clients of OpenVidu, unmodified, against a live server.

``python -m tests.foreign.official`` installs openvidu-node-client and pyopenvidu, each in the
versions of 2.15 and of later servers, and runs an application with each. With ``--postman FILE`` it
also sends every request of OpenVidu's Postman collection, with newman. Exit status 0 means that
each got what OpenVidu documents.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests"))

from mediafleet.clock import SystemClock  # noqa: E402
from mediafleet.emulator import EmulatedCluster  # noqa: E402
from support import live, processes  # noqa: E402
from support.calls import free_port  # noqa: E402
from support.cluster_client import add, members, until_running  # noqa: E402
from support.local_nodes import end_local_nodes  # noqa: E402
from support.signalling_peer import Peer  # noqa: E402

LIMIT_S = 60
POSTMAN_SECRET = "MY_SECRET"
"""That of the collection."""

OLD_PATHS = (  # what a path of the collection begins with, and what it is called in 2.15
    ("openvidu/api/media-nodes", "pro/media-nodes"),
    ("openvidu/api/restart", "pro/restart"),
    ("openvidu/api/config", "pro/config"),
    ("openvidu/api/health", "health"),
    ("openvidu/api/", "api/"),
)
NOT_IN_OLD = {"GET Connection/ID", "GET Connections", "PATCH Connection"}
DELETED = "PATCH Media Node"
"""The collection has just deleted that one."""

PACKAGES = ("openvidu-node-client-2.15", "openvidu-node-client-2.32")
PYTHON = ("0.1.4", "0.2.1")
_SHOWN = "PUBLISHER from the application a peer Peer"
NODE = {
    "create": "official",
    "create again": "official",
    "fetch": "true",
    "fetch again": "false",
    "connection": _SHOWN,
    "stream": "true true 15 CAMERA",
    "fetch all": "false",
    "webRtcStats": "2 v=0 v=0",
    "changes of sessions": "true,false,true,2,true,1",
    "camera": "active IPCAM 100 true IPCAM",
    "stream of a camera": "405",
    "connections left": "1 1",
    "broadcast": "404",
    "sessions": "official",
    "update": "MODERATOR",
    "streams after forceUnpublish": "0",
    "forceDisconnect": "false",
    "fetch of a session that is over": "404",
    "close again": "404",
    **{f"{verb} recording": "501" for verb in ("start", "stop", "get", "list", "delete")},
    "wrong secret": "401",
    "end": "",
}
LATER = {"camera", "stream of a camera", "connections left", "broadcast", "update"}
"""Steps that the client of 2.15 has no methods for."""
PYOPENVIDU = {
    "sessions at first": "0",
    "create": "official",
    "create again": "OpenViduSessionExistsError",
    "fetch": "True",
    "fetch again": "False",
    "connection": _SHOWN,
    "stream": "True True 15 CAMERA",
    "counts": "1 1 False",
    "fetch of a connection": "True",
    "stream of a camera": "OpenViduStreamError",
    "a wrong address": "ValueError",
    "signals": "sent",
    "streams after forceUnpublish": "0",
    "fetch of a session that is over": "OpenViduSessionDoesNotExistsError",
    "close again": "OpenViduSessionDoesNotExistsError",
    "end": "",
}


@dataclass(frozen=True)
class Client:
    """One SDK.

    Attributes:
        command: Runs the application with it.
        expected: What that prints, by step.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    expected: dict[str, str]


def install(scratch: Path) -> list[Client]:
    """Fetch every SDK into a folder."""
    shutil.copy(HERE / "package.json", scratch)
    npm = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
    subprocess.run([*npm, "--silent"], cwd=scratch, check=True)
    shutil.copy(HERE / "official_node.js", scratch)
    clients = [
        Client(
            package,
            ("node", str(scratch / "official_node.js")),
            {"SDK": package},
            {k: v for k, v in NODE.items() if k not in LATER or package.endswith("2.32")},
        )
        for package in PACKAGES
    ]
    for version in PYTHON:
        folder = scratch / f"pyopenvidu-{version}"
        python = folder / "bin" / "python"
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", str(folder)], check=True)
        needed = f"pyopenvidu=={version}"
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, needed], check=True)
        command = (str(python), str(HERE / "official_python.py"))
        steps = {
            k: v for k, v in PYOPENVIDU.items() if k != "fetch of a connection" or version > "0.2"
        }
        clients.append(Client(f"pyopenvidu-{version}", command, {}, steps))
    return clients


async def drive(client: Client, scratch: Path) -> dict[str, str]:
    """Run the application of an SDK against a server of its own; what it printed, by step."""
    async with (
        EmulatedCluster(nodes=1, random=Random(1), clock=SystemClock()) as fleet,
        live.mediafleet(scratch / f"data-{client.name}") as api,
        asyncio.timeout(LIMIT_S),
        asyncio.TaskGroup() as group,
    ):
        await add(api, fleet.uri(0))
        url = str(api.base_url).rstrip("/")
        process = await asyncio.create_subprocess_exec(
            *client.command,
            cwd=scratch,
            env={**os.environ, "URL": url, "SECRET": live.SECRET, **client.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        peer = Peer(url.replace("http", "ws", 1) + "/openvidu")
        found = {}
        try:
            async for line in process.stdout:
                step, tab, value = line.decode().rstrip("\n").partition("\t")
                if not tab:
                    print(f"{client.name}: {step}")
                elif step == "token":
                    await peer.open(group)
                    await peer.join(value, "official", "a peer")
                    await peer.publish()
                    process.stdin.write(b"\n")
                    await process.stdin.drain()
                else:
                    found[step] = value
            found["exit"] = str(await process.wait())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await peer.close()
    return found


def judge(client: Client, found: dict[str, str]) -> bool:
    """Print each step; return whether all are as expected."""
    expected = {**client.expected, "exit": "0"}
    for step in {**expected, **found}:
        got, wanted = found.get(step), expected.get(step)
        note = "" if wanted in {None, got} else f"  *** expected {wanted}"
        print(f"{client.name}\t{step}\t{got}{note}")
    return all(found.get(step) == value for step, value in expected.items())


def collection(text: str, port: int, ids: dict[str, str], *, old: bool) -> dict[str, Any]:
    """The collection with its host, ids and paths replaced, and nothing else.

    Args:
        text: The collection.
        port: Of the server.
        ids: The id that a request needs, by its name; a session is always TestSession but where
            it is deleted or created.
        old: Use the paths of 2.15, without the requests and the parameter that 2.15 does not have.
    """
    found: dict[str, Any] = json.loads(text)
    found["item"] = [item for item in found["item"] if not (old and item["name"] in NOT_IN_OLD)]
    for item in found["item"]:
        name, request = item["name"], item["request"]
        path, query = request["url"]["raw"].partition("?")[::2]
        path = "openvidu/api/" + path.partition("/openvidu/api/")[2]
        session = "Other" if name == "DELETE Session/ID" else "TestSession"
        path = path.replace("sessions/ID", f"sessions/{session}")
        if name in ids:
            path = re.sub(r"(ID|con_\w+|kms_\w+)$", ids[name], path)
        if old:
            query = query.replace("&pendingConnections=true", "")
            new, former = next(pair for pair in OLD_PATHS if path.startswith(pair[0]))
            path = former + path.removeprefix(new)
        request["url"] = f"http://127.0.0.1:{port}/{path}" + (f"?{query}" if query else "")
        replaced = {
            "POST Session": ("TestSession", "Created"),
            "POST Connection": ("asdf", "WEBRTC"),
        }
        if name in replaced:
            request["body"]["raw"] = request["body"]["raw"].replace(*replaced[name])
    return found


async def postman(file: Path, scratch: Path, *, old: bool) -> bool:
    """Send every request of the collection; print each status and whether it is as documented."""
    data = scratch / f"postman-{old}"
    port = free_port()
    try:
        async with (
            processes.server(
                data,
                *("--port", str(port)),
                OPENVIDU_SECRET=POSTMAN_SECRET,
                OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
                OPENVIDU_PRO_CLUSTER_MEDIA_NODES="2",
                MEDIAFLEET_LOCAL_COMMAND="emulator",
            ) as (_, api),
            asyncio.TaskGroup() as group,
        ):
            api.auth = httpx.BasicAuth("OPENVIDUAPP", POSTMAN_SECRET)
            peer, ids = await _prepare(api, port, group)
            try:
                changed = collection(file.read_text("utf-8"), port, ids, old=old)
                prepared, result = scratch / "collection.json", scratch / "result.json"
                prepared.write_text(json.dumps(changed), "utf-8")
                newman = scratch / "node_modules" / ".bin" / "newman"
                export = ["--reporters", "json", "--reporter-json-export", result]
                process = await asyncio.create_subprocess_exec(newman, "run", prepared, *export)
                await process.wait()
            finally:
                await peer.close()
    finally:
        end_local_nodes(data)
    every = True
    for done in json.loads(result.read_text("utf-8"))["run"]["executions"]:
        name = done["item"]["name"]
        status = done.get("response", {}).get("code")
        wanted = {501} if "Recording" in name else {404} if name == DELETED else {200, 204}
        every &= status in wanted
        note = "" if status in wanted else f"  *** expected {sorted(wanted)}"
        print(f"postman {'2.15' if old else '2.32'}\t{name}\t{status}{note}")
    return every


async def _prepare(
    api: httpx.AsyncClient, port: int, group: asyncio.TaskGroup
) -> tuple[Peer, dict[str, str]]:
    """Make what the collection asks for: two sessions, a participant; the ids, by request."""
    first, second = [node["id"] for node in await until_running(api, 2)]
    for name in ("TestSession", "Other"):
        made = await api.post("/openvidu/api/sessions", json={"customSessionId": name})
        assert made.status_code == httpx.codes.OK, made.text
    connections = "/openvidu/api/sessions/TestSession/connection"
    joining, pending = [(await api.post(connections, json={})).json() for _ in range(2)]
    peer = Peer(f"ws://127.0.0.1:{port}/openvidu")
    await peer.open(group)
    await peer.join(joining["token"], "TestSession")
    published = await peer.publish()
    busy = [node["id"] for node in await members(api, sessions="true") if node.get("sessions")] or [
        first
    ]
    (idle,) = {first, second} - set(busy)
    ids = {
        "GET Connection/ID": joining["connectionId"],
        "PATCH Connection": joining["connectionId"],
        "DELETE Connection/ID": pending["connectionId"],
        "DELETE Stream/ID": published["id"],
        "GET MediaNode/ID": busy[0],
        "DELETE Media Node": idle,
        "PATCH Media Node": idle,
    }
    return peer, ids


async def _main() -> int:
    parser = argparse.ArgumentParser(prog="official", description=__doc__)
    parser.add_argument("client", nargs="*", help="beginning of a name; all if none is given")
    parser.add_argument(
        "--postman",
        type=Path,
        default=os.environ.get("MEDIAFLEET_TEST_POSTMAN"),
        help="file of OpenVidu's Postman collection; MEDIAFLEET_TEST_POSTMAN if not given",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        clients = install(scratch)
        wanted = tuple(arguments.client) or ("",)
        results = [
            judge(client, await drive(client, scratch))
            for client in clients
            if client.name.startswith(wanted)
        ]
        if arguments.postman is None:
            print("The Postman collection is not sent: --postman names its file.")
        else:
            results += [await postman(arguments.postman, scratch, old=old) for old in (False, True)]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
