"""docs/getting-started.md: its lines, one after the other, on a demo."""

import itertools
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from support.documents import GETTING_STARTED

LIMIT_S = 20.0
TEXT = GETTING_STARTED.read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS[:2] for line in block.splitlines() if line]
SETTING = re.compile(r"^(export )?[A-Z_]+=")
CURL = "curl() { command curl --fail --no-progress-meter --noproxy '*' \"$@\"; }"


class Reader:
    """A reader who follows the page, with the secret and the ids of a demo."""

    def __init__(self, demo, environ):
        self._url = demo.url
        self._secret_file = demo.line(r"cat '(.*/secret)'")[1]
        self._environ = environ | {"MEDIAFLEET_URL": demo.url}
        self._ids = {}
        self._before = [CURL]

    def do(self, line):
        line = re.sub(r"/tmp/mediafleet-demo-\w+/secret", self._secret_file, line)
        line = line.replace("http://127.0.0.1:5443", self._url)
        line = line.replace(".venv/bin/mediafleet", f"{sys.executable} -m mediafleet")
        line = re.sub(r"kms_\w+", lambda found: self._id_for(found[0]), line)
        done = subprocess.run(
            ["sh", "-c", "\n".join([*self._before, line])],
            env=self._environ, check=False, capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip
        if SETTING.match(line):
            self._before.append(line)
        return done.returncode, f"{line}\n{done.stdout}{done.stderr}"

    def _id_for(self, shown):
        """A node of the list that runs and was in no line yet, for each id on the page."""
        if shown not in self._ids:
            known = self._ids.values()
            self._ids[shown] = next(each for each in self.running() if each not in known)
        return self._ids[shown]

    def running(self):
        auth = ("OPENVIDUAPP", Path(self._secret_file).read_text("ascii").strip())
        answer = httpx.get(f"{self._url}/pro/media-nodes", auth=auth, trust_env=False)
        return [each["id"] for each in answer.json()["content"] if each["status"] == "running"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_line_works_when_they_are_done_in_order(start, environ):
    reader = Reader(start("demo", "--port", 0), environ)
    deadline = time.monotonic() + LIMIT_S
    while len(reader.running()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    for line in LINES:
        code, reported = reader.do(line)
        assert code == 0, reported

    verbs = itertools.chain.from_iterable(re.findall(r"-X (\w+)| nodes (\w+)", "\n".join(LINES)))
    assert {"POST", "PATCH", "DELETE", "add", "drain", "remove"} <= set(verbs)


def test_the_servers_that_it_names_start(start, tmp_path):
    """Each line that begins with a setting, with a port and a directory of the test's own."""
    lines = [line for line in BLOCKS[2].splitlines() if " .venv/bin/mediafleet serve" in line]
    assert len(lines) == 2
    for number, line in enumerate(lines):
        setting, _, command = line.partition(" .venv/bin/mediafleet ")
        (name, value) = shlex.split(setting)[0].split("=", 1)
        wanted = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "local"} if number == 0 else {}
        folder = tmp_path / str(number)
        server = start(*shlex.split(command), "--port", 0, "--data-dir", folder,
                       **{name: value}, **wanted)  # fmt: skip
        assert server.url
        assert server.stop() == 0
