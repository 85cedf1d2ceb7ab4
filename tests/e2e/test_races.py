from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import address_of
from support import histories, processes
from support.cluster_client import NODES, members, until_status

pytestmark = pytest.mark.anyio

REQUESTS = 200


@pytest.mark.slow
async def test_many_requests_for_one_uri_add_it_once(tmp_path: Path) -> None:
    statuses = []
    async with processes.emulator(1) as (_, port), processes.server(tmp_path) as (_, api):
        uri = f"ws://{address_of(0)}:{port}/kurento"

        async def post(client: httpx.AsyncClient) -> None:
            statuses.append((await client.post(NODES, json={"uri": uri})).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(REQUESTS):
                tasks.start_soon(post, api)
        assert sorted(statuses) == [200] + [409] * (REQUESTS - 1)
        (node,) = await members(api)
        await until_status(api, node["id"], "running")

    database = tmp_path / "mediafleet.db"
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []
