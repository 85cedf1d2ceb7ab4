"""Typed values of a configuration: every declared property has one of the types of `get`."""

import pytest

from mediafleet.configuration import Configuration, read_configuration
from mediafleet.configuration.properties import SETTABLE
from mediafleet.configuration.property import Boolean, Decimal, Integer, Use
from mediafleet.configuration.text_kinds import TextKind

SECRET = "canary-of-the-tests"


def read(**overrides: object) -> Configuration:
    environ = {"HOME": "/home/of-a-test", "OPENVIDU_SECRET": SECRET}
    return read_configuration(overrides=overrides, dotenv_path=None, environ=environ)


@pytest.mark.parametrize(
    "name", [each.name for each in SETTABLE if each.use is not Use.KEPT], ids=str
)
def test_every_property_has_its_type_or_no_value(name: str) -> None:
    [kind] = [each.kind for each in SETTABLE if each.name == name]
    types = {Boolean: bool, Integer: int, Decimal: float, TextKind: str}
    expected = next((types[each] for each in types if isinstance(kind, each)), tuple)

    value = read().find(name, expected)

    assert value is None or isinstance(value, expected)


@pytest.mark.parametrize(
    ("name", "given", "kind", "value"),
    [
        ("OPENVIDU_CDR", "TRUE", bool, True),
        ("MEDIAFLEET_PING_PROBES", "5", int, 5),
        ("MEDIAFLEET_PING_INTERVAL", "3", float, 3.0),
        ("OPENVIDU_WEBHOOK_ENDPOINT", "http://127.0.0.1/", str, "http://127.0.0.1/"),
        (
            "OPENVIDU_WEBHOOK_EVENTS",
            "autoscaling, nodeCrashed",
            tuple,
            ("autoscaling", "nodeCrashed"),
        ),
    ],
)
def test_a_value_is_read_as_its_type(name: str, given: str, kind: type, value: object) -> None:
    assert read(**{name: given}).get(name, kind) == value


def test_a_value_of_another_type_is_an_error_that_names_the_property_only() -> None:
    with pytest.raises(TypeError) as error:
        read().get("OPENVIDU_SECRET", int)

    assert str(error.value) == "OPENVIDU_SECRET is no int"


def test_a_property_without_a_value_is_found_as_none() -> None:
    configuration = read()

    assert configuration.find("MEDIAFLEET_NODE_CA_FILE", str) is None
    with pytest.raises(TypeError, match="MEDIAFLEET_NODE_CA_FILE is no str"):
        configuration.get("MEDIAFLEET_NODE_CA_FILE", str)


def test_a_name_that_is_not_declared_is_an_error() -> None:
    with pytest.raises(KeyError):
        read().get("OPENVIDU_PRO_NO_SUCH_PROPERTY", str)
