import logging

import pytest

from mediafleet.configuration import Origin, warn_unknown


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("OPENVIDU_SECRTE", "OPENVIDU_SECRET"),
        ("MEDIAFLEET_PROT", "MEDIAFLEET_PORT"),
        ("OPENVIDU_PRO_CLUSTER_MEDIANODES", "OPENVIDU_PRO_CLUSTER_MEDIA_NODES"),
        ("OPENVIDU_SOMETHING_ELSE", None),
        ("OPENVIDU_" + "X" * 100_000, None),
    ],
    ids=lambda text: None if text is None else text[:40],
)
def test_an_unknown_name_is_told_with_the_closest_one_if_there_is_one(
    caplog: pytest.LogCaptureFixture, name: str, closest: str | None
) -> None:
    warn_unknown({name: Origin.ENVIRONMENT})

    [record] = caplog.records
    told = vars(record)
    assert record.levelno == logging.WARNING
    assert (told["property"], told["set_in"]) == (name[:128], "environment")
    assert told.get("closest") == closest
