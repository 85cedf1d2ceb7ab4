"""Texts that are joined or cut."""

import pytest

from mediafleet.domain.errors import InvalidConfigurationError, InvalidProperty
from mediafleet.texts import join_sentences

SENTENCES = [f"Property P{number:02} is not set: it is required." for number in range(20)]


def test_a_summary_holds_whole_sentences_and_counts_the_rest():
    assert join_sentences(SENTENCES, 100_000) == " ".join(SENTENCES)
    short = join_sentences(SENTENCES, 250)
    assert short == " ".join([*SENTENCES[:5], "15 more problems."])
    assert len(short) <= 250


@pytest.mark.parametrize("count", [0, 1, 500])
def test_the_text_of_an_invalid_configuration_is_bounded(count):
    error = InvalidConfigurationError([InvalidProperty("x" * 99 + ".", None)] * count)

    assert len(str(error)) <= 8192
    assert str(error).endswith("more problems.") == (count == 500)
