"""What the log says of a request, beyond the contract layer."""

from pathlib import Path

import pytest

from support import live
from support.cluster_client import NODES, until
from support.fake_kurento import fake_kurento
from support.log_lines import json_lines

pytestmark = pytest.mark.anyio


async def test_lines_of_an_addition_have_its_id_and_the_node_and_later_ones_only_the_node(
    tmp_path: Path,
) -> None:
    async with fake_kurento() as server, live.mediafleet(tmp_path) as api:
        with json_lines() as lines:
            answer = await api.post(
                NODES,
                params={"wait": "true"},
                json={"uri": server.uri},
                headers={"X-Request-Id": "add-1"},
            )
            node_id = answer.json()["id"]
            await server.stop()
            await until(api, node_id, lambda node: node is not None and not node["connected"])

    of_node = [line for line in lines() if line.get("media_node_id") == node_id]
    assert answer.headers["x-request-id"] == "add-1"
    assert {line.get("request_id") for line in of_node if "event" in line} == {"add-1", None}
    lost = [line for line in of_node if "lost" in line["message"] or "disconn" in line["message"]]
    assert lost
    assert all("request_id" not in line for line in lost)
