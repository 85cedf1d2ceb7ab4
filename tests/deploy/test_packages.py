"""Wheel and sdist of both distributions: built, checked, installed on their own, and run."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tomllib
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import mediafleet
from support.documents import ROOT

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

UV = (sys.executable, "-m", "uv", "--quiet")
VERSION = mediafleet.__version__
DOCUMENTS = f"mediafleet-{VERSION}.data/data/share/doc/mediafleet/"
LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s#]+)")
PIN = re.compile(r"^(\S+==\S+)", re.MULTILINE)
TO_TRY = re.compile(r"^  (\S+mediafleet nodes list.*)$", re.MULTILINE)


def run(*words: object, **environment: str) -> str:
    """What a command prints, which must succeed, away from the sources."""
    done = subprocess.run(
        list(map(str, words)),
        cwd="/",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of each distribution an sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    for source in (ROOT / "client", ROOT):
        run(*UV, "build", "--out-dir", folder, source)
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that has the wheels; the index has none of ours."""
    folder = tmp_path_factory.mktemp("environment")
    run(*UV, "venv", "--seed", "--python", sys.executable, folder)
    install = [*UV, "pip", "install", "--python", folder]
    run(*install, "--require-hashes", "--requirements", ROOT / "requirements" / "server.txt")
    run(*install, "--no-index", "--find-links", dist, f"mediafleet=={VERSION}")
    return folder / "bin"


def test_the_metadata_is_complete_and_the_descriptions_render(dist: Path) -> None:
    files = sorted(dist.glob("*.whl")) + sorted(dist.glob("*.tar.gz"))
    assert len(files) == 4
    run(sys.executable, "-m", "twine", "check", "--strict", *files)

    for wheel in files[:2]:
        with ZipFile(wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
            metadata = Parser().parsestr(archive.read(name).decode())
        assert metadata["Author"] == "The Mediafleet authors"
        assert metadata["License-Expression"] == "Apache-2.0"
        assert metadata["Requires-Python"] == ">=3.11"


def test_the_links_of_the_readme_lead_somewhere_in_the_wheel(dist: Path) -> None:
    links = set(LINK.findall((ROOT / "README.md").read_text("utf-8")))
    with ZipFile(dist / f"mediafleet-{VERSION}-py3-none-any.whl") as archive:
        names = {name.removeprefix(DOCUMENTS) for name in archive.namelist()}
    folders = {str(parent) for name in names for parent in Path(name).parents}

    missing = {link for link in links if not link.startswith("https://")} - names - folders

    assert missing == set()


def test_the_sdist_is_a_whole_clone(dist: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    kinds = ("--cached", "--others", "--exclude-standard")
    listed = run("git", "-C", ROOT, "ls-files", *kinds).splitlines()
    with tarfile.open(dist / f"mediafleet-{VERSION}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert names - {"PKG-INFO"} == set(listed)


def test_the_wheels_serve_without_the_sources(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "mediafleet", "--version") == f"mediafleet {VERSION}\n"
    run(*UV, "pip", "check", "--python", installed.parent)
    demo = [installed / "mediafleet", "demo", "--port", "0"]
    with subprocess.Popen(demo, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reported = ""
        while (found := TO_TRY.search(reported)) is None:
            line = process.stdout.readline()
            assert line, reported
            reported += line
        listed = json.loads(run("/bin/sh", "-c", f"{found[1]} --json"))
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert listed["numberOfElements"] == 3
    assert str(installed) in found[1]


def test_pip_installs_the_sdists(installed: Path, dist: Path) -> None:
    pip = [installed / "python", "-m", "pip", "install", "--quiet", "--force-reinstall"]

    run(*pip, "--no-deps", *dist.glob("*.tar.gz"))

    assert run(installed / "mediafleet", "--version") == f"mediafleet {VERSION}\n"


def test_pipx_installs_both_from_wheels(dist: Path, tmp_path: Path) -> None:
    server, client = dist.glob("mediafleet-*.whl"), dist.glob("mediafleet_client-*.whl")
    places = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    pipx = [sys.executable, "-m", "pipx", "install", "--backend", "uv"]

    run(*pipx, "--preinstall", *client, *server, **places)

    assert run(tmp_path / "bin" / "mediafleet", "--version") == f"mediafleet {VERSION}\n"


def test_the_image_is_made_of_the_pins_that_the_tests_run_with() -> None:
    server, image, tests = (
        set(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text("utf-8")))
        for name in ("server", "image", "dev")
    )

    assert server < image < tests


def test_what_builds_the_image_is_what_builds_the_packages() -> None:
    wanted = {
        requirement
        for folder in (ROOT, ROOT / "client")
        for requirement in tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))[
            "build-system"
        ]["requires"]
    }
    lines = (ROOT / "requirements" / "build.in").read_text("utf-8").splitlines()

    assert {line for line in lines if not line.startswith("#")} == wanted
