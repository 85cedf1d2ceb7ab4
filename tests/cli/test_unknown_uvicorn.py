"""A uvicorn whose internals are not those that the server knows still serves."""

from pathlib import Path

import pytest

from support import processes

pytestmark = pytest.mark.anyio

OTHER_INTERNALS = """
from uvicorn.protocols.http import httptools_impl

httptools_impl.HttpToolsProtocol.send_400_response = lambda self, msg, status=400: None
"""


async def test_an_unknown_uvicorn_serves_with_its_own_protocol_and_a_warning(
    tmp_path: Path,
) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_INTERNALS)

    async with processes.server(tmp_path / "data", PYTHONPATH=str(tmp_path)) as (running, client):
        assert (await client.get("/pro/media-nodes")).status_code == 200
        assert (await client.get("/pro/media-nodes", auth=("a", "b"))).status_code == 401
        assert (await client.get("/metrics")).status_code == 200
    assert any("HttpToolsProtocol.send_400_response" in line for line in running.output)
