"""Output that cannot be written: a full disk, a closed pipe, no stdout."""

import json
import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

from support.local_nodes import local_nodes

COMMAND = (sys.executable, "-m", "mediafleet")
LIMIT_S = 20.0
LIST = {"numberOfElements": 0, "content": []}


@pytest.fixture
def unread():
    """The end of a pipe whose reader is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def until_answered(url):
    """Wait until the server answers, which it does without a secret too."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            return httpx.get(f"{url}/pro/media-nodes", trust_env=False).status_code
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
@pytest.mark.parametrize(
    ("redirected", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
)
def test_output_that_cannot_be_written_is_reported_in_one_sentence(
    run, answering_server, options, redirected, reason
):
    answering_server.body = json.dumps(LIST).encode()

    done = run(
        *("nodes", "list", "--url", answering_server.url, *options),
        redirected=redirected,
        OPENVIDU_SECRET="canary-secret",
    )

    assert (done.code, done.err) == (1, f"mediafleet: The output cannot be written: {reason}.\n")


@pytest.mark.parametrize("option", ["--help", "--version"])
@pytest.mark.parametrize("redirected", [">/dev/full", ">&-"])
def test_help_that_cannot_be_written_is_reported_in_one_sentence(run, option, redirected):
    done = run(option, redirected=redirected)

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "cannot be written" in done.err


def test_a_message_for_a_closed_stderr_is_not_written_to_stdout(run):
    done = run("nodes", "get", "kms_1", redirected="2>&-")

    assert (done.code, done.all) == (2, "")


def test_a_server_serves_although_nobody_reads_that_it_does(start, tmp_path, unread, port):
    server = start(
        *("serve", "--port", port, "--data-dir", tmp_path),
        stdout=unread,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        MEDIAFLEET_LOCAL_COMMAND="emulator",
    )
    server.line("^mediafleet: The output cannot be written: Broken pipe.")

    assert until_answered(f"http://127.0.0.1:{port}") == 401
    assert len(local_nodes(tmp_path)) == 1
    assert server.stop() == 0
    assert local_nodes(tmp_path) == []
    assert "Traceback" not in server.text


def test_a_server_needs_no_standard_streams(start, tmp_path, port):
    options = ("--port", port, "--data-dir", tmp_path)
    server = start("serve", *options, redirected="<&- >&- 2>&-")

    assert until_answered(f"http://127.0.0.1:{port}") == 401
    assert server.stop() == 0


def test_an_emulator_goes_on_although_nobody_reads_its_uris(start, unread, port):
    emulator = start("emulator", "--nodes", 3, "--port", port, stdout=unread)
    emulator.line("^mediafleet: The output cannot be written: Broken pipe.")

    with socket.create_connection(("127.0.1.3", port), timeout=LIMIT_S):
        pass
    assert emulator.stop() == 0
    assert len(emulator.err) == 1


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1"])
def test_a_character_that_the_encoding_lacks_is_written_in_ascii(run, answering_server, encoding):
    error = {
        "timestamp": 1,
        "status": 404,
        "error": "Not Found",
        "path": "/",
        "message": "a → b… ☎",
    }
    answering_server.status, answering_server.body = 404, json.dumps(error).encode()
    answering_server.headers = {"Content-Type": "application/json"}
    access = {"OPENVIDU_SECRET": "s", "MEDIAFLEET_URL": answering_server.url}

    done = run("nodes", "get", "kms_1", PYTHONIOENCODING=encoding, **access)

    assert (done.code, done.err) == (3, "mediafleet: a -> b... \\u260e (404 Not Found)\n")


@pytest.mark.parametrize("arguments", [("serve",), ("nodes", "list"), ("config",)], ids=" ".join)
def test_the_error_for_a_user_without_a_home_says_what_to_set(environ, home, arguments):
    environ = {name: value for name, value in environ.items() if name != "HOME"}

    done = subprocess.run(
        # A user that the system does not know, who may read what this one may.
        ["unshare", "--user", "--map-user=54321", *COMMAND, *arguments],
        env=environ | {"DOTENV_PATH": "~/somewhere"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "MEDIAFLEET_DATA_DIR is not set" in done.stderr
    assert "HOME" in done.stderr
    assert "Traceback" not in done.stderr
