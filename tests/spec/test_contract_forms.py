"""The forms of strings in requests, as the engine that serves the contract sees them."""

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.configuration.array_kinds import WebSocketUris
from mediafleet.configuration.errors import InvalidValueError
from mediafleet.domain.endpoints import MediaServerUri
from mediafleet.domain.errors import InvalidUriError


@pytest.fixture(scope="module")
def accepts(component):
    """Return whether a string has a property's form, by the engine that serves the contract."""

    def accepts(schema, name, value):
        bounds = component[schema]["properties"][name]
        keys = ("type", "pattern", "minLength", "maxLength")
        wanted = {key: bounds[key] for key in keys if key in bounds}
        return jsonschema_rs.Draft4Validator(wanted).is_valid(value)

    return accepts


@pytest.mark.parametrize(
    "uri",
    [
        "ws://a",
        "ws://10.1/",
        "ws://10.0.0.256/",
        "ws://172.17.0.5:8888/kurento",
        "wss://media.example.com/kurento",
        "WSS://Media.Example.COM:443",
        "ws://kurento_1:65535/",
        "ws://[::1]:8888/kurento",
        "ws://[2001:db8::5]",
        "ws://[::ffff:127.0.0.1]/k",
        "ws://a/b%20c/~d;e=1",
        "ws://media.example.com.:8888",
        "ws://a:08888/kurento",
        "ws://[1:2:3:4:5:6:7:8]",
        "ws://[1:2:3:4:5:6:7::]",
        "ws://[1:2:3:4:5:6:192.0.2.1]",
    ],
)
def test_uri_accepts_a_websocket_address(accepts, uri):
    assert accepts("MediaNodeToAdd", "uri", uri)
    assert configured(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "ws://",
        "ws:///kurento",
        "http://a/kurento",
        "wsss://a/kurento",
        "ws://user@a/kurento",
        "ws://user:password@a/kurento",
        "ws://a/kurento?token=1",
        "ws://a?token=1",
        "ws://a/kurento#top",
        "ws://a:/kurento",
        "ws://a:0/kurento",
        "ws://a:65536/kurento",
        "ws://::1/kurento",
        "ws://[::1::2]",
        "ws://[12345::]",
        "ws://[1:2:3:4:5:6:7]",
        "ws://[1:2:3:4:5:6:7:8:9]",
        "ws://[::192.0.2.256]",
        "ws://[::192.0.2.01]",
        "ws://[192.0.2.1]",
        "ws://[...]",
        "ws://a..",
        "ws://.",
        "ws://a:00000",
        "ws://[::1/kurento",
        "ws://[fe80::1%25eth0]/kurento",
        "ws://a..b/kurento",
        "ws://-a/kurento",
        "ws://a b/kurento",
        "ws://a/kuren to",
        "ws://a/%zz",
        "ws://a/\u00e9",
        "ws://a/kurento\n",
        " ws://a/kurento",
        "ws://a/\x00",
        "ws://a/" + "b" * 249,
    ],
)
def test_uri_refuses_anything_else(accepts, uri):
    assert not accepts("MediaNodeToAdd", "uri", uri)


def served(text):
    """Return whether the server itself reads it as an endpoint."""
    try:
        MediaServerUri.parse(text)
    except InvalidUriError:
        return False
    return True


def configured(text):
    """Return whether KMS_URIS may contain it."""
    try:
        WebSocketUris().normalize_item(text)
    except InvalidValueError:
        return False
    return True


_GROUPS = st.lists(
    st.sampled_from(["", "0", "db8", "FFFF", "12345", "g", "192.0.2.1", "1.2.3.256"]), max_size=9
)
_HOSTS = st.one_of(
    _GROUPS.map(lambda groups: f"[{':'.join(groups)}]"),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.lists(
        st.sampled_from(["a", "_", "-", "A-0", "10", "256", "b" * 63, "c" * 64, ""]), max_size=4
    ).map(".".join),
)
_PORTS = st.sampled_from(["", ":", ":0", ":1", ":65535", ":65536", ":080", ":000000443", ":99999"])
_PATHS = st.sampled_from(["", "/", "/kurento", "/%2F", "/%2", "?", "#", "/a b", "/\n"])
_NEARLY = st.tuples(st.sampled_from(["ws://", "WSs://", "http://", ""]), _HOSTS, _PORTS, _PATHS)


@given(_NEARLY.map("".join) | st.text(max_size=300))
def test_the_contract_accepts_the_uris_that_the_server_accepts(accepts, uri):
    assert accepts("MediaNodeToAdd", "uri", uri) == served(uri) == configured(uri)


@given(st.data())
def test_the_server_takes_every_uri_of_the_form_in_the_contract(component, data):
    pattern = component["MediaNodeToAdd"]["properties"]["uri"]["pattern"]
    uri = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii")))
    assert served(uri) or len(uri) > 255


@pytest.mark.parametrize(
    "char", ["\x00", "\t", "\n", "\r", "\x1f", "\x7f", "\x85", "\u2028", "\u2029"]
)
@pytest.mark.parametrize(
    "name",
    [
        "OPENVIDU_SECRET",
        "OPENVIDU_RECORDING_PATH",
        "OPENVIDU_RECORDING_CUSTOM_LAYOUT",
        "OPENVIDU_WEBHOOK_ENDPOINT",
        "OPENVIDU_PRO_CLUSTER_ID",
        "OPENVIDU_PRO_CLUSTER_PATH",
    ],
)
def test_restart_refuses_control_characters_and_line_separators(accepts, name, char):
    value = "http://a/" if name.endswith("ENDPOINT") else "/opt/ü x"
    assert accepts("RestartProperties", name, value)
    assert not accepts("RestartProperties", name, f"{value}{char}")
    assert not accepts("RestartProperties", name, f"{char}{value}")


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        ("Authorization: Basic eA==", True),
        ("X-Empty: ", False),
        (": value", False),
        ("NoSpace:value", False),
        ("X-Split: a\r\nX-Other: b", False),
        ("X Y: z", False),
    ],
)
def test_webhook_header_is_a_name_and_a_value(component, header, fits):
    items = component["RestartProperties"]["properties"]["OPENVIDU_WEBHOOK_HEADERS"]["items"]
    assert jsonschema_rs.Draft4Validator(items).is_valid(header) is fits


@pytest.mark.parametrize(
    ("endpoint", "fits"),
    [
        ("", True),
        ("https://hooks.example.com", True),
        ("http://[::1]:7777/webhook?a=b", True),
        ("http://user:password@hooks.example.com/", False),
        ("ftp://hooks.example.com/", False),
        ("http://hooks.example.com/a b", False),
    ],
)
def test_webhook_endpoint_is_an_address_without_credentials(accepts, endpoint, fits):
    assert accepts("RestartProperties", "OPENVIDU_WEBHOOK_ENDPOINT", endpoint) is fits
