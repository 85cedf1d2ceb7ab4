import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain.endpoints import MediaServerUri, host_of
from mediafleet.domain.errors import InvalidUriError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ws://172.17.0.5:8888/kurento", ("ws", "172.17.0.5", 8888, "/kurento")),
        ("wss://media.example.com/kurento", ("wss", "media.example.com", 443, "/kurento")),
        ("WS://Media.Example.COM:80/Kurento", ("ws", "media.example.com", 80, "/Kurento")),
        ("ws://[::1]:8888/kurento", ("ws", "::1", 8888, "/kurento")),
        ("ws://[0:0:0:0:0:0:0:1]/kurento", ("ws", "::1", 80, "/kurento")),
        ("ws://host_1", ("ws", "host_1", 80, "/")),
        ("ws://host:0000008888", ("ws", "host", 8888, "/")),
    ],
)
def test_endpoints_are_read(text: str, expected: tuple[str, str, int, str]) -> None:
    uri = MediaServerUri.parse(text)

    assert (uri.scheme, uri.host, uri.port, uri.path) == expected


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("ws://10.0.0.1/", "10.0.0.1"),
        ("ws://[0:0::1]:8888/", "::1"),
        ("wss://Media.Example.com/", "media.example.com"),
        ("ws://localhost/", "localhost"),
    ],
)
def test_the_host_has_no_brackets(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://10.0.0.1/kurento",
        "ws:/10.0.0.1/kurento",
        "ws://user:hunter2@10.0.0.1/kurento",
        "ws://10.0.0.1/kurento?token=hunter2",
        "ws://10.0.0.1/kurento#hunter2",
        "ws://10.0.0.1:0/kurento",
        "ws://10.0.0.1:65536/kurento",
        "ws://-bad-/kurento",
        "ws://a..b/kurento",
        "ws://[::1/kurento",
        "ws://[fe80::1%25eth0]/kurento",
        "ws://[12345::]/kurento",
        "ws://10.0.0.1/kurento\n",
        "ws://10.0.0.1/ku rento",
        "ws://10.0.0.1/kur\u00e9nto",
        "ws://\u0661.0.0.1/kurento",
        "ws://" + "a" * 300,
    ],
)
def test_a_bad_endpoint_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(InvalidUriError) as refused:
        MediaServerUri.parse(text)

    assert "hunter2" not in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.text(max_size=300) | st.from_regex(r"wss?://[\x00-\x7f]{0,60}", fullmatch=True))
def test_any_text_is_an_endpoint_or_refused(text: str) -> None:
    try:
        uri = MediaServerUri.parse(text)
    except InvalidUriError:
        return

    assert 1 <= uri.port <= 65535
    assert uri.path.startswith("/")
    assert uri.scheme in {"ws", "wss"}
