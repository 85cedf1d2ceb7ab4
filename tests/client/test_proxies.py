"""The secret goes to the server alone: which proxy of the environment is used, and for what."""

import base64

import pytest

from client.conftest import answer, do
from mediafleet_client import MediafleetError
from mediafleet_client.conversation import is_loopback, proxy_for, transport_options

pytestmark = pytest.mark.anyio

SECRET = "canary-secret"
CREDENTIALS = base64.b64encode(f"OPENVIDUAPP:{SECRET}".encode()).decode()
EMPTY = answer(200, {"numberOfElements": 0, "content": []})


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No proxy of the machine on which the tests run."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch.setenv


@pytest.fixture
def proxy(server, environment):
    """A proxy that keeps what it was asked, for everything."""
    server.answers = [EMPTY]
    for name in ("http_proxy", "HTTPS_PROXY", "all_proxy"):
        environment(name, server.url)
    return server


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "127.0.0.1",
        "127.255.0.9",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "ip6-localhost",
    ],
)
async def test_no_proxy_is_used_for_this_machine(connect, proxy, host):
    for scheme in ("http", "https"):
        url = f"{scheme}://{host}:1"
        client = connect(url, SECRET, timeout=0.3)
        with pytest.raises(MediafleetError):
            await do(client.media_nodes.list)

    assert proxy.asked == []


async def test_a_server_here_is_reached_although_there_is_a_proxy(connect, environment, server):
    server.answers = [EMPTY]
    environment("http_proxy", "http://127.0.0.1:1")
    environment("ALL_PROXY", "http://127.0.0.1:1")

    assert await do(connect(server.url, SECRET).media_nodes.list) == []
    assert CREDENTIALS in server.asked[0]


async def test_a_proxy_is_used_for_another_machine(connect, proxy):
    assert await do(connect("http://media.example.org:5443", SECRET).media_nodes.list) == []
    assert proxy.lines == [
        "GET http://media.example.org:5443/pro/media-nodes?sessions=false&extra-info=false"
    ]


async def test_a_proxy_for_https_sees_no_secret(connect, proxy):
    proxy.answers = [answer(403)]

    with pytest.raises(MediafleetError):
        await do(connect("https://media.example.org", SECRET).media_nodes.list)

    assert proxy.lines == ["CONNECT media.example.org:443"]
    assert CREDENTIALS not in proxy.asked[0]


async def test_the_environment_can_be_left_aside(proxy):
    url = "http://media.example.org"

    assert transport_options(url, verify=True, trust_env=True)["proxy"] is not None
    assert transport_options(url, verify=True, trust_env=False)["proxy"] is None


@pytest.mark.parametrize(
    ("exceptions", "host", "excepted"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.1/8, fd00::/8", "10.1.2.3", True),
        ("fd00::/8", "[fd00::5]", True),
        ("[fd00::]/8", "[fd00::5]", False),
        ("[fd00::5]", "[fd00::5]", True),
        ("10.0.0.0/99,10.1.2.3", "10.1.2.3", True),
        ("10.0.0.0/8", "ten.example.org", False),
        ("example.org", "media.example.org", True),
        (".example.org", "media.example.org", True),
        ("*.example.org", "media.EXAMPLE.org.", True),
        ("example.org", "badexample.org", False),
        ("media.example.org:5443", "media.example.org", True),
        ("media.example.org:80", "media.example.org", False),
        ("*", "media.example.org", True),
        (" ,, ", "media.example.org", False),
        ("::/0 /,[,%,*.,é", "media.example.org", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(
    kind, environment, exceptions, host, excepted
):
    environment("http_proxy", "http://127.0.0.1:1")
    environment("NO_PROXY", exceptions)
    url = f"http://{host}:5443"

    kind(url, SECRET)

    assert (proxy_for(url) is None) == excepted


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "http://canary:canary@[::1", "a b://"])
def test_a_proxy_that_is_none_is_refused(kind, environment, proxy):
    environment("http_proxy", proxy)

    with pytest.raises(ValueError, match="the proxy that the environment names") as caught:
        kind("http://media.example.org", SECRET)

    assert "canary" not in str(caught.value)


async def test_a_proxy_without_a_scheme_is_one_for_http(connect, environment, server):
    server.answers = [EMPTY]
    environment("http_proxy", server.url.removeprefix("http://"))

    assert await do(connect("http://media.example.org", SECRET).media_nodes.list) == []


@pytest.mark.parametrize("host", ["localhost.example.org", "128.0.0.1", "10.0.0.1", "fe80::1", ""])
def test_other_machines_are_no_loopback(host):
    assert not is_loopback(host)
