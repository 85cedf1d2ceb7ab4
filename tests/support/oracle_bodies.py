"""Request bodies for the oracle: made from a schema, at its bounds, beside it, and no JSON."""

import json
from typing import Any

from hypothesis import strategies as st

from support.oracle_contract import resolve

Drawn = Any
"""What a strategy draws."""

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)
ODD_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ODD_TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXTS, inner, max_size=4),
    max_leaves=8,
)
_ODDITIES: list[Drawn] = [
    *(None, True, "true", 0, -1, 1.0, 1.5, 1e3, -0.0, 10_001),
    *(2**31 - 1, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**30),
    *("", " ", "\n", "running\n", "RUNNING", "\x00", "\x7f", "\u2028", "é", "😀", "moderator "),
    *("x" * 255, "x" * 256, "x" * 1024, "x" * 1025, "x" * 2049, "😀" * 128, "😀" * 129),
    *([], [1], [[]], ["autoscaling", "autoscaling"], ["x: y"] * 101, {}, {"a": None}),
]
ODDITIES = st.sampled_from(_ODDITIES) | JSONISH
BROKEN = st.sampled_from(
    [
        *(
            b"{",
            b"}",
            b"{]",
            b"[1,]",
            b"{'a':1}",
            b'{"a":1,}',
            b'{"a"}',
            b"nul",
            b"+1",
            b"01",
            b".5",
        ),
        *(
            b"1.",
            b"0x1",
            b"1 2",
            b"{}{}",
            b"{}\x00",
            b'"\t"',
            b'"\x01"',
            b'"\\x"',
            b'"\\u12"',
            b'"',
        ),
        *(b" ", b"\n\t", b"\x0b{}", b"\xef\xbb\xbf{}", b"// {}\n{}", b"undefined", b"True", b"--1"),
    ]
) | st.text('{}[],:"\\ntrufalse01e+-. \n', min_size=1, max_size=12).map(str.encode)
CHOKING = st.sampled_from(
    [
        *(b"\xff", b'{"a":"\xc3"}', b'{"a":"\xed\xa0\x80"}', b"{}".decode().encode("utf-16")),
        *(
            b'{"a":%b}' % (b"7" * 5000),
            b"[" * 2000 + b"]" * 2000,
            b'{"a":' * 3000 + b"1" + b"}" * 3000,
        ),
        b"[" * 200_000,
    ]
)
LENIENT = st.sampled_from(
    [
        *(b"NaN", b"Infinity", b"[-Infinity]", b"1e400", b"-1e999", b"9" * 400, b'"\\ud800"'),
        *(b'{"\\udfff": 1}', b'"\\ud83d\\ud83d\\ude00"', b'["\\ude00\\ud83d"]'),
    ]
).map(b'{"status": "running", "uri": null, "stranger": %b}'.__mod__)


def uris(port: int) -> st.SearchStrategy[str]:
    """Endpoints, none of which is dialled outside loopback or looked up elsewhere."""
    node = f"127.0.1.4:{port}"
    return st.sampled_from(
        [
            *(f"ws://{node}/kurento", f"WS://{node}/kurento", f"ws://127.0.1.2:{port}/kurento"),
            *(
                f"ws://{node}",
                f"ws://{node}/",
                f"ws://{node}/other",
                f"ws://127.0.9.9:{port}/kurento",
            ),
            *(
                "ws://127.0.0.1:9/kurento",
                "wss://127.0.0.1:9/",
                "ws://[::1]:9/",
                "ws://localhost:9",
            ),
            *("ws://10.1.2.3:8888/kurento", "ws://[2001:db8::5]:8888/kurento", "ws://192.0.2.7"),
            *(
                "ws://user:pw@10.1.2.3/",
                "ws://10.1.2.3/?a=1",
                "ws://10.1.2.3/#f",
                "http://10.1.2.3/",
            ),
            *(
                "ws://10.1.2.3:0/",
                "ws://10.1.2.3:65535/",
                "ws://10.1.2.3:65536/",
                "ws://[10.1.2.3]/",
            ),
            *(
                "ws://[:::]/",
                "ws://[::1",
                "ws://10.1.2.3/a b",
                "ws://10.1.2.3/%zz",
                "ws://10.1.2.3/é",
            ),
            *(
                f"ws://{node}/kurento\n",
                " ws://10.1.2.3/",
                "ws:",
                "ws://a-",
                "ws://.a",
                "ws://a..b",
            ),
            *(
                "ws://10.1.2.3/" + "x" * 241,
                "ws://10.1.2.3/" + "x" * 242,
                "WSS://10.1.2.3",
                "ws:///",
            ),
        ]
    )


def values(schema: Any, port: int) -> st.SearchStrategy[Drawn]:
    """Values that mostly keep a schema."""
    schema = resolve(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        fields = {
            name: uris(port) if name == "uri" else values(part, port)
            for name, part in schema["properties"].items()
        }
        return _objects(fields, schema.get("required", []))
    if kind == "array":
        return st.lists(values(schema["items"], port), max_size=3)
    if kind == "integer":
        low, high = schema["minimum"], schema["maximum"]
        return st.sampled_from([low, high, schema["example"]]) | st.integers(low, high)
    if kind == "string":
        return st.just(schema.get("example", "Name: value")) | TEXTS
    return st.booleans()


@st.composite
def _objects(draw: Any, fields: dict[str, Any], required: list[str]) -> Drawn:
    most = 1 if len(fields) == 1 else 4
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=most, unique=True))
    return {name: draw(fields[name]) for name in [*required, *chosen]}


@st.composite
def odd_values(draw: Any, schema: Any, port: int) -> Drawn:
    """Values beside a schema: another type, a bound overstepped, a stranger among the members."""
    value = draw(values(schema, port))
    names = [*sorted(schema["properties"]), "stranger", "", "URI", "😀"]
    match draw(st.integers(0, 4)):
        case 0:
            return draw(ODDITIES)
        case 1:
            return {}
        case _:
            return {**value, draw(st.sampled_from(names)): draw(ODDITIES)}


@st.composite
def written(draw: Any, drawn_values: st.SearchStrategy[Drawn]) -> bytes:
    """JSON text of a value, in one of the ways in which people write it."""
    value = draw(drawn_values)
    style = draw(st.integers(0, 4))
    text = json.dumps(
        value, ensure_ascii=style != 1, indent=1 if style == 2 else None, sort_keys=style == 3
    )
    if style == 4 and isinstance(value, dict) and value:
        text = "{" + json.dumps(next(iter(value))) + ": null, " + text[1:]
    return f" {text}\r\n".encode() if style == 3 else text.encode()
