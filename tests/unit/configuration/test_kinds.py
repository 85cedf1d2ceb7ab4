import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.configuration.array_kinds import (
    DEFAULT_EVENT_NAMES,
    EVENT_NAMES,
    MAX_ITEMS,
    Events,
    Headers,
    Networks,
    Origins,
    WebSocketUris,
    split_items,
)
from mediafleet.configuration.errors import InvalidValueError
from mediafleet.configuration.properties import PROPERTIES
from mediafleet.configuration.property import Boolean, Decimal, Integer, Kind, forbidden_character
from mediafleet.configuration.text_kinds import (
    Choice,
    CommandLine,
    DatabaseUrl,
    Directory,
    Host,
    LocalPath,
    OptionalAddress,
    Text,
    WebUrl,
)

KINDS = sorted({each.kind for each in PROPERTIES}, key=repr)
ANY_TEXT = st.text(st.characters(), max_size=60)
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Boolean(), "1"),
        (Boolean(), ""),
        (Boolean(), "true "),
        (Integer(), ""),
        (Integer(), "-1"),
        (Integer(), "1.0"),
        (Integer(), "0x10"),
        (Integer(), "1_000"),
        (Integer(), "٣"),
        (Integer(), "2147483648"),
        (Integer(), "9" * 30),
        (Integer(0, 100), "101"),
        (Decimal(0.5, 10), "0.4"),
        (Decimal(0.5, 10), "nan"),
        (Decimal(0.5, 10), "1e1"),
        (Text(1), ""),
        (Text(1, 3), "four"),
        (Choice(("a", "b")), "A"),
        (DatabaseUrl(), ""),
        (DatabaseUrl(), "mysql://user:password@host/database"),
        (DatabaseUrl(), "postgresql://host:0/database"),
        (DatabaseUrl(), "postgresql://host:99999/database"),
        (DatabaseUrl(), "postgresql://host:port/database"),
        (DatabaseUrl(), "postgresql://host:/database"),
        (DatabaseUrl(), "sqlite:///file.db?mode=ro"),
        (DatabaseUrl(), "sqlite://host/file.db"),
        (DatabaseUrl(), "sqlite:///" + "x" * 2048),
        (CommandLine(), ""),
        (CommandLine(), "  "),
        (CommandLine(), "'' --option"),
        (CommandLine(), "media-server 'unclosed"),
        (CommandLine(), "x" * 4097),
        (Directory(), ""),
        (Directory(), "x" * 1025),
        (LocalPath(), ""),
        (LocalPath(), "/a?b"),
        (LocalPath(), "~nobody-of-this-name/x"),
        (LocalPath(must_be_file=True), "/nowhere/at/all"),
        (Host(), ""),
        (Host(), "a b"),
        (Host(), "-a.example"),
        (Host(), "1.2.3"),
        (Host(), "256.1.1.1"),
        (Host(), "[a.example]"),
        (Host(), "::1::"),
        (Host(), "fe80::1%eth0"),
        (Host(), "bücher.example"),
        (Host(), "https://a.example"),
        (Host(), "a.example:443"),
        (Host(), "a." * 127 + "example"),
        (OptionalAddress(), "a.example"),
        (WebUrl(), "a.example"),
        (WebUrl(), "ws://a.example"),
        (WebUrl(), "http://"),
        (WebUrl(), "http://:80"),
        (WebUrl(), "http://a.example:0"),
        (WebUrl(), "http://a.example:65536"),
        (WebUrl(), "http://a.example/#f"),
        (WebUrl(), "http://u@a.example/"),
        (WebUrl(), "http://u:p/w@a.example/"),
        (WebUrl(), "http://a.example/a b"),
        (WebUrl(), "http://a.example/" + "a" * 2048),
        (Events(), "[nothing]"),
        (Events(), "[sessionCreated"),
        (Headers(), "[Authorization]"),
        (Headers(), "[Authorization:Basic]"),
        (Headers(), '[": value"]'),
        (Headers(), '["Name:  "]'),
        (Headers(), '["content-length: 5"]'),
        (Headers(), '["Webhook-Id: 5"]'),
        (Headers(), '["Bad Name: value"]'),
        (Headers(), '["A: b\\r\\nC: d"]'),
        (Headers(), '["A: b\\ud800"]'),
        (Headers(), "[A: " + "b" * 4094 + "]"),
        (WebSocketUris(), "[http://a:1/k]"),
        (WebSocketUris(), "[ws://a/" + "k" * 249 + "]"),
        (WebSocketUris(), "[ws://a:1/k?q]"),
        (WebSocketUris(), "[ws://a:1/k#f]"),
        (WebSocketUris(), "[ws://u:p@a:1/k]"),
        (WebSocketUris(), "[ws://::1:8888/k]"),
        (WebSocketUris(), "[ws://[fe80::1%25eth0]:8888/k]"),
        (WebSocketUris(), "[ws://a:1/k,]"),
        (WebSocketUris(), '["ws://a:1/k]'),
        (Origins(), "[https://a/path]"),
        (Networks(), "[10.0.0.1/8]"),
        (Networks(), "[10.0.0.0/33]"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_text_that_stands_for_no_allowed_value_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        kind.read(text)

    assert refused.value.rule


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Boolean(), "tRuE", True),
        (Integer(), "+007", 7),
        (Integer(), "2147483647", 2147483647),
        (Decimal(0.5, 10), "1.25", 1.25),
        (Directory(), "/", "/"),
        (Directory(), "/a/b//", "/a/b/"),
        (Directory(), "relative", "relative/"),
        (Host(), "192.0.2.1", "192.0.2.1"),
        (Host(), "my_host.local.", "my_host.local."),
        (OptionalAddress(), "", ""),
        (OptionalAddress(), "2001:db8::1", "2001:db8::1"),
        (WebUrl(), "", ""),
        (WebUrl(), "http://a.example/@me", "http://a.example/@me"),
        (WebUrl(), "HTTPS://a.example:443?x=1", "HTTPS://a.example:443?x=1"),
        *(
            (DatabaseUrl(), url, url)
            for url in (
                "sqlite:///file.db",
                "sqlite:////var/lib/mediafleet.db",
                "postgres://user:p%40ss@[::1]:65535/database?sslmode=verify-full",
                "postgresql:///database",
            )
        ),
        (Events(), "", ()),
        (Events(), '[""]', ()),
        (Events(), " [ autoscaling , autoscaling ] ", ("autoscaling",)),
        (Events(), "[broadcastStarted,autoscaling,signalSent]", ("autoscaling",)),
        (Headers(), r"[\"Authorization:\ Basic\ xxx\"]", ("Authorization: Basic xxx",)),
        (Headers(), r'["A: \"q\", r"]', ('A: "q", r',)),
        (Headers(), "[A: it's]", ("A: it's",)),
        (Headers(), "A: b: c", ("A: b: c",)),
        (WebSocketUris(), "[ 'ws://a:1/k' ,\\\"ws://b/k\\\"]", ("ws://a:1/k", "ws://b/k")),
        (WebSocketUris(), "ws://[::1]:8888/k", ("ws://[::1]:8888/k",)),
        (WebSocketUris(), "[ws://a]", ("ws://a",)),
        (Origins(), "*", ("*",)),
        (Networks(), "127.0.0.1,fd00::/8", ("127.0.0.1/32", "fd00::/8")),
    ],
    ids=lambda value: str(value)[:60],
)
def test_text_is_read_as_files_in_the_wild_write_it(kind: Kind, text: str, value: object) -> None:
    assert kind.read(text) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Boolean(), "true"),
        (Boolean(), 1),
        (Boolean(), None),
        (Integer(), "1"),
        (Integer(), True),
        (Integer(), 1.5),
        (Integer(), math.nan),
        (Integer(), math.inf),
        pytest.param(Integer(), 10**5000, id="huge"),
        (Decimal(0, 1), True),
        (Decimal(0, 1), math.nan),
        pytest.param(Decimal(0, 1), 10**400, id="huge decimal"),
        (Text(), 1),
        (Text(), "\ud800"),
        (Text(), "a\x85b"),
        (Directory(), ["/a"]),
        (Events(), "autoscaling"),
        (Events(), [1]),
        (Events(), ["signalSent"]),
        (Events(), {"autoscaling": 1}),
        (Headers(), [f"A: {number}" for number in range(MAX_ITEMS + 1)]),
        (Headers(), ["A: b\x00"]),
        (WebSocketUris(), [["ws://a"]]),
    ],
)
def test_json_of_another_type_or_beyond_the_bounds_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(InvalidValueError):
        kind.check(value)


def test_integral_json_numbers_are_whole_numbers() -> None:
    checked = Integer(0, 100).check(70.0)

    assert checked == 70
    assert type(checked) is int


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(value=ANY_VALUE)
def test_a_kind_takes_or_refuses_any_value_and_can_show_it(kind: Kind, value: object) -> None:
    shown = kind.show(value)
    with contextlib.suppress(InvalidValueError):
        taken = kind.check(value)

        assert kind.read(kind.write(taken)) == taken
    assert len(shown) < 1500
    assert forbidden_character(shown) is None


@given(items=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=6))
def test_an_array_written_as_json_is_split_into_the_same_items(items: list[str]) -> None:
    text = Headers().write(tuple(items))

    assert split_items(text) == items


@given(text=ANY_TEXT)
def test_any_text_of_an_array_is_split_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidValueError):
        assert all(isinstance(item, str) for item in split_items(text))


def test_deeply_nested_json_is_refused_like_any_other_text() -> None:
    with pytest.raises(InvalidValueError):
        WebSocketUris().read("[" * 8000)


def test_the_default_events_are_those_of_the_2_15_release() -> None:
    assert EVENT_NAMES[:9] == DEFAULT_EVENT_NAMES
    assert Events().check(list(EVENT_NAMES)) == EVENT_NAMES
