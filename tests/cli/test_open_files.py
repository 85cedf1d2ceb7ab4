"""`mediafleet serve` where the operating system permits few open files."""

import socket
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

NODES = 50
SECRET = "a-secret-of-the-tests"


@pytest.fixture(scope="module")
def nodes(start):
    emulator = start("emulator", "--nodes", NODES, "--port", 0)
    port = emulator.line(r"ws://127\.\d+\.\d+\.\d+:(\d+)/")[1]
    return [
        f"ws://127.0.{1 + number // 254}.{1 + number % 254}:{port}/kurento"
        for number in range(NODES)
    ]


def test_more_nodes_than_files_leave_the_api_reachable_and_it_is_said_at_the_start(
    start, nodes, tmp_path
):
    server = start(
        *("serve", "--port", 0, "--data-dir", tmp_path, "--log-format", "json"),
        program=("prlimit", "--nofile=96:96", sys.executable, "-m", "mediafleet"),
        KMS_URIS=str(nodes).replace("'", '"'),
        OPENVIDU_SECRET=SECRET,
    )
    said = server.line(r"few files may be open.*")[0]
    where = urlsplit(server.url)

    with httpx.Client(base_url=server.url, auth=("OPENVIDUAPP", SECRET)) as api:
        most = api.get("/pro/media-nodes").json()["numberOfElements"]
        refused = api.post("/pro/media-nodes", json={"uri": "ws://127.0.9.9:1/kurento"})
        with ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(socket.create_connection((where.hostname, where.port)))
            assert [api.get("/pro/media-nodes").status_code for _ in range(20)] == [200] * 20

    assert most == NODES
    assert '"limit": 96' in said
    assert refused.status_code == 409
    assert "96 files open" in refused.json()["message"]
