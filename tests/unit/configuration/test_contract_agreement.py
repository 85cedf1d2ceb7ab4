"""What is accepted here must fit the published contract, or an answer would break it."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.app.contract_file import load_contract
from mediafleet.configuration import (
    Configuration,
    ConfigurationError,
    describe,
    read_configuration,
    store_changes,
    with_changes,
)
from mediafleet.configuration.array_kinds import EVENT_NAMES, MAX_NODE_URIS
from mediafleet.configuration.properties import PROPERTIES
from mediafleet.configuration.property import MAX_INTEGER, Shown

CONTRACT = load_contract()
SCHEMAS = CONTRACT["components"]["schemas"]
RESTARTABLE = SCHEMAS["RestartProperties"]["properties"]
CONFIG, RESTART = (
    jsonschema_rs.Draft4Validator(
        {"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]}
    )
    for name in ("Config", "RestartProperties")
)
ON = {
    "OPENVIDU_RECORDING": True,
    "OPENVIDU_RECORDING_COMPOSED_URL": "http://h/",
    "OPENVIDU_WEBHOOK": True,
    "OPENVIDU_WEBHOOK_ENDPOINT": "http://h/",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": True,
    "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
    "OPENVIDU_PRO_CLUSTER_ID": "clu_x",
    "OPENVIDU_PRO_ELASTICSEARCH_HOST": "http://h",
    "OPENVIDU_PRO_KIBANA_HOST": "http://h",
}
# The most that is accepted, by property.
LARGEST: dict[str, object] = {
    "DOMAIN_OR_PUBLIC_IP": ".".join(["a" * 63] * 3 + ["a" * 61]),
    "HTTPS_PORT": 65535,
    **{
        name: MAX_INTEGER
        for name, schema in RESTARTABLE.items()
        if schema.get("maximum") == MAX_INTEGER
    },
    "OPENVIDU_RECORDING_VERSION": "v" * 64,
    "OPENVIDU_RECORDING_PATH": "p" * 1024,
    "OPENVIDU_RECORDING_CUSTOM_LAYOUT": "p" * 1024,
    "OPENVIDU_RECORDING_COMPOSED_URL": "http://h/" + "u" * 2039,
    "OPENVIDU_WEBHOOK_ENDPOINT": "http://h/" + "u" * 2039,
    "OPENVIDU_WEBHOOK_HEADERS": ["H: " + "v" * 4093, *(f"H{n}: v" for n in range(99))],
    "OPENVIDU_WEBHOOK_EVENTS": list(EVENT_NAMES),
    "KMS_URIS": [f"ws://h{n}/" for n in range(MAX_NODE_URIS - 1)] + ["ws://h/" + "k" * 248],
    "OPENVIDU_PRO_CLUSTER_ID": "i" * 128,
    "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "script",
    "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 10_000,
    "OPENVIDU_PRO_CLUSTER_PATH": "p" * 1024,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": 10_000,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 10_000,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 100,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": 100,
    "MEDIAFLEET_AUTOSCALING_EVALUATIONS": 1_000,
    "MEDIAFLEET_AUTOSCALING_GROWTH_COOLDOWN": 86_400,
    "MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN": 86_400,
    "MEDIAFLEET_AUTOSCALING_MAX_STEP": 10_000,
    "MEDIAFLEET_AUTOSCALING_LAUNCHES_PER_HOUR": 10_000,
    "MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES": 1_000,
    "MEDIAFLEET_AUTOSCALING_BACK_OFF": 3_600,
    "OPENVIDU_PRO_ELASTICSEARCH_HOST": "http://h/" + "u" * 2039,
    "OPENVIDU_PRO_ELASTICSEARCH_VERSION": "v" * 64,
    "OPENVIDU_PRO_KIBANA_HOST": "http://h/" + "u" * 2039,
    "OPENVIDU_PRO_KIBANA_VERSION": "v" * 64,
}


def configured(**overrides: object) -> Configuration:
    return read_configuration(overrides={**ON, **overrides}, dotenv_path=None, environ={})


def answered(configuration: Configuration) -> dict[str, Any]:
    return dict(describe(configuration, version="2.15.1", kms_uris=[]))


def longer(value: Any) -> Any:
    if isinstance(value, list):
        return [*value, value[-1] + "x"]
    return value + 1 if isinstance(value, int) else value + "x"


def test_what_is_shown_is_what_the_contract_names() -> None:
    shown = {each.name for each in PROPERTIES if each.shown is not Shown.NEVER}

    assert shown == set(SCHEMAS["Config"]["properties"]) == set(answered(configured()))


def test_what_a_restart_takes_is_what_the_contract_names() -> None:
    modifiable = {each.name for each in PROPERTIES if each.modifiable}

    assert {*modifiable, "OPENVIDU_SECRET"} == set(RESTARTABLE)


def test_the_events_are_those_of_the_contract() -> None:
    assert sorted(EVENT_NAMES) == sorted(SCHEMAS["WebhookEvent"]["enum"])


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_value_that_is_accepted_fits_the_contract(name: str) -> None:
    largest = LARGEST[name]
    companions = {
        each: LARGEST[each]
        for each in LARGEST
        if name.endswith(("MIN_NODES", "MIN_LOAD")) and each == name.replace("_MIN_", "_MAX_")
    }
    configuration = configured(**companions, **{name: largest})

    shown = answered(configuration).get(name, configuration[name])
    assert shown in (largest, f"{largest}/")
    CONFIG.validate(answered(configuration))
    with pytest.raises(ConfigurationError):
        configured(**companions, **{name: longer(largest)})


@pytest.mark.parametrize(
    "name",
    # A minimum alone would be above its maximum.
    sorted(
        name
        for name in LARGEST
        if name in RESTARTABLE and not name.endswith(("MIN_NODES", "MIN_LOAD"))
    ),
)
def test_the_largest_value_of_the_contract_can_be_set_by_a_restart_and_read_again(
    name: str, tmp_path: Path
) -> None:
    changes = {name: LARGEST[name]}
    environ = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise"}
    current = read_configuration(overrides={}, dotenv_path=None, environ=environ)

    RESTART.validate(changes)
    CONFIG.validate(answered(with_changes(configured(), changes)))
    store_changes(tmp_path / ".env", with_changes(current, changes), changes)
    again = read_configuration(overrides={}, dotenv_path=tmp_path / ".env", environ=environ)
    assert again[name] == with_changes(current, changes)[name]


@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
@pytest.mark.parametrize(
    "name", ["OPENVIDU_PRO_CLUSTER_ID", "OPENVIDU_PRO_CLUSTER_PATH", "OPENVIDU_RECORDING_PATH"]
)
def test_free_text_is_accepted_exactly_when_the_contract_accepts_it(name: str, value: str) -> None:
    accepted = True
    try:
        changed = with_changes(configured(), {name: value})
        CONFIG.validate(answered(changed))
    except ConfigurationError:
        accepted = False

    assert accepted == RESTART.is_valid({name: value})
