import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.configuration.dotenv import last_lines, parse, rewrite
from mediafleet.configuration.errors import InvalidValueError
from mediafleet.configuration.property import forbidden_character

ALL_UNICODE = st.text(st.characters(), max_size=80)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
STORABLE = ALL_UNICODE.filter(lambda text: forbidden_character(text) is None)
KEYS = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_uppercase),
    st.text(string.ascii_uppercase + string.digits + "_", max_size=12),
)
CHANGES = st.dictionaries(KEYS, STORABLE, max_size=5)
LINES = st.one_of(
    UNICODE.map(lambda text: text.replace("\n", "")),
    st.builds("{}={}".format, KEYS, STORABLE),
    st.builds("#{}={}".format, KEYS, STORABLE),
)
FILES = st.lists(LINES, max_size=8).map("\n".join)


def values(text: str) -> dict[str, str]:
    return {key: line.value for key, line in last_lines(parse(text)).items()}


def test_the_grammar() -> None:
    text = "\n".join(
        [
            "# comment=1",
            "// comment=2",
            "  # comment=3",
            "",
            " KEY  = value with  spaces ",
            "EQUALS=a=b=c",
            "EMPTY=",
            'QUOTED="q" # no comment',
            "TWICE=1",
            "TWICE=2",
        ]
    )

    assert values(text) == {
        "KEY": " value with  spaces ",
        "EQUALS": "a=b=c",
        "EMPTY": "",
        "QUOTED": '"q" # no comment',
        "TWICE": "2",
    }


@pytest.mark.parametrize("line", ["word", "=value", "  =value", "export KEY"])
def test_a_line_outside_the_grammar_is_marked_with_its_number(line: str) -> None:
    lines = parse(f"A=1\n{line}\nB=2")

    assert [each.number for each in lines if not each.valid] == [2]


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_ends_at_a_newline_and_nowhere_else(separator: str) -> None:
    assert values(f"A=1{separator}B=2\nC=3") == {"A": f"1{separator}B=2", "C": "3"}


def test_a_line_may_begin_with_export_as_in_a_shell_and_keeps_it() -> None:
    text = "export A=1\n export  B = 2\nexport=3\nexported=4\n"

    assert values(text) == {"A": "1", "B": " 2", "export": "3", "exported": "4"}
    after = rewrite(text, {"A": "x", "B": "y"})
    assert after == "export A=x\nexport B=y\nexport=3\nexported=4\n"


def test_lines_that_end_as_on_windows_keep_their_ends() -> None:
    text = "# head\r\nA=1\r\n\r\nexport B=2\r\n"

    assert values(text) == {"A": "1", "B": "2"}
    after = rewrite(text, {"B": "x", "C": "y"})
    assert after == "# head\r\nA=1\r\n\r\nexport B=x\r\nC=y\r\n"
    assert values("A=1\r\r\n") == {"A": "1\r"}


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert values("\ufeffA=1") == {"A": "1"}


def test_changes_keep_order_and_comments_and_new_keys_go_to_the_end() -> None:
    before = "# head\nB=1\n\n#A=old\n// note\nB=2\nC=3\n"

    after = rewrite(before, {"A": "x", "B": "y", "D": ""})

    assert after == "# head\nB=y\n\n#A=old\n// note\nB=y\nC=3\nA=x\nD=\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "A=1\n"),
        ("B=2", "B=2\nA=1\n"),
        ("B=2\n", "B=2\nA=1\n"),
        ("B=2\n\n", "B=2\n\nA=1\n"),
        ("A=0", "A=1"),
        (" A =0\n", "A=1\n"),
    ],
)
def test_the_end_of_the_file_stays_a_line_end(before: str, after: str) -> None:
    assert rewrite(before, {"A": "1"}) == after


def test_lines_outside_the_grammar_are_kept() -> None:
    assert rewrite("word\nA=1\n", {"A": "2"}) == "word\nA=2\n"


@pytest.mark.parametrize("key", ["", "a", "A B", "A=B", "#A", "A\n", "1A", "Ä"])
def test_keys_that_are_no_property_names_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="upper snake case"):
        rewrite("", {key: "1"})


@given(text=ALL_UNICODE)
def test_a_value_is_storable_exactly_when_it_comes_back_from_one_line(text: str) -> None:
    if forbidden_character(text) is None:
        assert values(rewrite("B=0\n", {"A": text})) == {"B": "0", "A": text}
        assert len(rewrite("", {"A": text}).splitlines()) == 1
    else:
        with pytest.raises(InvalidValueError):
            rewrite("", {"A": text})


@given(character=st.characters())
def test_every_character_round_trips_or_is_refused(character: str) -> None:
    try:
        written = rewrite("", {"A": character})
    except InvalidValueError:
        assert not character.isprintable()
    else:
        assert values(written) == {"A": character}


@given(text=FILES, changes=CHANGES)
def test_rewriting_sets_the_changes_and_touches_nothing_else(
    text: str, changes: dict[str, str]
) -> None:
    text = text.removeprefix("\ufeff")
    after = rewrite(text, changes)

    assert values(after) == {**values(text), **changes}
    assert rewrite(after, changes) == after
    kept = [line.text for line in parse(text) if line.key not in changes]
    left = [line.text for line in parse(after) if line.key not in changes]
    assert left[: len(kept)] == kept or left == [*kept, ""] or [*left, ""] == kept


@given(text=FILES)
def test_rewriting_without_changes_is_the_identity(text: str) -> None:
    assert rewrite(text, {}) == text.removeprefix("\ufeff")
