"""Nodes that announce themselves to a server, all of them processes as a user starts them."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from support import processes
from support.cluster_client import Json, members

pytestmark = pytest.mark.anyio

TOKEN = "tkn_of_the_tests-0123"
NODES = 3
NODE = re.compile(r"ws://127\.\d+\.\d+\.\d+:(\d+)/")
PROPERTIES = {
    "MEDIAFLEET_REGISTRAR_TOKEN": TOKEN,
    "MEDIAFLEET_REGISTRAR_NETWORKS": '["127.0.0.0/8"]',
    "MEDIAFLEET_LOG_FORMAT": "json",
}


async def until_all_run(api: httpx.AsyncClient) -> list[Json]:
    with anyio.fail_after(30):
        while True:
            nodes = await members(api)
            if len([node for node in nodes if node["connected"]]) == NODES:
                return nodes
            await anyio.sleep(0.05)


async def until_printed(running: processes.Running, text: str, times: int) -> None:
    with anyio.fail_after(30):
        while "\n".join(running.output).count(text) < times:
            await anyio.sleep(0.05)


async def test_nodes_announce_themselves_and_again_to_the_next_server(tmp_path: Path) -> None:
    async with processes.server(tmp_path, **PROPERTIES) as (first, api):
        port = urlsplit(first.printed).port
        url = f"ws://127.0.0.1:{port}/registrar/{TOKEN}"
        async with processes.started(
            NODE, "emulator", "--nodes", str(NODES), "--port", "0", "--register", url
        ):
            before = await until_all_run(api)
            first.kill()
            await first.process.wait()
            async with processes.server(tmp_path, "--port", str(port), **PROPERTIES) as (
                second,
                after_api,
            ):
                after = await until_all_run(after_api)
                await until_printed(second, "known media server registered itself", NODES)
                assert [node["id"] for node in after] == [node["id"] for node in before]
                assert len(await members(after_api)) == NODES
    assert TOKEN not in "\n".join([*first.output, *second.output])
