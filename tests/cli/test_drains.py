"""`mediafleet nodes drain`, `progress` and `undrain`: against a real server with emulated nodes."""

import json
import re
import signal
import time
from urllib.parse import urlsplit

import anyio
import pytest

from mediafleet.cli.options import parse_duration
from mediafleet.cli.terminal import format_duration
from support.emulator_control import PROGRAM, ControlClient

NODES = 9
LIMIT_S = 20


@pytest.fixture(scope="module")
def uris(start):
    emulator = start(NODES, 0, program=PROGRAM)
    emulator.line(rf"^ws://127\.0\.1\.{NODES}:")
    return iter([line for line in emulator.out if line.startswith("ws://")])


@pytest.fixture(scope="module")
def access(start, uris, tmp_path_factory):
    """A server on premises with a node that can take over."""
    server = start(
        "serve",
        *("--port", 0, "--data-dir", tmp_path_factory.mktemp("server")),
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="on_premise",
        KMS_URIS=json.dumps([next(uris)]),
    )
    return server.access


@pytest.fixture
def nodes(run_here, access):
    return lambda *arguments: run_here("nodes", *arguments, **access)


@pytest.fixture
def add(nodes, uris):
    def get(node_id, *options):
        return nodes("get", node_id, *options, "--json").json

    def is_measured(node):
        return nodes("diagnostics", node["id"], "--json").json["loadTime"] is not None

    def add_node():
        uri = next(uris)
        node = nodes("add", uri, "--wait", "--json").json
        session = control_node(uri, "create_pipeline", "physics-101")
        deadline = time.monotonic() + LIMIT_S
        while not (sessions := get(node["id"], "--sessions")["sessions"]) or not is_measured(node):
            assert time.monotonic() < deadline, sessions
        return {**node, "session": session}

    return add_node


@pytest.fixture
def member(add):
    """A node with a session."""
    return add()


def control_node(uri, verb, *arguments):
    """Have the emulator do something to a node."""
    host, port = re.fullmatch(r"ws://([\d.]+):(\d+)/kurento", uri).groups()

    async def call():
        async with ControlClient(int(port)) as control:
            index = int(host.rpartition(".")[2]) - 1
            return await getattr(control, verb)(index, *arguments)

    return anyio.run(call)


def test_a_drain_shows_its_progress_until_the_node_is_gone(start, access, member):
    drain = start("nodes", "drain", member["id"], "--deadline", "30m", **access)
    drain.line(rf"^{member['id']} is waiting-idle-to-terminate, 1 session\(s\) left \(")
    drain.line(r"abort in (29m|30m)")
    control_node(member["uri"], "release_pipeline", member["session"])

    assert drain.join() == 0
    assert drain.err[0] == f"{member['id']} is being drained."
    assert drain.err[-1] == f"{member['id']} is gone."
    assert drain.out == []


def test_ctrl_c_ends_the_command_and_not_the_drain(start, access, nodes, member):
    drain = start("nodes", "drain", member["id"], **access)
    drain.line("1 session")

    assert drain.stop(signal.SIGINT) == 130
    assert f"mediafleet nodes undrain {member['id']}" in drain.text
    shown = nodes("progress", member["id"])
    assert re.search(r"^status +waiting-idle-to-terminate$", shown.out, re.MULTILINE)
    assert re.search(r"^sessions left +1$", shown.out, re.MULTILINE)
    assert re.search(r"^why +it hosts 1 session", shown.out, re.MULTILINE)
    assert nodes("progress", member["id"], "--json").json["sessionsLeft"] == 1
    assert nodes("undrain", member["id"], "--json").code == 0
    assert nodes("undrain", member["id"]).code == 3
    assert nodes("progress", member["id"]).code == 3


def test_a_drain_that_was_given_up_is_no_success(nodes, member):
    done = nodes("drain", member["id"], "--deadline", "1", "--at-deadline", "abort", "--json")

    assert done.code == 4
    assert f"{member['id']} is at work again." in done.err
    (line,) = done.out.splitlines()
    assert json.loads(line)["atDeadline"] == "abort"


def test_a_dry_run_shows_what_would_become_of_each_and_changes_nothing(nodes, member):
    listed = [node["id"] for node in nodes("list", "--json").json["content"]]
    others = [each for each in listed if each != member["id"]]

    reported = nodes("drain", member["id"], "--dry-run")
    moving = nodes("drain", member["id"], "--move", "--dry-run")
    refused = nodes("drain", member["id"], *others, "--dry-run")
    really = nodes("drain", member["id"], *others, "--no-wait")

    assert (reported.code, moving.code) == (0, 0)
    assert re.search(r"^calls +are waited for$", reported.out, re.MULTILINE)
    assert re.search(r"^calls +are moved$", moving.out, re.MULTILINE)
    assert re.search(
        r"^without it +\d node\(s\) .*, which is possible$", reported.out, re.MULTILINE
    )
    assert (refused.code, really.code) == (4, 4)
    assert "--force" in really.err
    assert "force=true" not in really.err
    statuses = {node["status"] for node in nodes("list", "--json").json["content"]}
    assert statuses == {"running"}


def test_a_drain_is_watched_across_a_restart_of_the_server(start, run_here, uris, tmp_path):
    uri = next(uris)
    options = ["--data-dir", tmp_path, "--port"]
    session = control_node(uri, "create_pipeline", "physics-101")
    server = start("serve", *options, 0, KMS_URIS=json.dumps([uri]))
    access = {
        "MEDIAFLEET_URL": server.url,
        "OPENVIDU_SECRET": (tmp_path / "secret").read_text().strip(),
    }
    deadline = time.monotonic() + LIMIT_S
    while True:
        (node,) = run_here("nodes", "list", "--sessions", "--json", **access).json["content"]
        if node["sessions"]:
            break
        assert time.monotonic() < deadline, node
    drain = start("nodes", "drain", node["id"], "--force", **access)
    drain.line("1 session")

    server.process.kill()
    server.join()
    again = start("serve", *options, urlsplit(server.url).port, KMS_URIS=json.dumps([uri]))
    assert again.url == server.url
    control_node(uri, "release_pipeline", session)

    assert drain.join() == 0
    assert drain.err[-1] == f"{node['id']} is gone."


def test_several_are_drained_together_each_once(nodes, add):
    first, second = add()["id"], add()["id"]

    done = nodes("drain", first, second, first, "--no-wait")
    statuses = {node["id"]: node["status"] for node in nodes("list", "--json").json["content"]}

    assert done.code == 0
    assert done.err == f"{first} is being drained.\n{second} is being drained.\n"
    assert statuses[first] == statuses[second] == "waiting-idle-to-terminate"
    assert [nodes("undrain", each).code for each in (first, second)] == [0, 0]


def test_a_node_is_drained_by_force_although_no_other_can_take_over(nodes, member):
    others = [
        node["id"] for node in nodes("list", "--json").json["content"] if node["id"] != member["id"]
    ]

    refused = nodes("drain", member["id"], *others, "--no-wait")
    forced = nodes("drain", member["id"], "--force", "--no-wait")

    assert (refused.code, forced.code) == (4, 0)
    assert nodes("undrain", member["id"]).code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--at-deadline", "force"],
        ["--deadline", "soon", "--at-deadline", "force"],
        ["--deadline", "31d", "--at-deadline", "force"],
        ["--deadline", "30m", "--at-deadline", "wait"],
    ],
)
def test_a_limit_without_a_time_or_a_strange_one_is_a_usage_error(nodes, options):
    assert nodes("drain", "kms_Unknown1", *options).code == 2


def test_an_unknown_node_is_not_found(nodes):
    for command in ("drain", "undrain", "progress"):
        assert nodes(command, "kms_Unknown1").code == 3


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172_800)]
)
def test_lengths_of_time_are_written_as_people_do(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (5400, "1h 30m"), (90_061, "1d 1h"), (-5, "0s")]
)
def test_lengths_of_time_are_shown_with_two_units(seconds, text):
    assert format_duration(seconds) == text
