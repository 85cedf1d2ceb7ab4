"""Lines from records: readable, unforgeable, without secrets."""

import json
import logging
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mediafleet.logs import ConsoleFormatter, JsonFormatter
from mediafleet.masking import Redaction
from mediafleet.texts import printable

FORMATTERS = [ConsoleFormatter, JsonFormatter]
CANARY = "c4n'ary+\"s\\ecr\u00e9t/ \n=="
HARMFUL = "\x1b[31m\x9b\x7f\r\n\u2028\u2029\u202e\u2066\u200b\ufeff\u0085\U000e0041\ud800"


def line(formatter, message="media node added", *arguments, error=None, **extra):
    record = logging.makeLogRecord(
        {"name": "mediafleet.x", "levelname": "INFO", "levelno": 20, "created": 0.5, "msg": message}
        | {"args": arguments}
        | extra
    )
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    return formatter.format(record)


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_for_a_person_has_the_message_and_its_keys():
    text = line(ConsoleFormatter(), media_node_id="kms_1", seconds=1.5, ok=True, reason=None)

    assert text == (
        "1970-01-01T00:00:00.500Z INFO    media node added"
        "  media_node_id=kms_1 seconds=1.5 ok=true  (mediafleet.x)"
    )


def test_a_line_for_a_machine_is_one_object():
    text = line(JsonFormatter(), media_node_id="kms_1", seconds=1.5, nodes=["a"], reason=None)

    assert json.loads(text) == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "info",
        "logger": "mediafleet.x",
        "message": "media node added",
        "media_node_id": "kms_1",
        "seconds": 1.5,
        "nodes": ["a"],
        "reason": None,
    }


def test_a_key_that_is_taken_does_not_replace_what_the_line_says_itself():
    read = json.loads(line(JsonFormatter(), time="never", level=99, exception="none"))

    assert (read["time"], read["level"]) == ("1970-01-01T00:00:00.500Z", "info")
    assert (read["time_"], read["level_"], read["exception_"]) == ("never", 99, "none")


@pytest.mark.parametrize("value", ["two words", "a=b", 'quote"', "", "(x)", "\u00e9"])
def test_a_value_cannot_pass_for_another_key(value):
    shown = line(ConsoleFormatter(), reason=value).partition("reason=")[2]

    assert json.loads(shown.removesuffix("  (mediafleet.x)")) == value


@given(st.text())
@example(HARMFUL)
def test_no_text_can_forge_a_line_or_steer_a_terminal(text):
    for formatter in FORMATTERS:
        whole = line(formatter(), text, nested={text: [text]}, reason=text)

        assert len(whole.splitlines()) == 1
        assert not any(harmful in whole for harmful in HARMFUL if harmful not in "[31m")
        assert JsonFormatter is not formatter or json.loads(whole)


def test_a_traceback_cannot_forge_a_line():
    error = raised(ValueError("1970-01-01T00:00:00.000Z ERROR forged\n\nforged\x1b[2J\u2028forged"))

    first, *rest = line(ConsoleFormatter(), error=error).splitlines()
    read = json.loads(line(JsonFormatter(), error=error))

    assert all(each.startswith("  | ") for each in rest)
    assert any("forged\\x1b[2J\\u2028forged" in each for each in rest)
    assert "Traceback" not in first
    assert "Traceback" in read["exception"]


def test_printable_leaves_ordinary_text_alone():
    assert printable("Zürich 日本 🎉 [red] \\x") == "Zürich 日本 🎉 [red] \\x"
    assert printable("\x1b\n\u202e\U000e0041") == "\\x1b\\x0a\\u202e\\U000e0041"


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        repr(CANARY),
        json.dumps(CANARY),
        "c4n%27ary%2B%22s%5Cecr%C3%A9t%2F%20%0A%3D%3D",
        f"before{CANARY}after",
        CANARY + CANARY,
    ],
)
def test_a_hidden_secret_is_masked_everywhere(formatter, form):
    redaction = Redaction()
    redaction.hide(CANARY)
    error = raised(ValueError(form))

    text = line(
        formatter(redaction.mask),
        "asked %s",
        form,
        error=error,
        reason=form,
        deep={"a": [form], form: 1},
    )

    assert "c4n" not in text
    assert "ary" not in text
    assert text.count("***") >= 5


def test_a_secret_is_masked_before_a_long_text_is_cut():
    redaction = Redaction()
    redaction.hide("canary-secret")

    for length in range(985, 1005):
        assert "canary" not in line(
            ConsoleFormatter(redaction.mask), reason="x" * length + "canary-secret"
        )


def test_the_longer_of_two_secrets_is_masked_as_a_whole():
    redaction = Redaction()
    redaction.hide("canary")
    redaction.hide("canary-and-more")

    assert redaction.mask("it is canary-and-more, not canary") == "it is ***, not ***"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("ws://user:pass@host:1/k", "ws://***@host:1/k"),
        ("ws://user@host", "ws://***@host"),
        ("postgresql+asyncpg://u:p@ss@h/db?x=1", "postgresql+asyncpg://***@h/db?x=1"),
        ("two: ws://a:b@c and wss://d:e@f", "two: ws://***@c and wss://***@f"),
        ("ws://host/a@b", "ws://host/a@b"),
        ("mail me@example.org", "mail me@example.org"),
        ("Authorization: Basic dXNlcg==", "Authorization: Basic ***"),
        ("(b'authorization', b'Basic dXNlcg==')", "(b'authorization', b'Basic ***')"),
        ("'Authorization': 'Bearer abc.def-g'", "'Authorization': 'Bearer ***'"),
        ("basic authentication", "basic authentication"),
        ("Basic dXNlcjpwYXNz", "Basic ***"),
    ],
)
def test_credentials_are_masked_without_being_known(text, clean):
    assert Redaction().mask(text) == clean


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_headers_in_the_keys_of_a_record_are_masked(formatter):
    headers = [(b"authorization", b"Basic Y2FuYXJ5")]

    text = line(formatter(), headers=headers, more={"Authorization": "Bearer Y2FuYXJ5"})

    assert "Y2FuYXJ5" not in text
    assert text.count("***") == 2


@given(st.text(alphabet=":/@ ab", max_size=200))
def test_user_information_never_stays(text):
    assert "canary" not in Redaction().mask(f"{text}ws://x:canary@host{text}")


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_a_line_is_bounded_whatever_it_is_about(formatter):
    endless: list[object] = []
    endless.append(endless)
    error = raised(ValueError("x" * 1_000_000))

    text = line(formatter(), "y" * 1_000_000, error=error, many=["z"] * 100_000, endless=endless)

    assert len(text) < 60_000
    assert "ValueError" not in text.partition("\n")[0] or formatter is JsonFormatter


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object(), b"\xff", {1, 2}, {1: {2: 3}}]
)
def test_any_value_makes_valid_json(value):
    text = line(JsonFormatter(), value=value)

    assert json.loads(text, parse_constant=pytest.fail)["value"] is not None


PROGRAM = """
import logging, sys, warnings
from mediafleet import logs, masking
logs.configure("console")
logs.configure(sys.argv[1])
masking.hide("canary-secret")
masking.hide("")
{body}
"""


def run(body, log_format="json"):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body), log_format],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_own_records_are_shown_from_info_on_and_those_of_others_from_warning_on():
    lines = run("""
for name in "mediafleet.app", "uvicorn.error", "uvicorn.access", "connexion.x", "alembic.run", "x":
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "said")
""")

    said = [(read["logger"], read["level"]) for read in map(json.loads, lines)]
    others = ["uvicorn.error", "uvicorn.access", "connexion.x", "alembic.run", "x"]
    assert said == [
        ("mediafleet.app", "info"),
        ("mediafleet.app", "warning"),
        *((name, "warning") for name in others),
    ]


def test_a_failed_start_is_left_to_the_command_line():
    assert (
        run('logging.getLogger("uvicorn.error").error("Application startup failed. Exiting.")')
        == []
    )


def test_a_crash_and_a_warning_become_records_without_secrets():
    warned, crashed = map(
        json.loads, run('warnings.warn("canary-secret old")\nraise RuntimeError("canary-secret")')
    )

    assert (warned["logger"], warned["level"]) == ("py.warnings", "warning")
    assert crashed["level"] == "critical"
    assert "RuntimeError: ***" in crashed["exception"]
    assert "canary" not in json.dumps([warned, crashed])


def test_a_record_that_cannot_be_formatted_shows_no_argument():
    assert run('logging.getLogger("mediafleet").info("%d nodes", "canary-other")', "console") == [
        "a log line of mediafleet could not be made: TypeError"
    ]


def test_a_closed_stream_does_not_stop_the_program():
    assert (
        run("""
sys.stderr.close()
logging.getLogger("mediafleet").info("said")
""")
        == []
    )
