"""`mediafleet demo`: one command to a working cluster, and nothing left of it."""

import re
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

LIMIT_S = 20.0


def until(holds):
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children_of(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def leftovers(home):
    return [each.name for each in home.iterdir() if each.name.startswith("mediafleet-demo-")]


class Nodes:
    def __init__(self, demo):
        secret = Path(demo.line(r"cat '(.*/secret)'")[1]).read_text("ascii").strip()
        self.auth = ("OPENVIDUAPP", secret)
        self.url = f"{demo.url}/pro/media-nodes"

    def __call__(self):
        return httpx.get(self.url, auth=self.auth, trust_env=False).json()["content"]

    def all_run(self):
        return {(node["status"], node["connected"]) for node in self()} == {("running", True)}


@pytest.fixture
def demo(start):
    return start("demo", "--nodes", 3, "--port", 0)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_its_nodes_run_and_nothing_is_left_behind(demo, home, by):
    nodes = Nodes(demo)
    until(nodes.all_run)
    assert len(nodes()) == 3
    children = children_of(demo.process.pid)
    assert len(children) == 1
    assert len(leftovers(home)) == 1

    assert demo.stop(by) == 0

    assert [child for child in children if lives(child)] == []
    assert leftovers(home) == []
    assert nodes.auth[1] not in demo.text
    assert [line for line in demo.err if re.search("ERROR|CRITICAL|Traceback", line)] == []


def test_a_signal_before_it_is_ready_leaves_nothing_behind_either(demo, home):
    until(lambda: leftovers(home) and children_of(demo.process.pid))
    children = children_of(demo.process.pid)

    assert demo.stop(signal.SIGTERM) == 0

    assert [child for child in children if lives(child)] == []
    assert leftovers(home) == []
    assert "Traceback" not in demo.text


def test_the_nodes_die_with_a_killed_server(demo):
    demo.line("^  curl")
    (emulator,) = children_of(demo.process.pid)
    assert lives(emulator)

    demo.stop(signal.SIGKILL)

    until(lambda: not lives(emulator))


def test_a_given_data_directory_is_kept_and_the_configuration_is_not_read(start, home, tmp_path):
    (home / ".env").write_text("OPENVIDU_PRO_CLUSTER_ENVIRONMENT=docker\nHTTPS_PORT=wrong\n")
    before = leftovers(home)
    demo = start("demo", "--nodes", 1, "--port", 0, "--data-dir", tmp_path / "kept",
                 OPENVIDU_SECRET="canary", MEDIAFLEET_PORT="wrong")  # fmt: skip
    demo.line("^  curl")
    (home / ".env").unlink()

    assert demo.stop() == 0

    assert (tmp_path / "kept" / "secret").exists()
    assert leftovers(home) == before


def test_nodes_that_cannot_start_end_the_demo(run, home):
    before = leftovers(home)
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]

        done = run("demo", "--port", 0, "--node-port", port)

    assert done.code == 1
    assert f"Port {port}" in done.err
    assert "did not start" in done.err
    assert "Traceback" not in done.err
    assert leftovers(home) == before
