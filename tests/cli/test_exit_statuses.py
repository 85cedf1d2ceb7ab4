"""Every exit status: what leads to it, and that the documents list it."""

import json
import re
import signal

import pytest

import mediafleet.cli
from mediafleet.cli.application import describe
from mediafleet.cli.client_commands import EXIT_STATUSES
from mediafleet.cli.errors import ExitCode
from support.documents import ROOT

ERROR = {"timestamp": 1, "error": "Wrong", "message": "Something is wrong.", "path": "/"}
NODE = {
    "id": "kms_1",
    "environmentId": None,
    "ip": "127.0.0.1",
    "uri": "ws://127.0.0.1:1/kurento",
    "launchingTime": 1600678236916,
    "connected": True,
    "connectionTime": 1600678251771,
    "load": 12.45,
    "status": "running",
}


@pytest.fixture
def ask(run_here, answering_server):
    def run_command(*arguments):
        return run_here(
            *arguments, MEDIAFLEET_URL=answering_server.url, OPENVIDU_SECRET="canary-secret"
        )

    return run_command


@pytest.mark.parametrize(
    ("command", "status", "code"),
    [
        (["nodes", "add", "ws://127.0.0.1:1/"], 200, ExitCode.OK),
        (["nodes", "add", "nowhere"], 400, ExitCode.USAGE),
        (["nodes", "list"], 401, ExitCode.UNAUTHORIZED),
        (["nodes", "get", "kms_1"], 404, ExitCode.NOT_FOUND),
        (["nodes", "remove", "kms_1"], 409, ExitCode.CONFLICT),
        (["nodes", "add", "ws://127.0.0.1:1/"], 413, ExitCode.USAGE),
        (["nodes", "add", "ws://127.0.0.1:1/"], 415, ExitCode.USAGE),
        (["nodes", "list"], 500, ExitCode.FAILURE),
        (["nodes", "add"], 501, ExitCode.USAGE),
        (["nodes", "add"], 502, ExitCode.FAILURE),
        (["config"], 503, ExitCode.FAILURE),
        (["config"], 401, ExitCode.UNAUTHORIZED),
        (["restart", "--yes"], 401, ExitCode.UNAUTHORIZED),
    ],
    ids=str,
)
def test_an_answer_leads_to_the_status_of_its_kind(ask, answering_server, command, status, code):
    answering_server.status = status
    body = NODE if status == 200 else ERROR | {"status": status}
    answering_server.body = json.dumps(body).encode()

    done = ask(*command)

    assert done.code == code
    assert ("Something is wrong" in done.err) == (status not in {200, 401})


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_what_runs_until_it_is_stopped_ends_with_0(start, by):
    emulator = start("emulator", "--port", 0)
    emulator.line(r"^ws://")

    assert emulator.stop(by) == ExitCode.OK


def test_the_table_has_every_status():
    table = (ROOT / "docs" / "command-line.md").read_text("utf-8").partition("## Exit status")[2]

    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [str(int(each)) for each in ExitCode]


@pytest.mark.parametrize(
    "text",
    [mediafleet.cli.__doc__, describe.__doc__, EXIT_STATUSES],
    ids=["module", "mediafleet --help", "groups"],
)
def test_every_help_of_a_group_has_every_status(text):
    reported = text.partition("Exit status")[2]

    assert {str(int(each)) for each in ExitCode} <= set(re.findall(r"\b\d+\b", reported))


def test_the_readme_leads_to_the_table():
    assert "docs/command-line.md" in (ROOT / "README.md").read_text("utf-8")
