from mediafleet.configuration.properties import PROPERTIES
from support.documents import property_table


def test_every_property_that_can_be_set_is_in_the_table_once() -> None:
    table = property_table()
    reported = {"VERSION", "OPENVIDU_PUBLICURL"}

    for each in PROPERTIES:
        assert table.count(f"`{each.name}`") == (each.use.value != "reported"), each.name
    assert not any(f"`{name}`" in table for name in reported)


def test_every_row_has_as_many_cells_as_the_head() -> None:
    rows = [line for line in property_table().splitlines() if line.startswith("|")]

    assert len({row.count("|") for row in rows}) == 1
    assert all(each.doc.endswith(".") for each in PROPERTIES)
