"""`mediafleet placements` and `nodes label`, against a real server with emulated nodes."""

import json
import re

import pytest


@pytest.fixture(scope="module")
def access(start, tmp_path_factory):
    uris = start("emulator", "--nodes", 2, "--port", 0).uris(2)
    server = start(
        "serve",
        *("--port", 0, "--data-dir", tmp_path_factory.mktemp("server")),
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="on_premise",
        KMS_URIS=json.dumps(uris),
    )
    return server.access


@pytest.fixture
def cli(run_here, access):
    return lambda *arguments: run_here(*arguments, **access)


@pytest.fixture
def node(cli):
    """Id of a node with one label."""
    (*_, found) = cli("nodes", "list", "--json").json["content"]
    cli("nodes", "label", found["id"], "zone=eu-1", "gpu-")
    return found["id"]


def test_a_session_is_placed_listed_and_released(cli, node):
    done = cli("placements", "create", "physics-101", "--label", "zone=eu-1", "--ttl", "5m")
    assert done.code == 0
    assert re.search(rf"^node +{node}$", done.out, re.MULTILINE)
    assert "1 node(s) that fit, of 2 that accept sessions, of 2" in done.out

    (placement,) = cli("placements", "list", "--json").json["content"]
    assert placement["sessionId"] == "physics-101"
    assert placement["id"] in cli("placements", "list").out
    released = cli("placements", "release", placement["id"])
    assert (released.code, released.err) == (0, f"{placement['id']} is released.\n")
    assert cli("placements", "release", placement["id"]).code == 3


def test_labels_are_shown_set_and_taken_away(cli, node):
    assert cli("nodes", "label", node, "gpu=", "--json").json["labels"] == {
        "gpu": "",
        "zone": "eu-1",
    }
    assert re.search(r"^zone +eu-1$", cli("nodes", "label", node, "gpu-").out, re.MULTILINE)
    assert cli("nodes", "label", node, "--json").json["labels"] == {"zone": "eu-1"}


def test_nothing_fits_is_a_failure_with_its_reason(cli, node):
    done = cli("placements", "create", "--label", "zone=us")

    assert done.code == 1
    assert "none has all of the labels zone=us" in done.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("placements", "create", "--label", "zone"), "must be NAME=VALUE"),
        (("placements", "create", "--label", "zone-"), "must be NAME=VALUE"),
        (("placements", "create", "--ttl", "2h"), "at most 1h"),
        (("placements", "create", "--node", "../x"), "an id has"),
        (("placements", "create", "--estimated-load", "0"), "0.01"),
        (("placements", "release", "a/b"), "an id has"),
        (("nodes", "label", "kms_1", "=x"), "must be NAME=VALUE or NAME-"),
        (("nodes", "label", "kms_1", "a=1", "a=2"), "is given twice"),
        (("nodes", "label", "kms_1", "a=1", "a-"), "both set and taken away"),
    ],
)
def test_wrong_arguments_are_usage_errors(cli, arguments, reason):
    done = cli(*arguments)

    assert done.code == 2
    assert reason in done.err


def test_a_label_of_another_form_is_what_the_server_refuses(cli, node):
    done = cli("nodes", "label", node, "a b=c")

    assert done.code == 2
    assert "a name has 1 to 63" in done.err
