import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support import fuzz_verdict, fuzzing

PORT = fuzzing.free_port()
URL = f"http://127.0.0.1:{PORT}"
schema = fuzzing.make_schema(base_url=URL)
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def log(tmp_path_factory: pytest.TempPathFactory, run: fuzzing.Run) -> Iterator[Path]:
    """A server process of ours, as a user starts it; with its log."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "mediafleet", "serve", "--port", str(PORT)]
    (folder / "data").mkdir(mode=0o700)
    fuzzing.write_cdr_file(folder / "data")
    with (folder / "log").open("w") as output:
        options = ["--data-dir", str(folder / "data"), "--env-file", str(folder / ".env")]
        (folder / ".env").touch()
        with subprocess.Popen(
            [*command, *options], env=_environment(), stdout=output, stderr=subprocess.STDOUT
        ) as process:
            _wait_for_line("serves", folder / "log")
            yield folder / "log"
            process.terminate()


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "OPENVIDU_SECRET": fuzzing.SECRET,
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
        "MEDIAFLEET_ALLOWED_NODE_NETWORKS": '["127.0.0.0/8", "::1/128"]',
    }


def _wait_for_line(word: str, file: Path, limit: float = 30) -> None:
    deadline = time.monotonic() + limit
    while word not in file.read_text():
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.02)


@schema.parametrize()
def test_an_operation_keeps_the_contract(case) -> None:
    case.call_and_validate()


TestScenarios = fuzzing.scenarios(schema)


@pytest.mark.parametrize("operation", sorted({name for name, _ in fuzz_verdict.documented("401")}))
def test_without_the_right_credentials_an_operation_is_401(operation: str) -> None:
    found = schema.find_operation_by_id(operation)
    path = (
        found.path.replace("{mediaNodeId}", "kms_Unknown1")
        .replace("{file}", "x")
        .replace("{sequence}", "1")
    )
    for auth in (None, ("OPENVIDUAPP", "wrong"), ("admin", fuzzing.SECRET)):
        response = httpx.request(found.method.upper(), URL + path, auth=auth)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Basic ")


def test_the_run_met_what_it_had_to(run: fuzzing.Run, log: Path) -> None:
    fuzz_verdict.check(run)
    text = log.read_text()
    assert "Traceback" not in text
    assert "ERROR" not in text
