"""A uvicorn whose internals are not those that the server expects still serves."""

import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from support import processes

pytestmark = pytest.mark.anyio

OTHER_INTERNALS = """
from uvicorn.protocols.http import httptools_impl

httptools_impl.HttpToolsProtocol.send_400_response = lambda self, msg, status=400: None
"""


@pytest.fixture
def unknown_uvicorn(tmp_path: Path) -> dict[str, str]:
    """Variables under which a process has a uvicorn with other internals."""
    (tmp_path / "sitecustomize.py").write_text(OTHER_INTERNALS)
    return {"PYTHONPATH": str(tmp_path)}


async def expect_api(client: httpx.AsyncClient) -> None:
    assert (await client.get("/pro/media-nodes")).status_code == 200
    assert (await client.get("/pro/media-nodes", auth=("a", "b"))).status_code == 401
    assert (await client.get("/metrics")).status_code == 200


async def test_an_unknown_uvicorn_serves_with_its_own_protocol_and_a_warning(
    tmp_path: Path, unknown_uvicorn: dict[str, str]
) -> None:
    async with processes.server(tmp_path / "data", **unknown_uvicorn) as (running, client):
        await expect_api(client)
    assert any("HttpToolsProtocol.send_400_response" in line for line in running.output)


async def test_an_unknown_uvicorn_serves_tls_and_nothing_else_with_a_certificate(
    tmp_path: Path, unknown_uvicorn: dict[str, str]
) -> None:
    authority, trusting = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusting)
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.pem")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    tls = ("--tls-cert", str(tmp_path / "tls.pem"), "--tls-key", str(tmp_path / "tls.key"))

    async with (
        processes.server(tmp_path / "data", *tls, **unknown_uvicorn) as (running, _),
        httpx.AsyncClient(auth=("OPENVIDUAPP", processes.SECRET), verify=trusting) as client,
    ):
        assert running.printed.startswith("https://")
        client.base_url = httpx.URL(running.printed)
        await expect_api(client)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(running.printed.replace("https://", "http://") + "/health")
    assert any("HttpToolsProtocol.send_400_response" in line for line in running.output)
