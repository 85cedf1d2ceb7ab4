"""More Media Nodes than the operating system lets the server connect to."""

from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.domain.cluster import OpenFiles
from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import NODES, add, delete, members, until, until_status

pytestmark = pytest.mark.anyio

FEW = OpenFiles(limit=128, media_nodes=2, measurements=1)


async def test_a_node_too_many_is_refused_with_what_to_do(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path, open_files=FEW) as api:
        first = await add(api, fleet.uri(0))
        await add(api, fleet.uri(1))
        refused = await api.post(NODES, json={"uri": fleet.uri(2)})

        assert refused.status_code == 409
        message = refused.json()["message"]
        assert "128 files open, enough for 2 Media Nodes" in message
        assert "LimitNOFILE" in message

        assert (await delete(api, first["id"])).status_code in (202, 204)
        await until(api, first["id"], lambda node: node is None)
        await add(api, fleet.uri(2))


async def test_configured_nodes_too_many_are_shown_with_the_reason_and_connect_when_files_are_free(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    uris = [fleet.uri(number) for number in range(3)]
    async with live.mediafleet(tmp_path, open_files=FEW, KMS_URIS=uris) as api:
        with anyio.fail_after(10):
            while len(connected := await _connected(api)) < 2:
                await anyio.sleep(0.02)
        (left_out,) = [node for node in await members(api) if not node["connected"]]
        with anyio.fail_after(10):
            while not (dials := await _failed_dials(api, left_out["id"])):
                await anyio.sleep(0.02)
        assert "128 files open, enough for 2 Media Nodes" in dials[-1]["reason"]

        assert (await delete(api, connected[0]["id"])).status_code in (202, 204)
        await until_status(api, left_out["id"], "running")
        assert len(await _connected(api)) == 2


async def _connected(api: httpx.AsyncClient) -> list[dict[str, object]]:
    return [node for node in await members(api) if node["connected"]]


async def _failed_dials(api: httpx.AsyncClient, node_id: str) -> list[dict[str, str]]:
    diagnostics = await api.get(f"/fleet/media-nodes/{node_id}/diagnostics")
    return diagnostics.json()["failedDials"]
