"""`mediafleet demo`: one command to a working cluster, and nothing left of it."""

import re
import signal
import time
from pathlib import Path

import httpx
import pytest

from support.local_nodes import local_nodes

LIMIT_S = 20.0


def until(holds):
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children_of(pid):
    of_threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in of_threads for child in each.read_text("ascii").split()]


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
        self.auth = ("OPENVIDUAPP", demo.access["OPENVIDU_SECRET"])
        self.url = f"{demo.url}/pro/media-nodes"

    def __call__(self, **query):
        answer = httpx.get(self.url, auth=self.auth, params=query, trust_env=False)
        return answer.json()["content"]

    def all_run(self):
        return {(node["status"], node["connected"]) for node in self()} == {("running", True)}


@pytest.fixture
def demo(start):
    return start("demo", "--nodes", 3, "--sessions", 2, "--port", 0)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_its_nodes_run_and_nothing_is_left_behind(demo, home, by):
    nodes = Nodes(demo)
    until(nodes.all_run)
    assert len(nodes()) == 3
    assert {len(node["sessions"]) for node in nodes(sessions="true")} == {2}
    children = children_of(demo.process.pid)
    assert len(children) == 3
    assert len(leftovers(home)) == 1
    assert demo.line(r"^A call: open (\S+) in two tabs")[1] == f"{demo.url}/call/"
    assert httpx.get(f"{demo.url}/call/", trust_env=False).status_code == 200

    assert demo.stop(by) == 0

    assert [child for child in children if lives(child)] == []
    assert leftovers(home) == []
    assert nodes.auth[1] not in demo.text
    assert [line for line in demo.err if re.search("ERROR|CRITICAL|Traceback", line)] == []


def test_its_tokens_lead_to_it(demo):
    nodes = Nodes(demo)
    session = {"customSessionId": "tea", "session": "tea"}
    for operation in ("sessions", "tokens"):
        url = f"{demo.url}/openvidu/api/{operation}"
        answer = httpx.post(url, auth=nodes.auth, json=session, trust_env=False)
    token = answer.json()["token"]
    assert token.startswith(f"{demo.url.replace('http', 'ws', 1)}?sessionId=tea&token=tok_")
    assert demo.stop() == 0  # its directory is in the home that the next tests look into


def test_a_signal_before_it_is_ready_leaves_nothing_behind_either(demo, home):
    until(lambda: leftovers(home) and children_of(demo.process.pid))
    children = children_of(demo.process.pid)

    assert demo.stop(signal.SIGTERM) == 0

    assert [child for child in children if lives(child)] == []
    assert leftovers(home) == []
    assert "Traceback" not in demo.text


def test_the_nodes_end_with_a_killed_server_whose_data_is_gone(demo):
    until(Nodes(demo).all_run)
    children = children_of(demo.process.pid)
    assert len(children) == 3

    demo.stop(signal.SIGKILL)

    until(lambda: not any(map(lives, children)))


def test_with_a_kept_directory_a_killed_demo_goes_on_with_the_same_nodes(start, tmp_path):
    options = ("demo", "--nodes", 2, "--sessions", 1, "--port", 0, "--data-dir", tmp_path / "kept")
    first = start(*options)
    nodes = Nodes(first)
    until(nodes.all_run)
    before = {node["environmentId"] for node in nodes()}
    first.stop(signal.SIGKILL)

    second = start(*options)
    nodes = Nodes(second)
    until(nodes.all_run)
    assert {node["environmentId"] for node in nodes()} == before
    assert len(local_nodes(tmp_path)) == 2

    assert second.stop() == 0

    assert local_nodes(tmp_path) == []


def test_without_media_there_is_no_page_with_a_call(start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['OpenSSL'] = None\n")

    demo = start("demo", "--nodes", 1, "--port", 0, PYTHONPATH=tmp_path)

    demo.line(
        r"forward no media, so there is no page with a call: pip install 'mediafleet\[media\]'"
    )
    assert httpx.get(f"{demo.url}/call/", trust_env=False).status_code == 404
    assert demo.stop() == 0
    assert "/call/" not in demo.text


def test_more_nodes_can_be_added_up_to_a_limit(start):
    demo = start("demo", "--nodes", 1, "--port", 0)
    nodes = Nodes(demo)
    until(nodes.all_run)

    added = [httpx.post(f"{nodes.url}?wait=true", auth=nodes.auth, timeout=30) for _ in range(6)]

    assert [answer.status_code for answer in added] == [200] * 5 + [502]
    assert demo.stop() == 0


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
