import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.configuration import (
    Configuration,
    ConfigurationError,
    ConfigurationProblem,
    Origin,
    describe,
    read_configuration,
    store_changes,
    with_changes,
)
from mediafleet.configuration.properties import BY_NAME, PROPERTIES
from mediafleet.configuration.reading import MAX_UNKNOWN_LISTED

MODIFIABLE = {
    "OPENVIDU_CDR": True,
    "OPENVIDU_RECORDING": True,
    "OPENVIDU_RECORDING_PATH": "/opt/openvidu/recordings",
    "OPENVIDU_RECORDING_PUBLIC_ACCESS": True,
    "OPENVIDU_RECORDING_NOTIFICATION": "publisher_moderator",
    "OPENVIDU_RECORDING_CUSTOM_LAYOUT": "/opt/openvidu/custom-layout",
    "OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT": 120,
    "OPENVIDU_WEBHOOK": True,
    "OPENVIDU_WEBHOOK_ENDPOINT": "http://localhost:7777/webhook/",
    "OPENVIDU_WEBHOOK_HEADERS": ["Authorization: Basic T1BFTlZJRFVBUFA6TVlfU0VDUkVU"],
    "OPENVIDU_WEBHOOK_EVENTS": ["recordingStatusChanged"],
    "OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH": 1000,
    "OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH": 300,
    "OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH": 1000,
    "OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH": 300,
    "OPENVIDU_SESSIONS_GARBAGE_INTERVAL": 900,
    "OPENVIDU_SESSIONS_GARBAGE_THRESHOLD": 3600,
    "OPENVIDU_PRO_CLUSTER_ID": "ANOTHER",
    "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 3,
    "OPENVIDU_PRO_CLUSTER_PATH": "/opt/openvidu/cluster",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": True,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": 3,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 1,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 70,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": 30,
    "OPENVIDU_PRO_STATS_MONITORING_INTERVAL": 30,
    "OPENVIDU_PRO_STATS_WEBRTC_INTERVAL": 20,
    # Not in the list of the reference.
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL": 30,
    "MEDIAFLEET_AUTOSCALING_EVALUATIONS": 3,
    "MEDIAFLEET_AUTOSCALING_GROWTH_COOLDOWN": 60,
    "MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN": 300,
    "MEDIAFLEET_AUTOSCALING_MAX_STEP": 2,
    "MEDIAFLEET_AUTOSCALING_LAUNCHES_PER_HOUR": 20,
    "MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES": 3,
    "MEDIAFLEET_AUTOSCALING_BACK_OFF": 60,
}
SECRET = "MY_SECRET"
CURRENT = read_configuration(
    overrides={"OPENVIDU_SECRET": SECRET, "OPENVIDU_PRO_CLUSTER_ID": "ONE"},
    dotenv_path=None,
    environ={},
)
ANY_TEXT = st.text(st.characters(), max_size=40)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=6,
)
PLAUSIBLE = st.one_of(
    *(st.tuples(st.just(name), st.just(value)) for name, value in MODIFIABLE.items())
)
ANY_CHANGES = st.lists(
    PLAUSIBLE
    | st.tuples(st.sampled_from(sorted(BY_NAME)), ANY_JSON | st.integers(0, 100))
    | st.tuples(ANY_TEXT, ANY_JSON),
    max_size=6,
).map(dict)


def refused(changes: dict[str, object], current: Configuration = CURRENT) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        with_changes(current, changes)
    return [str(problem) for problem in error.value.problems]


def test_exactly_the_published_list_and_autoscaling_are_modifiable() -> None:
    assert {each.name for each in PROPERTIES if each.modifiable} == set(MODIFIABLE)


def test_every_property_of_the_list_is_applied_and_the_others_stay() -> None:
    changed = with_changes(CURRENT, {**MODIFIABLE, "OPENVIDU_SECRET": SECRET})

    answer = describe(changed, version="2.15.1", kms_uris=[])
    expected = {
        **MODIFIABLE,
        "OPENVIDU_RECORDING_PATH": "/opt/openvidu/recordings/",
        "OPENVIDU_RECORDING_CUSTOM_LAYOUT": "/opt/openvidu/custom-layout/",
        "OPENVIDU_PRO_CLUSTER_PATH": "/opt/openvidu/cluster/",
    }
    shown = {name: answer.get(name, changed[name]) for name in expected}
    assert shown == expected
    assert {changed.origins[name] for name in MODIFIABLE} == {Origin.RESTART}
    assert changed.secret == SECRET
    others = set(CURRENT.values) - set(MODIFIABLE)
    assert {name: changed[name] for name in others} == {name: CURRENT[name] for name in others}


def test_an_empty_body_changes_nothing() -> None:
    assert with_changes(CURRENT, {}).values == CURRENT.values


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - set(MODIFIABLE) - {"OPENVIDU_SECRET"}))
def test_every_other_property_is_refused_by_name(name: str) -> None:
    [problem] = refused({name: "1"})

    assert problem.startswith(f"Property {name}=")
    assert "cannot be" in problem


@pytest.mark.parametrize("value", ["other", "MY_SECRE", "", None, 1, "\ud800", [SECRET]])
def test_the_secret_may_only_be_repeated(value: object) -> None:
    assert refused({"OPENVIDU_SECRET": value}) == [
        "Property OPENVIDU_SECRET=***: cannot be changed by a restart; it may only repeat the"
        " current one."
    ]


def test_all_problems_are_reported_at_once_and_nothing_changes() -> None:
    before = dict(CURRENT.values)

    problems = refused(
        {
            "OPENVIDU_CDR": "true",
            "OPENVIDU_SECRTE": "canary-7",
            "HTTPS_PORT": 444,
            "OPENVIDU_WEBHOOK": True,
            "OPENVIDU_WEBHOOK_HEADERS": ["Authorization: canary-7", "canary-7"],
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 101,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 9,
            "VERSION": "3",
        }
    )

    assert problems == [
        "Property OPENVIDU_CDR=true: must be true or false.",
        "Property HTTPS_PORT=444: cannot be changed by a restart; change it where it is set and"
        " start the server again.",
        "Property OPENVIDU_WEBHOOK_HEADERS=[Authorization: ***, ***]: item 2 must have the form"
        ' "Name: value".',
        "Property OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD=101: must be a whole number from 0 to"
        " 100.",
        "Property VERSION=3: is worked out by the server and cannot be set.",
        "Property OPENVIDU_SECRTE=***: there is no such property.",
        "Property OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=9: must not be above"
        " OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=2.",
        "Property OPENVIDU_WEBHOOK_ENDPOINT is not set: it is required when OPENVIDU_WEBHOOK is"
        " true.",
    ]
    assert dict(CURRENT.values) == before


@pytest.mark.parametrize("what", ["NODES", "LOAD"])
def test_a_minimum_above_its_maximum_is_refused_whichever_of_them_changes(what: str) -> None:
    least, most = (f"OPENVIDU_PRO_CLUSTER_AUTOSCALING_{end}_{what}" for end in ("MIN", "MAX"))

    assert refused({least: 90}) == [
        f"Property {least}=90: must not be above {most}={CURRENT[most]}."
    ]
    assert refused({most: 0}) == [f"Property {least}={CURRENT[least]}: must not be above {most}=0."]
    assert with_changes(CURRENT, {least: 5, most: 5})[least] == 5


def test_a_property_with_a_problem_is_not_blamed_twice() -> None:
    assert len(refused({"OPENVIDU_WEBHOOK": True, "OPENVIDU_WEBHOOK_ENDPOINT": "nowhere"})) == 1


@pytest.mark.parametrize(
    "character", ["\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\udc80"]
)
@pytest.mark.parametrize("name", ["OPENVIDU_PRO_CLUSTER_ID", "OPENVIDU_PRO_CLUSTER_PATH"])
def test_characters_that_could_break_out_of_a_line_are_refused(name: str, character: str) -> None:
    [problem] = refused({name: f"/x{character}OPENVIDU_SECRET=mine"})

    assert f"U+{ord(character):04X}" in problem
    assert character not in problem


def test_an_array_that_would_not_fit_into_a_line_is_refused() -> None:
    headers = [f"H{number}: {'v' * 100}" for number in range(100)]

    [problem] = refused({"OPENVIDU_WEBHOOK_HEADERS": headers})

    assert "at most 8192 characters in all" in problem


def test_a_flood_of_unknown_names_gives_a_bounded_answer() -> None:
    problems = refused({f"{'N' * 500}{number}": number for number in range(MAX_UNKNOWN_LISTED + 5)})

    assert problems[-1] == "Configuration: 5 more properties do not exist."
    assert len(" ".join(problems)) < 4_000


@given(changes=ANY_CHANGES)
def test_any_json_is_applied_or_refused_with_reasons(changes: dict[str, object]) -> None:
    problems: tuple[ConfigurationProblem, ...] = ()
    changed = None
    try:
        changed = with_changes(CURRENT, changes)
    except ConfigurationError as error:
        problems = error.problems

    assert (changed is None) == bool(problems)
    assert SECRET not in "".join(map(str, problems)) or SECRET in str(changes)
    if changed is not None:
        assert set(changes) <= set(MODIFIABLE) | {"OPENVIDU_SECRET"}
        assert changed.secret == SECRET


@given(changes=st.lists(PLAUSIBLE, max_size=6).map(dict))
def test_stored_changes_are_read_back_equal(
    changes: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    changes = {"OPENVIDU_WEBHOOK_ENDPOINT": "http://h/", **changes, "OPENVIDU_SECRET": SECRET}
    changes["OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES"] = 4
    path = tmp_path_factory.mktemp("stored") / ".env"
    changed = with_changes(CURRENT, changes)

    store_changes(path, changed, changes)

    again = read_configuration(overrides={}, dotenv_path=path, environ={})
    assert all(again[name] == changed[name] for name in changes if name != "OPENVIDU_SECRET")
    assert SECRET not in path.read_text(encoding="utf-8")


LEAST, MOST = (f"OPENVIDU_PRO_CLUSTER_AUTOSCALING_{end}_NODES" for end in ("MIN", "MAX"))


@pytest.mark.parametrize(
    ("edited", "changes", "expected"),
    [
        (f"{LEAST}=5\n", {MOST: 2}, f"Property {LEAST}=5: must not be above {MOST}=2 (/"),
        ("HTTPS_PORT=x\n", {"OPENVIDU_CDR": True}, "Property HTTPS_PORT=x: must be a whole"),
        ("nonsense\n", {"OPENVIDU_CDR": True}, "/.env, line 1: the line is neither KEY=VALUE"),
    ],
)
def test_a_file_that_the_next_start_would_refuse_is_not_written(
    tmp_path: Path, edited: str, changes: dict[str, object], expected: str
) -> None:
    path = tmp_path / ".env"
    path.write_text(edited)

    with pytest.raises(ConfigurationError, match=re.escape(expected)):
        store_changes(path, with_changes(CURRENT, changes), changes)

    assert path.read_text() == edited


def test_the_next_start_has_the_same_command_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{LEAST}=5\n")
    current = read_configuration(overrides={LEAST: 1}, dotenv_path=path, environ={})
    changes: dict[str, object] = {MOST: 2}

    store_changes(path, with_changes(current, changes), changes)

    assert path.read_text() == f"{LEAST}=5\n{MOST}=2\n"


def test_the_next_start_has_the_same_environment(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{LEAST}=1\n")
    environ = {LEAST: "5", MOST: "6"}
    current = read_configuration(overrides={}, dotenv_path=path, environ=environ)
    path.write_text("")
    changes: dict[str, object] = {MOST: 2}

    with pytest.raises(ConfigurationError, match=f"{LEAST}=5: must not be above {MOST}=2"):
        store_changes(path, with_changes(current, changes), changes)

    assert path.read_text() == ""


def test_nothing_is_written_when_nothing_was_asked(tmp_path: Path) -> None:
    store_changes(tmp_path / ".env", CURRENT, {})
    store_changes(tmp_path / ".env", CURRENT, {"OPENVIDU_SECRET": SECRET})

    assert list(tmp_path.iterdir()) == []
