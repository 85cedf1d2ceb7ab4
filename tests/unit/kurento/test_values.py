"""Texts, numbers and moments from the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.kurento.load import to_load
from mediafleet.kurento.server_info import read_server_info
from mediafleet.kurento.values import clean, moment, number

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("told", "cleaned"),
    [
        ("plain text", "plain text"),
        ("naïve 東京", "naïve 東京"),
        ("\x1b[31m\r\n\x00", "\\x1b[31m\\r\\n\\x00"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("\ud800", "\\ud800"),
        (5, ""),
        (None, ""),
    ],
)
def test_texts_show_what_they_hide(told, cleaned):
    assert clean(told, 100) == cleaned


@given(st.text(), st.integers(0, 50))
def test_texts_are_bounded_printable_and_can_be_encoded(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned.isprintable()
    assert cleaned.encode().decode() == cleaned


@pytest.mark.parametrize("value", [True, "1", None, [], float("nan"), float("inf"), 10**400, -1e16])
def test_what_is_no_sane_number_is_none(value):
    assert number(value) is None


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1795348800459", 1, NOW + timedelta(milliseconds=459)),
        (1795348800459, 1, NOW + timedelta(milliseconds=459)),
        (1795348800, 1000, NOW),
        (1795348800.5, 1000, NOW + timedelta(milliseconds=500)),
        ((NOW + timedelta(minutes=59)).timestamp(), 1000, NOW + timedelta(minutes=59)),
        ((NOW + timedelta(minutes=61)).timestamp(), 1000, None),
        (0, 1000, None),
        (-5, 1000, None),
        ("", 1, None),
        ("-1", 1, None),
        ("١٢", 1, None),
        ("9" * 5000, 1, None),
        ("9" * 20, 1, None),
        (1e14, 1000, None),
        (float("inf"), 1000, None),
        (True, 1, None),
        ([], 1, None),
    ],
)
def test_a_moment_is_sane_or_none(value, unit, expected):
    assert moment(value, milliseconds_per_unit=unit, now=NOW) == expected


@given(ANYTHING, st.sampled_from([1, 1000]))
def test_no_value_makes_a_moment_that_is_none(value, unit):
    told = moment(value, milliseconds_per_unit=unit, now=NOW)
    assert told is None or told <= NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("used", "count", "load"),
    [
        (157.44680786132812, 2, 78.72),
        (0, 4, 0.0),
        (0.001, 4, 0.0),
        (250, 2, 100.0),
        (None, 2, None),
        (float("inf"), 2, None),
        (float("nan"), 2, None),
        (-1, 2, None),
        (50, 0, None),
        (50, None, None),
        (50, 10**9, None),
        ("50", 2, None),
    ],
)
def test_load_is_percent_of_the_machine_or_unknown(used, count, load):
    assert to_load(used, count) == load


@given(ANYTHING, ANYTHING)
def test_no_answer_makes_a_load_outside_its_range(used, count):
    load = to_load(used, count)
    assert load is None or 0 <= load <= 100


@given(
    st.one_of(
        ANYTHING,
        st.fixed_dictionaries(
            {},
            optional={
                "version": ANYTHING,
                "capabilities": ANYTHING | st.lists(st.text()),
                "modules": st.lists(
                    st.dictionaries(
                        st.sampled_from(["name", "version", "generationTime", "factories"]),
                        ANYTHING,
                    )
                    | ANYTHING
                ),
            },
        ),
    ),
    ANYTHING,
)
def test_inside_facts_are_clean_whatever_is_answered(info, memory):
    facts = read_server_info(info, memory)
    if facts is None:
        assert not isinstance(info, dict)
        return
    texts = [facts.version, *facts.capabilities]
    for module in facts.modules:
        texts += [module.name, module.version, module.generation_time, *module.factories]
    assert all(isinstance(text, str) and text.isprintable() and len(text) <= 128 for text in texts)
    assert isinstance(facts.memory, int)
    assert facts.memory >= 0


def test_lists_of_inside_facts_are_bounded():
    module = {"name": "m", "factories": ["f"] * 1000}
    facts = read_server_info({"modules": [module] * 1000, "capabilities": ["c"] * 1000}, 2048)
    assert facts is not None
    assert len(facts.capabilities) == 31
    assert len(facts.modules) == 64
    assert len(facts.modules[0].factories) == 256
    assert facts.memory == 2
