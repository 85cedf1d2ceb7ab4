"""What `restart KEY=VALUE` sends has the types that the contract gives to its properties."""

import jsonschema_rs
import pytest

from mediafleet.app.contract_file import load_contract
from mediafleet.cli.configuration_commands import CHANGEABLE, SECRET, parse_assignments
from mediafleet.configuration.properties import BY_NAME
from mediafleet_client.models import RestartProperties

LIKELY = ("true", "7", "70", "[]", '["autoscaling"]', '["Name: value"]', "http://a/b", "all", "/x/")


@pytest.fixture(scope="module")
def contract():
    return load_contract()["components"]["schemas"]


def test_what_can_be_assigned_is_what_the_contract_takes(contract):
    assert {*CHANGEABLE, SECRET} == set(contract["RestartProperties"]["properties"])


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_value_is_sent_as_the_contract_has_it(contract, name):
    document = {"$ref": "#/components/schemas/RestartProperties"}
    valid = jsonschema_rs.Draft4Validator(document | {"components": {"schemas": contract}})
    default = BY_NAME[name].kind.write(BY_NAME[name].default)
    texts = [text for text in (*LIKELY, default) if fits(name, text)]

    assert texts
    for text in texts:
        wanted = parse_assignments([f"{name}={text}"])
        sent = RestartProperties.from_dict(wanted).to_dict()
        assert sent == wanted
        assert valid.is_valid(sent), sent


def fits(name, text):
    try:
        BY_NAME[name].kind.read(text)
    except ValueError:
        return False
    return True
