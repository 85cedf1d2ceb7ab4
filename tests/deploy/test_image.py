"""The image and the Compose file: built and run on an Engine of the tests' own, and driven.

There is no registry: the base image and the one of PostgreSQL are made of this machine's files.
"""

import json
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import yaml

from support.base_images import POSTGRESQL, PYTHON, load_postgresql, load_python
from support.docker_engine import IMAGE as NODE
from support.docker_engine import Engine, private_engine
from support.documents import ROOT
from support.tools import require_tool

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

NODES = "/pro/media-nodes"
SECRET = "a-secret-of-the-tests"
BUILT = "mediafleet:latest"  # as compose.yaml names it
TIMEOUT_S = 60


class Docker:
    """The command line, with our Engine."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._folder = folder
        self._environ = {
            **os.environ,
            "DOCKER_HOST": engine.url,
            "DOCKER_CONFIG": str(folder),
            "DOCKER_BUILDKIT": "0",
            "COMPOSE_PROJECT_NAME": "mediafleet",
        }

    def __call__(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=cwd or self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def out(self, *words: str, cwd: Path | None = None) -> str:
        """What a command prints, which must succeed."""
        done = self(*words, cwd=cwd)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()

    def inspect(self, name: str) -> Any:
        return json.loads(self.out("docker", "inspect", name))[0]


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """An Engine with the image, built as a user builds it but for the base image's name."""
    require_tool("docker")
    with private_engine() as engine:
        load_python(engine)
        docker = Docker(engine, tmp_path_factory.mktemp("docker"))
        base = f"PYTHON_IMAGE={PYTHON}"
        # The Engine forwards nothing, so the index is reached over the machine's own network.
        build = ["docker", "build", "--network", "host", "--build-arg", base, "--tag", BUILT]
        docker.out(*build, str(ROOT))
        load_postgresql(engine)
        yield docker


def until(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    limit = time.monotonic() + TIMEOUT_S
    while not wanted(found := ask()):
        assert time.monotonic() < limit, found
        time.sleep(0.1)
    return found


def until_serving(docker: Docker, container: str) -> str:
    """Wait until the server accepts requests; the port on which it does so."""
    until(lambda: docker.out("docker", "logs", container), lambda text: " serves http" in text)
    return docker.out("docker", "port", container, "5443/tcp").rpartition(":")[2]


def until_health_is(docker: Docker, container: str, wanted: str) -> None:
    def health() -> Any:
        return docker.inspect(container)["State"]["Health"]["Status"]

    until(health, lambda found: found == wanted)


def until_running(api: httpx.Client) -> Any:
    def only() -> Any:
        (node,) = api.get(NODES).json()["content"]
        return node

    return until(only, lambda node: node["status"] == "running" and node["connected"])


def test_the_image_holds_the_server_and_runs_it_without_rights(docker: Docker) -> None:
    image = docker.inspect(BUILT)["Config"]

    assert image["User"] == "10001:10001"
    assert image["Healthcheck"]["Test"][:3] == ["CMD", "python", "-c"]
    assert image["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    run = ["docker", "run", "--rm", "--network", "none"]
    assert docker.out(*run, BUILT, "--version").startswith("mediafleet ")
    built_with = docker(*run, "--entrypoint", "python", BUILT, "-c", "import hatchling")
    assert "ModuleNotFoundError" in built_with.stderr
    for extra in ("asyncpg", "aiobotocore", "aiodocker", "opentelemetry.sdk"):
        docker.out(*run, "--entrypoint", "python", BUILT, "-c", f"import {extra}")


def test_it_serves_plain_http_only_when_configured(docker: Docker) -> None:
    nodes = 'KMS_URIS=["ws://10.0.0.5:8888/kurento"]'
    done = docker("docker", "run", "--rm", "--network", "none", "--env", nodes, BUILT)

    assert done.returncode == 2
    assert "Give --tls-cert and --tls-key, or --behind-proxy" in done.stderr


def test_it_serves_https_by_itself(docker: Docker, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    for path in (tmp_path, tmp_path / "server.pem"):
        path.chmod(0o755)
    node = docker.out("docker", "run", "--detach", NODE)
    address = docker.inspect(node)["NetworkSettings"]["IPAddress"]
    server = docker.out(
        *["docker", "run", "--detach", "--read-only", "--cap-drop", "ALL", "--no-healthcheck"],
        *["--publish", "127.0.0.1::5443", "--volume", f"{tmp_path}:/tls:ro"],
        *["--env", f"OPENVIDU_SECRET={SECRET}"],
        *["--env", f'KMS_URIS=["ws://{address}:8888/kurento"]'],
        *[BUILT, "serve", "--tls-cert", "/tls/server.pem", "--tls-key", "/tls/server.pem"],
    )
    url = f"https://127.0.0.1:{until_serving(docker, server)}"
    auth = ("OPENVIDUAPP", SECRET)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with httpx.Client(base_url=url, auth=auth, verify=trust) as api:
        node = until_running(api)
        assert api.delete(f"{NODES}/{node['id']}", params={"wait": "true"}).status_code == 204

    docker.out("docker", "stop", server)
    assert docker.inspect(server)["State"]["ExitCode"] == 0


def test_compose_runs_it_with_postgresql_and_nothing_is_lost(
    docker: Docker, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    (tmp_path / ".env").write_text(
        "POSTGRES_PASSWORD=0123456789abcdef\nPUBLISHED_PORT=0\n"
        'KMS_URIS=["ws://node:8888/kurento"]\n'
    )
    # The official image has this signal too; the emulated node does not listen to any.
    here = {
        "database": {"image": POSTGRESQL, "stop_signal": "SIGINT"},
        "node": {"image": NODE, "stop_signal": "SIGKILL"},
    }
    (tmp_path / "here.yaml").write_text(yaml.safe_dump({"services": here}))
    compose = [require_tool("docker-compose"), "-f", "compose.yaml", "-f", "here.yaml"]

    def up(*options: str) -> tuple[str, httpx.Client]:
        docker.out(*compose, "up", "--detach", "--no-build", *options, cwd=tmp_path)
        server = docker.out(*compose, "ps", "-q", "mediafleet", cwd=tmp_path)
        port = until_serving(docker, server)
        until_health_is(docker, server, "healthy")
        secret = docker.out("docker", "exec", server, "cat", "/var/lib/mediafleet/secret")
        auth = ("OPENVIDUAPP", secret)
        return server, httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=auth)

    try:
        server, api = up()
        with api:
            node = until_running(api)
            assert api.post("/pro/restart", json={"OPENVIDU_CDR": True}).status_code == 200
        assert docker.inspect(server)["HostConfig"]["ReadonlyRootfs"]
        (binding,) = docker.inspect(server)["HostConfig"]["PortBindings"]["5443/tcp"]
        assert binding["HostIp"] == "127.0.0.1"

        other, api = up("--force-recreate")
        assert other != server
        with api:
            assert until_running(api)["id"] == node["id"]
            assert api.get("/pro/config").json()["OPENVIDU_CDR"] is True
    finally:
        docker.out(*compose, "down", "--volumes", cwd=tmp_path)


def test_compose_says_what_is_missing(docker: Docker, tmp_path: Path) -> None:
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    (tmp_path / ".env").write_text("KMS_URIS=[]\n")

    done = docker(require_tool("docker-compose"), "config", cwd=tmp_path)

    assert done.returncode == 1
    assert "POSTGRES_PASSWORD" in done.stderr
