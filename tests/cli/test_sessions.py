"""`mediafleet sessions`, against a real server."""

import re

import pytest

from mediafleet_client import Mediafleet


@pytest.fixture(scope="module")
def access(start, tmp_path_factory):
    server = start(
        "serve",
        *("--port", 0, "--data-dir", tmp_path_factory.mktemp("server")),
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="on_premise",
    )
    return server.access


@pytest.fixture
def cli(run_here, access):
    return lambda *arguments: run_here(*arguments, **access)


@pytest.fixture
def connection(access):
    """Id of a connection of the session `room` that nobody uses yet."""
    with Mediafleet(access["MEDIAFLEET_URL"], access["OPENVIDU_SECRET"]) as client:
        client.sessions.create("room")
        return client.sessions.create_connection("room", role="MODERATOR").id


def test_a_session_is_listed_shown_and_closed(cli, connection):
    assert re.search(r"^room +\S+ \S+ +0 +1 +-$", cli("sessions", "list").out, re.MULTILINE)
    shown = cli("sessions", "show", "room").out
    assert re.search(rf"^connection +{connection} +pending, MODERATOR$", shown, re.MULTILINE)
    assert cli("sessions", "show", "room", "--json").json["id"] == "room"
    closed = cli("sessions", "close", "room")
    assert (closed.code, closed.err) == (0, "room is closed.\n")
    assert cli("sessions", "list", "--json").json["content"] == []


@pytest.mark.parametrize("command", ["show", "close"])
def test_a_session_that_is_not_there(cli, command):
    done = cli("sessions", command, "nobody")
    assert (done.code, done.err) == (3, "mediafleet: There is no session nobody.\n")
    assert cli("sessions", command, "a b").code == 2
