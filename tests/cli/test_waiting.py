"""Commands that wait, at a terminal: what is seen meanwhile, and what Ctrl-C leaves behind."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

LIMIT_S = 20.0
NEVER_READY = "sleep 1000"


@pytest.fixture(scope="module")
def access(start, tmp_path_factory):
    server, access = never_ready(start, tmp_path_factory.mktemp("server"))
    yield access
    assert server.stop() == 0


def never_ready(start, folder):
    """A server whose Media Nodes are launched and never ready, and how to reach it."""
    server = start(
        "serve",
        *("--port", 0, "--data-dir", folder, "--env-file", make_empty(folder / ".env")),
        OPENVIDU_SECRET="a-secret-of-the-tests",
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES="0",
        MEDIAFLEET_LOCAL_COMMAND=NEVER_READY,
    )
    return server, {"MEDIAFLEET_URL": server.url, "OPENVIDU_SECRET": "a-secret-of-the-tests"}


def make_empty(path):
    path.touch()
    return path


class Terminal:
    """A command whose stderr is a terminal."""

    def __init__(self, process, ours):
        self.process = process
        self.shown = ""
        self._ours = ours

    def until(self, pattern):
        """Wait until the terminal has been shown something; what fits the pattern."""
        deadline = time.monotonic() + LIMIT_S
        while (found := re.search(pattern, self.shown)) is None:
            left = deadline - time.monotonic()
            assert left > 0, self.shown
            if select.select([self._ours], [], [], left)[0]:
                self.shown += os.read(self._ours, 65536).decode()
        return found


@contextmanager
def at_a_terminal(environ, home, *arguments):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mediafleet", *arguments],
        env=environ | {"TERM": "xterm"},
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            process.wait()
            os.close(theirs)
            os.close(ours)


def test_an_added_node_is_followed_and_goes_on_after_ctrl_c(environ, home, access):
    with at_a_terminal(environ | access, home, "nodes", "add", "--wait") as terminal:
        node = terminal.until(r"(kms_\w+) is launching .*0:00:0[1-9]")[1]
        terminal.process.send_signal(signal.SIGINT)
        reported = terminal.until(
            r"goes on\. Look at it with: (\S+ -m mediafleet nodes get kms_\w+)"
        )[1]
        assert terminal.process.wait(LIMIT_S) == 130

    assert shlex.split(reported)[1:] == ["-m", "mediafleet", "nodes", "get", node]
    assert "Traceback" not in terminal.shown
    looked_at = subprocess.check_output(["sh", "-c", f"{reported} --json"], env=environ | access)
    assert json.loads(looked_at)["status"] == "launching"


def test_a_removed_node_is_followed_and_goes_on_after_ctrl_c(environ, home, access, run_here):
    node = run_here("nodes", "add", "--json", **access).json["id"]

    with at_a_terminal(environ | access, home, "nodes", "remove", node, "--wait") as terminal:
        terminal.until(f"{node} is canceled")
        terminal.process.send_signal(signal.SIGINT)
        terminal.until(rf"The removal goes on\. Look at it with: .* mediafleet nodes get {node}")
        assert terminal.process.wait(LIMIT_S) == 130


def test_with_json_nothing_is_shown_at_a_terminal_until_the_end(environ, home, access):
    command = ("nodes", "add", "--wait", "--json", "--timeout", "2")

    with at_a_terminal(environ | access, home, *command) as terminal:
        terminal.until(r"did not answer within 2 s.*\n")
        assert terminal.process.wait(LIMIT_S) == 1

    assert terminal.shown.startswith("mediafleet: ")
    assert "\x1b" not in terminal.shown


def test_without_a_terminal_nothing_is_shown_until_the_end(run, access):
    done = run("nodes", "add", "--wait", "--timeout", "2", **access)

    assert done.code == 1
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err


@pytest.mark.parametrize("command", ["add", "remove"])
def test_a_stop_of_the_server_ends_a_wait_and_leaves_the_change(
    start, run_here, tmp_path, environ, command
):
    server, access = never_ready(start, tmp_path)
    arguments, outcome = ["--wait"], "it ends with the server"
    if command == "remove":
        node = run_here("nodes", "add", "--json", **access).json["id"]
        arguments, outcome = ["--wait", node], "its removal goes on"

    with at_a_terminal(environ | access, tmp_path, "nodes", command, *arguments) as terminal:
        terminal.until(r"kms_\w+ is .*0:00:0[0-9]")
        assert server.stop() == 0
        terminal.until(r"Look at it with: \S+ -m mediafleet nodes get kms_\w+")
        assert terminal.process.wait(LIMIT_S) == 1

    assert "The server is stopping" in terminal.shown
    assert outcome in terminal.shown
    assert "Traceback" not in terminal.shown
