from pathlib import Path

import pytest

from mediafleet.configuration.properties import PROPERTIES
from mediafleet.configuration.readme_table import BEGIN, END, render_table, with_table

README = Path(__file__).parents[3] / "README.md"


def test_every_property_that_can_be_set_is_in_the_table_once() -> None:
    table = render_table()
    reported = {"VERSION", "OPENVIDU_PUBLICURL"}

    for each in PROPERTIES:
        assert table.count(f"`{each.name}`") == (each.use.value != "reported"), each.name
    assert not any(f"`{name}`" in table for name in reported)


def test_every_row_has_as_many_cells_as_the_head() -> None:
    rows = [line for line in render_table().splitlines() if line.startswith("|")]

    assert len({row.count("|") for row in rows}) == 1
    assert all(each.doc.endswith(".") for each in PROPERTIES)


def test_the_table_is_put_between_the_markers() -> None:
    before = f"# Title\n\n{BEGIN}\nstale words\n{END}\n\nafter\n"

    after = with_table(before)

    assert after.startswith(f"# Title\n\n{BEGIN}\n\n| Property")
    assert after.endswith(f"\n\n{END}\n\nafter\n")
    assert "stale words" not in after
    assert with_table(after) == after


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_readme_without_both_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        with_table(text)


@pytest.mark.skipif(not README.exists(), reason="the README is not part of this tree")
def test_the_readme_holds_the_table_as_it_is_generated() -> None:
    text = README.read_text(encoding="utf-8")

    assert with_table(text) == text
