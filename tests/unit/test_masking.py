"""No text shows a secret, in whatever form a program printed it."""

import base64
import json
import re
import shlex
import subprocess
import urllib.parse

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.masking import MASK, MAX_SECRETS, Redaction, hide
from mediafleet.store.errors import describe

SECRET = "c4n'ary+/s\\ecr\u00e9t-%41"
PLAIN = "MY_SECRET"


def masked(text: str, *secrets: str, **options: bool) -> str:
    redaction = Redaction()
    for secret in secrets or (SECRET, PLAIN):
        redaction.hide(secret)
    return redaction.mask(text, **options)


def encoded(secret: str, before: str = "", after: str = "") -> str:
    return base64.b64encode(f"{before}{secret}{after}".encode()).decode()


def traced(shell: str, secret: str) -> str:
    """What a shell prints of a command with the secret in it."""
    script = 'set -x; : "$SECRET" end'
    environ = {"SECRET": secret, "LC_ALL": "C"}
    run = subprocess.run([shell, "-c", script], env=environ, capture_output=True, check=True)
    return run.stderr.decode("utf-8", "replace")


FORMS = {
    "plain": lambda s: s,
    "json": lambda s: json.dumps({"secret": s}),
    "json in json": lambda s: json.dumps(json.dumps({"secret": s})),
    "json, not escaped": lambda s: json.dumps({"secret": s}, ensure_ascii=False),
    "repr": lambda s: repr({"secret": s}),
    "repr of bytes": lambda s: repr(s.encode()),
    "shell": shlex.quote,
    "sh -x": lambda s: traced("sh", s),
    "bash -x": lambda s: traced("bash", s),
    "percent": lambda s: urllib.parse.quote(s, safe=""),
    "percent, small digits": lambda s: re.sub(
        "%..", lambda found: found[0].lower(), urllib.parse.quote(s, safe="")
    ),
    "percent, every character": lambda s: "".join(f"%{byte:02x}" for byte in s.encode()),
    "form": lambda s: urllib.parse.urlencode({"secret": s}),
    "base64": encoded,
    "base64 of the credentials": lambda s: encoded(s, "OPENVIDUAPP:"),
    "base64, second alignment": lambda s: encoded(s, "x", "tail"),
    "base64, third alignment": lambda s: encoded(s, "xy", "t"),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(f"k:{s}".encode()).decode(),
    "base64 in a URL": lambda s: urllib.parse.quote(encoded(s), safe=""),
    "base64 over lines": lambda s: "\n".join(re.findall(".{1,5}", encoded(s, "user:"))),
    "hexadecimal": lambda s: s.encode().hex(),
    "HEXADECIMAL": lambda s: s.encode().hex().upper(),
    "over lines": lambda s: f"{s[:3]}\n{s[3:5]}\\\n   {s[5:]}",
    "between zero-width characters": "\u200b".join,
}


def leaked(text: str, secret: str) -> list[str]:
    """Pieces of the secret, or of its Base64 forms, that are left in a text."""
    lines = "".join(text.replace(MASK, "\0").split())
    wanted = [secret.strip("'"), *(encoded(secret, before)[4:-4] for before in ("", "x", "xy"))]
    return [
        each[at : at + 5]
        for each in wanted
        for at in range(len(each) - 4)
        if each[at : at + 5] in lines
    ]


@pytest.mark.parametrize(
    "secret", [SECRET, PLAIN, "a.b-c_d", "it's-mine", "\u5bc6\u7801\u5bc6\u7801"]
)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form(form: str, secret: str) -> None:
    text = f"it says: {FORMS[form](secret)} and more"

    shown = masked(text, secret)

    assert MASK in shown
    assert leaked(shown, secret) == []
    assert shown.startswith("it says: ")
    assert shown.endswith(" and more")


@pytest.mark.parametrize("text", ["C:\\token-123456", "100%abcdef-123456", "\\xabcdef-123456"])
def test_what_looks_like_an_escape_before_a_secret_does_not_hide_it(text: str) -> None:
    assert "123456" not in masked(text, "token-123456", "abcdef-123456")


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=6),
    st.text(max_size=40),
    st.text(max_size=40),
)
@example("aaaaaa", "a", "a")
@example("100%25%41-x", "%", "%")
def test_no_surroundings_let_a_secret_through(secret: str, before: str, after: str) -> None:
    assume(len(secret.strip("'\"\\")) >= 6 and secret not in f"{before} {after}")
    for form in (secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret, safe="")):
        shown = masked(f"{before} {form} {after}", secret)

        assert MASK in shown
        assert secret not in shown


@given(st.text(max_size=200))
@example("it says: nothing of any interest, 100% of %d \\x")
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert masked(text, "q7-Xk29_nothing-like-it") == text


def test_the_rest_of_a_secret_that_was_cut_is_masked() -> None:
    secret = "a-secret-of-many-characters"
    for cut in range(1, len(secret)):
        assert masked(f"{secret[cut:]} rest", secret, cut_start=True) == f"{MASK} rest"
        assert masked(f"start {secret[:cut]}", secret, cut_end=True) == f"start {MASK}"


def test_a_short_secret_is_masked_to_the_letter() -> None:
    assert masked("a b ab a'b", "ab") == "a b *** a'b"
    assert masked("", "") == ""


def test_the_last_secrets_are_known() -> None:
    redaction = Redaction()
    for number in range(MAX_SECRETS + 1):
        redaction.hide(f"secret-number-{number:03}")

    assert redaction.mask("secret-number-000 secret-number-001") == f"secret-number-000 {MASK}"


def test_texts_of_environments_are_masked_before_they_are_cut() -> None:
    hide("canary-of-a-child")
    for length in range(970, 1000):
        error = EnvironmentFailureError("script", "launch", "x" * length + "canary-of-a-child")

        assert "canary" not in str(error)


def test_errors_of_databases_are_masked_before_they_are_cut() -> None:
    hide("canary-in-two\nlines-of-text")

    assert describe(ValueError("at canary-in-two\nlines-of-text")) == f"ValueError: at {MASK}"
