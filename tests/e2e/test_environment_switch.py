"""A server whose environment is another one than that of its members."""

from pathlib import Path

import pytest

from support import live
from support.cluster_client import NODES, delete, members, until
from support.kill_environments import aws
from support.local_nodes import end_local_nodes, local_nodes

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_members_of_another_environment_stay_and_are_not_judged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data := tmp_path / "data").mkdir()
    async with aws(tmp_path) as ground:
        async with live.mediafleet(data, **ground.environ) as api:
            (launched,) = await members(api)
            await until(api, launched["id"], lambda found: bool(found) and found["connected"])

        wanted = {
            "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 1,
            "MEDIAFLEET_LOCAL_COMMAND": "emulator",
        }
        caplog.clear()
        try:
            async with live.mediafleet(
                data, OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local", **wanted
            ) as api:
                await until(api, launched["id"], lambda found: bool(found) and found["connected"])
                (node,) = await members(api)
                assert (node["id"], node["status"]) == (launched["id"], "running")
                assert local_nodes(data) == []
                (reported,) = (
                    record for record in caplog.records if hasattr(record, "media_node_ids")
                )
                assert reported.media_node_ids == [launched["id"]]
                added = (await api.post(NODES, params={"wait": "true"})).json()
                assert added["environmentId"] == local_nodes(data)[0].environment_id
                assert (await delete(api, launched["id"], wait="true")).status_code == 204
            assert len(await ground.machines()) == 1
        finally:
            end_local_nodes(data)
