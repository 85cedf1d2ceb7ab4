"""TLS to media servers: the accepted authorities, and the error of each mistake."""

from __future__ import annotations

import ssl

import pytest
import trustme

from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.errors import UnreachableMediaServerError
from support.fake_kurento import FakeKurento, fake_kurento
from support.hostile_servers import raw_server, unresponsive
from support.links import NODE, Observer, links, make_media_servers, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_context(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
async def secure(authority):
    fake = FakeKurento()
    await fake.start(tls=server_context(authority, "localhost", "127.0.0.1"))
    yield fake
    await fake.stop()


async def reason_of_failure(uri, **settings):
    with pytest.raises(UnreachableMediaServerError) as refused:
        await make_media_servers(Observer(), **settings).probe(uri)
    return refused.value.reason


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_server_that_the_configured_authority_vouches_for_is_met(secure, ca_file, host):
    uri = f"wss://{host}:{secure.port}/kurento"
    identity = await make_media_servers(Observer(), ca_file=ca_file).probe(uri)
    assert identity.server_id == secure.server_id
    assert identity.ip == "127.0.0.1"


async def test_a_link_lives_over_tls(secure, ca_file):
    async with links(ca_file=ca_file) as (media_servers, observer):
        secure.create("room")
        media_servers.attach(NODE, f"wss://localhost:{secure.port}/kurento", NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
        secure.cut()
        await until(lambda: not observer.is_connected())
        await until(observer.is_connected)
        assert observer.session_ids() == ["room"]


async def test_a_measurement_goes_to_the_address_and_asks_for_the_certificate_of_the_name(
    authority, ca_file
):
    named = FakeKurento()
    await named.start(tls=server_context(authority, "localhost"))
    async with links(ca_file=ca_file) as (media_servers, observer):
        media_servers.attach(NODE, f"wss://localhost:{named.port}/kurento", NodeDiagnostics())
        await until(lambda: observer.is_connected() and observer.last().load == 25.0)
    await named.stop()


async def test_an_untrusted_authority_is_refused(secure, tmp_path):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    uri = f"wss://localhost:{secure.port}/kurento"
    for settings in ({"ca_file": other}, {}):
        reason = await reason_of_failure(uri, **settings)
        assert reason.startswith("its TLS certificate is refused: ")
        assert "authority" in reason


async def test_a_certificate_for_another_host_is_refused_without_naming_it(authority, ca_file):
    fake = FakeKurento()
    await fake.start(tls=server_context(authority, "elsewhere.example"))
    try:
        uri = f"wss://localhost:{fake.port}/kurento"
        assert await reason_of_failure(uri, ca_file=ca_file) == (
            "its TLS certificate is refused: it was issued for another host name"
        )
        uri = f"wss://127.0.0.1:{fake.port}/kurento"
        assert await reason_of_failure(uri, ca_file=ca_file) == (
            "its TLS certificate is refused: it was issued for another address"
        )
        assert fake.connection_count == 0
    finally:
        await fake.stop()


async def test_tls_towards_a_plain_port_is_called_by_its_name():
    async with fake_kurento() as fake:
        reason = await reason_of_failure(f"wss://127.0.0.1:{fake.port}/kurento")
    assert "ws://" in reason


async def test_plain_towards_a_tls_port_is_called_by_its_name(secure):
    reason = await reason_of_failure(f"ws://127.0.0.1:{secure.port}/kurento")
    assert "wss://" in reason


async def test_a_tls_handshake_that_never_ends_is_given_up():
    async with raw_server(unresponsive) as port:
        reason = await reason_of_failure(f"wss://127.0.0.1:{port}/kurento")
    assert "does not answer" in reason


def test_a_file_without_authorities_is_refused_at_once(tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(OSError, match=r"."):
        make_media_servers(Observer(), ca_file=empty)
