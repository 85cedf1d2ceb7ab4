"""`mediafleet nodes`: against a real server with emulated nodes."""

import json
import re
import socket
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest

from support.emulator_control import PROGRAM, ControlClient

LIMIT_S = 15.0


@pytest.fixture(scope="module")
def server(start, tmp_path_factory):
    """A server on premises with three emulated nodes."""
    emulator = start("emulator", "--nodes", 3, "--port", 0)
    emulator.line(r"^ws://127\.0\.1\.3:")
    folder = tmp_path_factory.mktemp("server")
    server = start(
        "serve",
        *("--port", 0, "--data-dir", folder),
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="on_premise",
        KMS_URIS=json.dumps([line for line in emulator.out if line.startswith("ws://")]),
    )
    until(server, "", lambda answer: {node["status"] for node in answer["content"]} == {"running"})
    return server


@pytest.fixture(scope="module")
def access(server):
    return server.access


@pytest.fixture
def nodes(run_here, access):
    def ask(*arguments, **variables):
        return run_here("nodes", *arguments, **(access | variables))

    return ask


@pytest.fixture(scope="module")
def further(start):
    """URIs of nodes that are no members yet."""
    emulator = start(9, 0, program=PROGRAM)
    emulator.line(r"^ws://127\.0\.1\.9:")
    return iter(emulator.out)


@pytest.fixture
def member(nodes, further):
    uri = next(further)
    added = nodes("add", uri, "--wait", "--json")
    assert added.code == 0, added.err
    return added.json


def secret_file(server):
    return Path(server.line(r"cat '(.*/secret)'")[1])


def control_node(member, verb, *arguments):
    """Have the emulator do something to a node."""
    host, port = re.fullmatch(r"ws://([\d.]+):(\d+)/kurento", member["uri"]).groups()

    async def call():
        async with ControlClient(int(port)) as control:
            index = int(host.rpartition(".")[2]) - 1
            return await getattr(control, verb)(index, *arguments)

    return anyio.run(call)


def until(server, path, holds):
    """Ask the API until its answer is the wanted one."""
    auth = ("OPENVIDUAPP", secret_file(server).read_text().strip())
    with httpx.Client(base_url=server.url, auth=auth, trust_env=False) as client:
        for _ in range(int(LIMIT_S / 0.05)):
            answer = client.get(f"/pro/media-nodes{path}?sessions=true").json()
            if holds(answer):
                return
            anyio.run(anyio.sleep, 0.05)
    raise AssertionError(f"still {answer}")


def with_session(server, member):
    """Give the node a session, and wait until the server knows it by its name."""
    object_id = control_node(member, "create_pipeline", "physics-101")
    until(
        server,
        f"/{member['id']}",
        lambda node: [each["sessionId"] for each in node["sessions"]] == ["physics-101"],
    )
    return object_id


def has_socket(pid):
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if "socket:" in str(each.readlink()):
                return True
    return False


def until_connected(pid):
    """Wait until a process has a socket; what it asks is on its way then."""
    for _ in range(int(LIMIT_S / 0.05)):
        if has_socket(pid):
            return
        anyio.run(anyio.sleep, 0.05)
    raise AssertionError("it never connected")


def test_list_shows_one_line_for_each_node(nodes):
    done = nodes("list")

    heading, *lines = done.out.splitlines()
    assert heading.split() == ["ID", "STATUS", "CONNECTED", "LOAD", "SESSIONS", "URI"]
    assert len(lines) == 3
    for line in lines:
        assert re.match(
            r"kms_\w+ +running +yes +\d+\.\d\d +0 +ws://127\.0\.1\.\d+:\d+/kurento", line
        )
    assert done.err == ""


def test_a_wide_list_has_more_columns(nodes):
    heading, *lines = nodes("list", "-o", "wide").out.splitlines()

    assert heading.split()[6:] == ["IP", "LAUNCHED", "SINCE", "ENVIRONMENT-ID"]
    assert all(re.search(r" 127\.0\.1\.\d +\d{4}-\d\d-\d\d ", line) for line in lines)


def test_a_list_of_names_has_an_id_in_each_line(nodes):
    ids = [node["id"] for node in nodes("list", "-o", "json").json["content"]]

    assert nodes("list", "-o", "name").out.splitlines() == ids


def test_a_list_is_printed_again_when_it_has_changed_until_interrupted(
    start, nodes, access, further
):
    listing = start("nodes", "list", "-o", "name", "--watch", **access)
    listing.line("^kms_")

    added = nodes("add", next(further), "--json").json["id"]

    listing.line(f"^{added}$")
    assert listing.stop() == 0
    assert "Traceback" not in listing.text
    nodes("remove", added)


def test_nothing_is_coloured_in_a_pipe(nodes):
    assert "\x1b" not in nodes("list").out + nodes("list", TERM="xterm-256color").out


def test_json_is_what_the_api_answers(nodes):
    done = nodes("list", "--json")

    assert done.json["numberOfElements"] == 3
    assert "sessions" not in done.json["content"][0]
    assert "sessions" in nodes("list", "--json", "--sessions").json["content"][0]


def test_the_diagnostics_of_a_node(nodes, member):
    json = nodes("diagnostics", member["id"], "--json")
    control_node(member, "disconnect")
    for _ in range(int(LIMIT_S / 0.1)):
        shown = nodes("diagnostics", member["id"])
        if "the connection was cut" in shown.out:
            break

    assert json.json["id"] == member["id"]
    assert json.json["connected"] is True
    assert re.search(r"^last reply +\S+ \S+Z, \d+\.\d s ago$", shown.out, re.MULTILINE)
    assert re.search(r"^\S+ \S+Z +disconnected: the connection was cut$", shown.out, re.MULTILINE)
    assert re.search(r"^ +event loop lag \d+ ms$", shown.out, re.MULTILINE)
    assert nodes("diagnostics", "kms_Unknown1").code == 3


def test_get_shows_a_node_with_its_sessions_and_its_media_server(nodes, server, member):
    with_session(server, member)

    shown = nodes("get", member["id"], "--sessions", "--extra-info")
    plain = nodes("get", member["id"], "--json")

    assert (shown.code, plain.code) == (0, 0)
    assert "physics-101" in shown.out
    assert "kurento version" in shown.out
    assert plain.json["id"] == member["id"]
    assert {"sessions", "kurentoInfo"}.isdisjoint(plain.json)


def test_an_unknown_node_is_not_found(nodes):
    for command in (["get", "kms_none"], ["remove", "kms_none"], ["status", "kms_none", "running"]):
        done = nodes(*command)

        assert done.code == 3
        assert "kms_none" in done.err
        assert done.out == ""


@pytest.mark.parametrize("node_id", ["", "..", "a/b", "kms x", "k" * 65])
def test_what_cannot_be_an_id_is_a_usage_error(nodes, node_id):
    assert nodes("remove", node_id).code == 2


def test_add_waits_until_the_node_runs(nodes, further):
    done = nodes("add", next(further), "--wait", "--json")

    assert done.code == 0
    assert (done.json["status"], done.json["connected"]) == ("running", True)


def test_a_node_that_is_a_member_is_in_conflict(nodes, member):
    done = nodes("add", member["uri"])

    assert done.code == 4
    assert member["id"] in done.err


def test_a_node_out_of_reach_is_not_found(nodes):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        done = nodes("add", f"ws://127.0.0.1:{unused.getsockname()[1]}/kurento")

    assert done.code == 3
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "uri", [[], ["http://127.0.0.1/"], ["ws://canary-user:canary-password@127.0.0.1:1/"]], ids=str
)
def test_a_wrong_request_is_reported_without_what_may_be_a_password(nodes, uri):
    done = nodes("add", *uri)

    assert done.code == 2
    assert "canary" not in done.all


def test_remove_spares_sessions_by_default(nodes, server, member):
    with_session(server, member)

    refused = nodes("remove", member["id"])
    removed = nodes("remove", member["id"], "--strategy", "now", "--wait")

    assert (refused.code, removed.code) == (4, 0)
    assert removed.err == f"{member['id']} is removed.\n"
    assert nodes("get", member["id"]).code == 3


def test_without_waiting_a_node_is_not_reported_as_gone(nodes, member):
    removed = nodes("remove", member["id"])

    assert (removed.code, removed.err) == (0, f"{member['id']} is being removed.\n")


def test_a_secret_file_that_cannot_be_read_is_wrong_usage(nodes, tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        done = nodes("list", "--secret-file", path)

        assert (done.code, done.err.count("\n")) == (2, 1)
        assert str(path) in done.err


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "0", "1e9"])
@pytest.mark.parametrize("command", [["list"], ["add", "ws://127.0.0.1:1/"]], ids=" ".join)
def test_a_senseless_number_of_seconds_is_wrong_usage(nodes, command, seconds):
    done = nodes(*command, "--timeout", seconds)

    assert done.code == 2
    assert "--timeout" in done.err


def test_https_to_an_http_server_is_reported_as_such(nodes, server):
    done = nodes("list", MEDIAFLEET_URL=server.url.replace("http:", "https:"))

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "speaks no TLS" in done.err


def test_remove_can_wait_for_the_last_session(nodes, server, start, access, member):
    session = with_session(server, member)

    accepted = nodes("remove", member["id"], "--strategy", "when-no-sessions", "--json")
    impatient = nodes(
        "remove", member["id"], "--strategy", "when-no-sessions", "--wait", "--timeout", "0.5"
    )
    waiting = start(
        "nodes", "remove", member["id"], "--strategy", "when-no-sessions", "--wait", **access
    )
    until_connected(waiting.process.pid)
    control_node(member, "release_pipeline", session)

    assert (accepted.code, accepted.out) == (0, "")
    assert "hosts sessions" in accepted.err
    assert impatient.code == 1
    assert "0.5 s" in impatient.err
    assert waiting.join() == 0


def test_status_moves_a_node_into_quarantine_and_back(nodes, server, member):
    with_session(server, member)

    out = nodes("status", member["id"], "waiting-idle-to-terminate")
    back = nodes("status", member["id"], "running", "--json")
    again = nodes("status", member["id"], "running")

    assert (out.code, back.code, again.code) == (0, 0, 0)
    assert "waiting-idle-to-terminate" in out.out
    assert back.json["status"] == "running"
    assert (again.out, again.err) == ("", f"{member['id']} is running already.\n")


def test_a_move_that_is_not_allowed_is_refused(nodes):
    node = nodes("list", "--json").json["content"][0]

    assert nodes("status", node["id"], "launching").code == 2
    assert nodes("status", node["id"], "failed").code == 2


def test_discover_reports_that_there_is_nothing_new(nodes):
    done = nodes("discover")
    as_json = nodes("discover", "--json")

    assert done.code == 0
    assert "No Media Node was found" in done.err
    assert as_json.json == {"numberOfElements": 0, "content": []}


def test_a_wrong_secret_is_refused_and_not_shown(nodes):
    done = nodes("list", OPENVIDU_SECRET="canary-wrong")

    assert done.code == 5
    assert done.err.count("\n") == 1
    assert "canary" not in done.all


def test_a_secret_file_wins_over_the_environment(nodes, server):
    secret = secret_file(server)

    assert nodes("list", "--secret-file", secret, OPENVIDU_SECRET="wrong").code == 0


def test_the_secret_of_a_server_on_this_machine_is_found(start, run, home):
    server = start("serve", "--port", 0)
    assert server.line("^  .* -m mediafleet.*")[0].endswith(f" nodes list --url {server.url}")

    done = run("nodes", "list", "--url", server.url)
    assert done.code == 0

    secret = home / ".local/share/mediafleet/secret"
    secret.chmod(0o644)
    refused = run("nodes", "list", "--url", server.url)
    assert refused.code == 2
    assert "open to other users" in refused.err
    server.stop()
    secret.unlink()
