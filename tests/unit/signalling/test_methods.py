"""Tokens as browsers send them."""

import pytest

from mediafleet.signalling.methods import parse_token


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wss://h?sessionId=ses_A&token=tok_B", ("ses_A", "tok_B")),
        ("wss://h:1?sessionId=ses_A&token=tok_B&role=PUBLISHER&version=2.15.0", ("ses_A", "tok_B")),
        ("ws://h?token=tok_B&sessionId=ses_A", ("ses_A", "tok_B")),
        ("?token=tok_B", ("given", "tok_B")),
        ("wss://h?sessionId=&token=tok_B", ("given", "tok_B")),
        ("wss://h?sessionId=ses_A", ("ses_A", "")),
        ("wss://h?&&=&token", ("given", "")),
        ("wss://h?token=tok_B=&x=1", ("given", "tok_B=")),
        ("wss://h?token=tok_B?x", ("given", "tok_B?x")),
        ("tok_B", ("given", "tok_B")),
        ("", ("given", "")),
        ("\0%00\ud800", ("given", "\0%00\ud800")),
    ],
)
def test_a_token_is_read_from_a_url_or_as_it_is(text: str, expected: tuple[str, str]) -> None:
    assert parse_token(text, "given") == expected
