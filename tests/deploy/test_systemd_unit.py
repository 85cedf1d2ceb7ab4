"""The systemd unit has no fault that systemd finds, and is shut off from the machine."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.documents import ROOT
from support.tools import require_tool

UNIT = ROOT / "deploy" / "mediafleet.service"
LOCAL_NODES = ROOT / "deploy" / "local-nodes.conf"
MOST_EXPOSURE = 2.5


@pytest.fixture(autouse=True)
def systemd_analyze() -> None:
    require_tool("systemd-analyze")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy that starts a program which exists; its name is the unit's, as systemd wants it."""
    program = shutil.which("true")
    copy = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    copy.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={program}", text, flags=re.MULTILINE))
    return copy


def with_drop_in(unit: Path, text: str) -> None:
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    (folder / "drop-in.conf").write_text(text)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )


def exposure(unit: Path) -> float:
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    return float(level[1])


def test_the_unit_is_free_of_faults_and_little_exposed(unit: Path) -> None:
    done = analyze("verify", str(unit))

    # An unknown key is a line on stderr and status 0.
    assert (done.returncode, done.stderr) == (0, "")
    assert exposure(unit) <= MOST_EXPOSURE


def test_the_drop_in_for_local_nodes_fits_the_unit(unit: Path) -> None:
    with_drop_in(unit, LOCAL_NODES.read_text("utf-8"))

    done = analyze("verify", str(unit))

    assert (done.returncode, done.stderr) == (0, "")


def test_a_drop_in_with_an_unknown_key_would_be_seen(unit: Path) -> None:
    with_drop_in(unit, "[Service]\nKillMod=process\n")

    assert "KillMod" in analyze("verify", str(unit)).stderr
