"""What breaks no rule and is probably not meant: each is reported once, with its place."""

import logging
from dataclasses import asdict
from pathlib import Path

import pytest

from mediafleet.configuration import Configuration, ConfigurationWarning, read_configuration
from mediafleet.configuration.properties import PROPERTIES, READ_NAMES, has_no_effect
from mediafleet.configuration.text_kinds import Text

NUMBERS_AND_CHOICES = {
    name
    for each in PROPERTIES
    for name in (each.name, *each.aliases)
    if not isinstance(each.kind, Text)
}
NAMES = Path(__file__).with_name("openvidu_names.txt").read_text("ascii").split()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def configured(path: Path, text: str, **environ: str) -> Configuration:
    path.write_text(text, encoding="utf-8", newline="")
    return read_configuration(overrides={}, dotenv_path=path, environ=environ)


def warnings(path: Path, text: str, **environ: str) -> tuple[ConfigurationWarning, ...]:
    return configured(path, text, **environ).warnings


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("OPENVIDU_SECRTE", "OPENVIDU_SECRET"),
        ("MEDIAFLEET_PROT", "MEDIAFLEET_PORT"),
        ("OPENVIDU_PRO_CLUSTER_MEDIANODES", "OPENVIDU_PRO_CLUSTER_MEDIA_NODES"),
        ("OPENVIDU_SOMETHING_ELSE", None),
        ("OPENVIDU_" + "X" * 100_000, None),
        ("openvidu_secret", "OPENVIDU_SECRET"),
        ("Kms_Uris", "KMS_URIS"),
        ("openvidu.secret", "OPENVIDU_SECRET"),
        ("OPENVIDU-SECRET", "OPENVIDU_SECRET"),
        ("openvidu_secrte", "OPENVIDU_SECRET"),
        ('"OPENVIDU_SECRET"', "OPENVIDU_SECRET"),
        ("set OPENVIDU_SECRET", "OPENVIDU_SECRET"),
        ("- OPENVIDU_SECRET", "OPENVIDU_SECRET"),
    ],
    ids=lambda text: None if text is None else text[:40],
)
def test_a_name_that_sets_nothing_is_reported_with_the_closest_one_if_there_is_one(
    path: Path, name: str, closest: str | None
) -> None:
    shown = f"'{name}'" if name.startswith('"') else name[:128] + ("…" if len(name) > 128 else "")
    reported = ConfigurationWarning(
        message="there is no such property",
        property=shown,
        place=f"{path}, line 2",
        closest=closest,
    )

    assert warnings(path, f"# head\n{name}=canary\n") == (reported,)
    [by_environment] = warnings(path, "", **{name: "canary"})
    assert asdict(by_environment) == asdict(reported) | {"place": "set in the environment"}


@pytest.mark.parametrize("character", ["\ufeff", "\u200b", "\u2060", "\u00ad", "\u202e"])
@pytest.mark.parametrize("before", ["", "OPENVIDU_"])
def test_an_invisible_character_in_a_name_is_made_visible(
    path: Path, character: str, before: str
) -> None:
    name = f"{before}{character}{'OPENVIDU_SECRET'.removeprefix(before)}"

    [warning] = warnings(path, f"\n{name}=canary\n")

    assert warning.property == repr(name)
    assert warning.closest == "OPENVIDU_SECRET"
    assert character not in str(warning)


def test_a_no_break_space_before_a_name_does_no_harm_and_in_it_is_reported(path: Path) -> None:
    configuration = configured(path, "\u00a0OPENVIDU_CDR=true\n")
    assert configuration["OPENVIDU_CDR"] is True
    assert configuration.warnings == ()

    [warning] = warnings(path, "OPENVIDU\u00a0_CDR=true\n")
    assert (warning.property, warning.closest) == ("'OPENVIDU\\xa0_CDR'", "OPENVIDU_CDR")


def test_names_of_others_are_no_matter(path: Path) -> None:
    text = "COMPOSE_PROJECT_NAME=x\npath=/\nGST_DEBUG=3\n#openvidu_cdr=1\nhttp_port=1\n"

    configuration = configured(path, text, http_proxy="http://h", OPENVIDU="x", MEDIAFLEET_URL="u")

    assert configuration.warnings == ()
    assert configuration.unknown == ("COMPOSE_PROJECT_NAME", "path", "GST_DEBUG", "http_port")


def test_every_name_of_an_official_file_is_known() -> None:
    assert [name for name in NAMES if name not in READ_NAMES and not has_no_effect(name)] == []


def test_names_of_official_files_that_have_no_effect_draw_no_warning(path: Path) -> None:
    names = [name for name in NAMES if has_no_effect(name) and name not in NUMBERS_AND_CHOICES]
    assert {
        "OPENVIDU_ENTERPRISE_HA_NODE_IPS",
        "OPENVIDU_PRO_AWS_S3_BUCKET",
        "OPENVIDU_PRO_COTURN_IN_MEDIA_NODES",
        "OPENVIDU_PRO_RECORDING_STORAGE",
    } <= set(names)

    configuration = configured(
        path, "".join(f"{name}=canary\n" for name in names), **dict.fromkeys(names, "canary")
    )

    assert configuration.unused == tuple(names)
    assert configuration.warnings == configuration.unknown == ()


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ('"abc"', "'\"abc\"'", "has quotes around it"),
        ("'abc'", "\"'abc'\"", "has quotes around it"),
        ("abc ", "'abc '", "begins or ends with blanks"),
        (" abc", "' abc'", "begins or ends with blanks"),
        ("abc\u00a0", "'abc\\xa0'", "begins or ends with blanks"),
        ("abc # mine", "abc # mine", "has a # in it"),
        ("a\u200bc", "'a\\u200bc'", "has invisible characters"),
    ],
)
def test_a_value_with_what_is_probably_no_part_of_it_is_reported(
    path: Path, text: str, shown: str, why: str
) -> None:
    file = f"OPENVIDU_PRO_CLUSTER_ID={text}\nOPENVIDU_SECRET={text}\n"

    known, secret = warnings(path, file)

    assert why in known.message
    assert known.message == secret.message
    assert (known.value, secret.value) == (shown, "***")
    assert (known.place, secret.place) == (f"{path}, line 1", f"{path}, line 2")
    [by_environment] = warnings(path, "", OPENVIDU_SECRET=text)
    assert by_environment.place == "set in the environment"


@pytest.mark.parametrize(
    "line",
    [
        "OPENVIDU_SECRET=a#b",
        "OPENVIDU_SECRET='a",
        "OPENVIDU_PRO_CLUSTER_ID=two words",
        "MEDIAFLEET_LOCAL_COMMAND='a server' --at '{uri}'",
        'KMS_URIS=["ws://10.0.0.1:8888/kurento"] ',
        'CERTIFICATE_TYPE=owncert\nOPENVIDU_PRO_LICENSE="x"',
    ],
)
def test_what_may_be_meant_is_not_reported(path: Path, line: str) -> None:
    assert warnings(path, f"OPENVIDU_PRO_CLUSTER_ENVIRONMENT=on_premise\n{line}\n") == ()


def test_a_name_that_is_set_twice_is_reported_with_its_lines(path: Path) -> None:
    text = "OPENVIDU_CDR=true\nOTHER=1\nOTHER=2\nexport OPENVIDU_CDR=false\n"
    configuration = configured(path, text)

    assert configuration["OPENVIDU_CDR"] is False
    [warning] = configuration.warnings
    assert warning.property == "OPENVIDU_CDR"
    assert warning.place == f"{path}, lines 1, 4"


def test_warnings_are_bounded(path: Path) -> None:
    lines = "".join(f"openvidu_x{number}=1\n" for number in range(500))

    assert len(warnings(path, lines)) == 100


def test_a_warning_is_logged_with_all_that_is_known(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for warning in warnings(path, "openvidu_cdr=true\nOPENVIDU_PRO_CLUSTER_ID=x \n"):
        warning.log()

    name, value = map(vars, caplog.records)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert (name["property"], name["closest"]) == ("openvidu_cdr", "OPENVIDU_CDR")
    assert name["place"] == f"{path}, line 1"
    assert "value" not in name
    assert (value["value"], value["place"]) == ("'x '", f"{path}, line 2")
