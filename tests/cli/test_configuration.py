"""`mediafleet config` and `mediafleet restart`: against a real server."""

import os
import pty
import re
import signal
import subprocess
import sys

import anyio
import pytest

from support.dotenv_writes import MOUNTED, interrupted, mounting
from support.emulator_control import PROGRAM, ControlClient

COMMAND = (sys.executable, "-m", "mediafleet")

SECRET_HEADER = "Authorization: Basic Y2FuYXJ5"


@pytest.fixture(scope="module")
def server(start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    (folder / ".env").touch()
    options = ["--port", 0, "--data-dir", folder, "--env-file", folder / ".env"]
    return start(
        "serve",
        *options,
        OPENVIDU_SECRET="a-secret-of-the-tests",
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="on_premise",
    )


@pytest.fixture(scope="module")
def access(server):
    return {"MEDIAFLEET_URL": server.url, "OPENVIDU_SECRET": "a-secret-of-the-tests"}


@pytest.fixture
def ask(run_here, access):
    def run_command(*arguments, **variables):
        return run_here(*arguments, **(access | variables))

    return run_command


def test_the_configuration_is_shown_in_groups(ask):
    done = ask("config")

    assert done.code == 0
    assert re.search(r"^Cluster$", done.out, re.MULTILINE)
    assert re.search(r"^  OPENVIDU_PRO_CLUSTER_ENVIRONMENT +on_premise$", done.out, re.MULTILINE)
    assert re.search(r"^  OPENVIDU_CDR +(true|false)$", done.out, re.MULTILINE)
    assert "a-secret-of-the-tests" not in done.all


def test_every_property_of_the_answer_is_shown(ask):
    shown, answered = ask("config"), ask("config", "--json")
    assert {line.split()[0] for line in shown.out.splitlines() if line.startswith("  ")} == set(
        answered.json
    )


def test_a_restart_shows_the_difference_and_makes_it(ask):
    before = ask("config", "--json").json["OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH"]
    wanted = f"OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH={before + 1}"

    done = ask("restart", wanted, "OPENVIDU_RECORDING=false", "--yes")

    assert done.code == 0, done.err
    assert re.search(rf"MAX_RECV_BANDWIDTH +{before} +→ +{before + 1}$", done.out, re.MULTILINE)
    assert re.search(r"OPENVIDU_RECORDING +false +unchanged$", done.out, re.MULTILINE)
    assert "1 property has changed" in done.err
    after = ask("config", "--json").json
    assert after["OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH"] == before + 1


def test_a_dry_run_only_shows(ask):
    done = ask("restart", "OPENVIDU_SESSIONS_GARBAGE_INTERVAL=17", "--dry-run")

    assert done.code == 0
    assert "→" in done.out
    assert ask("config", "--json").json["OPENVIDU_SESSIONS_GARBAGE_INTERVAL"] != 17


def test_the_difference_can_be_read_by_a_program(ask):
    wanted = ("OPENVIDU_SESSIONS_GARBAGE_INTERVAL=17", "OPENVIDU_SECRET=canary-of-the-tests")
    headers = f'OPENVIDU_WEBHOOK_HEADERS=["{SECRET_HEADER}"]'
    now = ask("config", "--json").json["OPENVIDU_SESSIONS_GARBAGE_INTERVAL"]

    done = ask("restart", *wanted, headers, "--dry-run", "--json")

    assert done.json == {
        "OPENVIDU_SESSIONS_GARBAGE_INTERVAL": {"from": now, "to": 17, "changes": True},
        "OPENVIDU_SECRET": {"from": "***", "to": "***", "changes": False},
        "OPENVIDU_WEBHOOK_HEADERS": {
            "from": None,
            "to": ["Authorization: ***"],
            "changes": True,
        },
    }
    assert "canary" not in done.all


def test_arrays_and_texts_are_written_as_in_the_file(ask):
    done = ask(
        "restart",
        "OPENVIDU_WEBHOOK=true",
        "OPENVIDU_WEBHOOK_ENDPOINT=http://127.0.0.1:9/hook",
        f'OPENVIDU_WEBHOOK_HEADERS=["{SECRET_HEADER}"]',
        'OPENVIDU_WEBHOOK_EVENTS=["mediaNodeStatusChanged","autoscaling"]',
        "--yes",
    )

    assert done.code == 0, done.err
    assert "Authorization: ***" in done.out
    assert "Y2FuYXJ5" not in done.all + ask("config").all
    kept = ask("config", "--json").json
    assert kept["OPENVIDU_WEBHOOK_HEADERS"] == [SECRET_HEADER]
    assert kept["OPENVIDU_WEBHOOK_EVENTS"] == ["mediaNodeStatusChanged", "autoscaling"]
    assert ask("restart", "OPENVIDU_WEBHOOK=false", "--yes").code == 0


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("OPENVIDU_RECORDIN=true", "did you mean OPENVIDU_RECORDING"),
        ("OPENVIDU_CDR", "KEY=VALUE"),
        ("OPENVIDU_CDR=maybe", "must be true or false"),
        ("OPENVIDU_SESSIONS_GARBAGE_INTERVAL=soon", "must be a whole number"),
        ("MEDIAFLEET_PORT=1", "cannot be changed by a restart"),
        ("NO_SUCH_THING=1", "is no property"),
    ],
)
def test_what_makes_no_sense_is_not_sent(ask, assignment, expected):
    done = ask("restart", assignment, "--yes", MEDIAFLEET_URL="http://127.0.0.1:9")

    assert done.code == 2
    assert expected in done.err
    assert "Nothing was sent" in done.err


def test_the_servers_problems_are_listed_one_a_line(ask):
    done = ask(
        "restart",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=4",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=3",
        "OPENVIDU_SECRET=canary-of-the-tests",
        "--yes",
    )

    assert done.code == 2
    lines = done.err.splitlines()
    assert lines[0].endswith("Nothing was changed:")
    assert [line[:11] for line in lines[1:]] == ["  Property "] * 2
    assert "canary-of-the-tests" not in done.all


def test_a_property_that_is_not_set_has_a_line_of_its_own(ask):
    hook = ("OPENVIDU_WEBHOOK=true", "OPENVIDU_WEBHOOK_ENDPOINT=")

    done = ask("restart", *hook, "OPENVIDU_SECRET=canary-of-the-tests", "--yes")

    assert done.code == 2
    assert [line.split()[:2] for line in done.err.splitlines()[1:]] == [
        ["Property", "OPENVIDU_SECRET=***:"],
        ["Property", "OPENVIDU_WEBHOOK_ENDPOINT"],
    ]


def test_a_missing_terminal_is_not_taken_for_consent(run, access):
    done = run("restart", "OPENVIDU_CDR=true", **access)

    assert done.code == 2
    assert "--yes" in done.err


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_a_person_is_asked_for_confirmation(environ, access, answer, code):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mediafleet", "restart", "OPENVIDU_RECORDING=false"],
        env=environ | access,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, answer.encode())
        _, err = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code
    assert "Restart the server with this?" in err
    assert ("Nothing was changed" in err) == bool(code)


def test_an_interrupted_wait_leaves_the_matter_going(start, access):
    hanging = start(1, 0, program=PROGRAM)
    uri = hanging.line(r"(ws://127\.0\.1\.1:\d+/kurento)")[1]
    added = start("nodes", "add", uri, "--wait", **access)
    assert added.join() == 0
    node = next(word for line in added.out for word in line.split() if word.startswith("kms_"))
    create_session(uri)
    removal = start("nodes", "remove", node, "--strategy", "when-no-sessions", "--wait", **access)
    until_quarantined(start, node, access)

    code = removal.stop(signal.SIGINT)

    assert code == 130
    assert "goes on" in removal.text


def create_session(uri):
    async def create():
        async with ControlClient(int(uri.rsplit(":", 1)[1].split("/")[0])) as control:
            await control.create_pipeline(0, "room")

    anyio.run(create)


def until_quarantined(start, node, access):
    for _ in range(40):
        shown = start("nodes", "get", node, **access)
        shown.join()
        if "waiting-idle-to-terminate" in shown.text:
            return
    raise AssertionError(shown.text)


@mounting
def test_a_restart_changes_a_mounted_file_of_properties_and_the_next_start_has_it(
    start, run, tmp_path
):
    file = tmp_path / "mounted.env"
    file.write_text("# kept\nOPENVIDU_CDR=false\n")
    options = ["serve", "--port", 0, "--data-dir", tmp_path / "data", "--env-file", file]
    access = ["--secret-file", tmp_path / "data" / "secret", "--url"]
    server = start(*options, program=(*MOUNTED, file, *COMMAND))

    done = run("restart", "OPENVIDU_CDR=true", "--yes", *access, server.url)

    assert done.code == 0, done.err
    assert file.read_text() == "# kept\nOPENVIDU_CDR=true\n"
    assert server.line('WARNING .* written in place, .*reason="Device or resource busy"')
    assert server.stop() == 0
    again = start(*options)
    assert run("config", "--json", *access, again.url).json["OPENVIDU_CDR"] is True
    assert again.stop() == 0


def test_a_start_completes_what_a_killed_server_was_writing(start, tmp_path):
    file = tmp_path / "torn.env"
    file.write_bytes(interrupted(b"OPENVIDU_CDR=false\n", b"OPENVIDU_CDR=true\n", 15))

    options = ("--port", 0, "--data-dir", tmp_path / "data", "--env-file", file)
    server = start("serve", *options)

    assert server.line("WARNING .*completed an interrupted change of the configuration file")
    assert server.stop() == 0
    assert file.read_text() == "OPENVIDU_CDR=true\n"
