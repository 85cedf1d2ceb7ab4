"""Files that cannot be replaced: mount points, and those in a directory that cannot be written."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.configuration import complete_dotenv, dotenv_journal
from mediafleet.configuration.dotenv import read_dotenv, write_dotenv
from support.dotenv_writes import MOUNTED, interrupted, mounting

WRITE = """
import logging, os, sys
from pathlib import Path
from mediafleet.configuration.dotenv import DotenvFileError, write_dotenv
logging.basicConfig(format="%(message)s; %(reason)s", stream=sys.stdout)
if os.geteuid() == 0 and sys.argv[2:] == ["unprivileged"]:
    os.setegid(65534)
    os.seteuid(65534)
try:
    write_dotenv(Path(sys.argv[1]), {"A": "2", "B": "new"})
except DotenvFileError as error:
    print(error)
"""

# Writes a few bytes at a time, and is killed after each step in turn: those, syncs and truncations.
# What was acknowledged before is there afterwards, or what was being written.
KILLED = """
import os, signal, sys
from itertools import count
from pathlib import Path
from mediafleet.configuration.dotenv import last_lines, parse
from mediafleet.configuration.dotenv import complete_dotenv, read_dotenv, write_dotenv

path, few = Path(sys.argv[1]), int(sys.argv[2])
before = "# Stra\\u00dfe\\nA=0\\nKEPT=\\u00e4\\u00f6\\u00fc"
changes = [{"A": "\\u20ac" * 30, "C": "1"}, {"A": "1"}, {"KEPT": "x"}]
write, sync, cut = os.pwrite, os.fsync, os.ftruncate

def values():
    return {key: line.value for key, line in last_lines(parse(read_dotenv(path))).items()}

def change(acknowledge, steps):
    left = iter(range(steps))
    def stepping(call):
        def step(*arguments):
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)
        return step
    os.pwrite = stepping(lambda file, content, offset: write(file, content[:few], offset))
    os.fsync, os.ftruncate = stepping(sync), stepping(cut)
    for each in changes:
        write_dotenv(path, each)
        os.write(acknowledge, b".")

expected = [{"A": "0", "KEPT": "\\u00e4\\u00f6\\u00fc"}]
for each in changes:
    expected.append({**expected[-1], **each})
for steps in count():
    path.write_text(before)
    acknowledged, acknowledge = os.pipe()
    child = os.fork()
    if child == 0:
        change(acknowledge, steps)
        os._exit(0)
    os.close(acknowledge)
    _, status = os.waitpid(child, 0)
    number = len(os.read(acknowledged, 100))
    os.close(acknowledged)
    found = values()
    assert found in expected[number:number + 2], (steps, number, path.read_bytes())
    complete_dotenv(path)
    assert values() == found, (steps, path.read_bytes())
    assert b"mediafleet-journal " not in path.read_bytes(), steps
    if status == 0:
        print(f"killed {steps} times")
        break
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text("# mine\nA=1\n")
    return path


def run(program: str, path: Path, *arguments: str, mounted: bool = False) -> str:
    prefix = (*MOUNTED, str(path)) if mounted else ()
    command = [*prefix, sys.executable, "-c", program, str(path), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@mounting
def test_a_mounted_file_is_written_in_place_and_this_is_logged(path: Path) -> None:
    before = path.stat()

    said = run(WRITE, path, mounted=True)

    assert path.read_text() == "# mine\nA=2\nB=new\n"
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)
    assert list(path.parent.iterdir()) == [path]
    assert said.startswith("the configuration file was written in place")
    assert said.endswith("; Device or resource busy\n")


def test_a_file_in_a_directory_that_cannot_be_written_is_written_in_place() -> None:
    # Not below the usual directory, which only its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        directory, path = Path(name), Path(name) / ".env"
        path.write_text("A=1\n")
        path.chmod(0o666)
        directory.chmod(0o555)

        said = run(WRITE, path, "unprivileged")

        directory.chmod(0o755)
        assert path.read_text() == "A=2\nB=new\n"
        assert list(directory.iterdir()) == [path]
        assert said.endswith("; Permission denied\n")


def test_a_file_that_cannot_be_written_in_place_either_is_reported_with_both_reasons() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory, path = Path(name), Path(name) / ".env"
        path.write_text("A=1\n")
        path.chmod(0o444)
        directory.chmod(0o555)

        said = run(WRITE, path, "unprivileged")

        directory.chmod(0o755)
        assert path.read_text() == "A=1\n"
        assert said == (
            f"The configuration file {path} can neither be replaced (Permission denied) nor written"
            " in place (Permission denied).\n"
        )


@mounting
@pytest.mark.parametrize("few", [40, 4096])
def test_a_kill_after_any_step_loses_no_acknowledged_change(path: Path, few: int) -> None:
    said = run(KILLED, path, str(few), mounted=True)

    assert int(said.split()[1]) >= 3 * 6


@mounting
@pytest.mark.parametrize("room", [20, 100])
def test_without_room_for_the_change_the_file_is_as_it_was(path: Path, room: int) -> None:
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"

    said = run(limit + WRITE, path, mounted=True)

    assert path.read_text() == "# mine\nA=1\n"
    assert "nor written in place (File too large)" in said


TEXTS = st.lists(st.sampled_from(["", "A=1", "# ä", "BB=2\r", "C=€", "//"]), max_size=5).map(
    lambda lines: "\n".join(lines).encode()
)


@given(old=TEXTS, new=TEXTS, torn=st.integers(0, 40))
def test_the_new_text_is_found_in_every_mixture(old: bytes, new: bytes, torn: int) -> None:
    found = dotenv_journal.text_of(interrupted(old, new, torn))

    assert found.rstrip(b"\n") == new.rstrip(b"\n")


@given(old=TEXTS, new=TEXTS, data=st.data())
def test_the_old_text_counts_until_the_journal_is_whole(
    old: bytes, new: bytes, data: st.DataObject
) -> None:
    whole = interrupted(old, new, 0)
    length = data.draw(st.integers(len(old), len(whole) - 1))

    found = dotenv_journal.text_of(whole[:length])

    kept = [
        line for line in found.split(b"\n") if line and not b"#mediafleet-".startswith(line[:12])
    ]
    assert kept == [line for line in old.split(b"\n") if line]


def test_lines_that_somebody_added_after_an_interrupted_change_are_kept(path: Path) -> None:
    path.write_bytes(interrupted(b"A=1\n", b"A=2\n", 1) + b"B=3\n")
    assert read_dotenv(path) == "A=2\nB=3\n"

    complete_dotenv(path)

    assert path.read_text() == "A=2\nB=3\n"


def test_without_the_journal_what_is_left_counts(path: Path) -> None:
    lines = interrupted(b"A=1\n", b"A=2\n", 0).splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b"journal" not in line))

    assert read_dotenv(path) == "A=1\n\n"


def test_a_damaged_journal_counts_for_nothing(path: Path) -> None:
    whole = interrupted(b"A=1\n", b"A=2\n", 0)
    path.write_bytes(whole.replace(b"journal ", b"journal 0", 1))

    assert read_dotenv(path) == "A=1\n"


def test_an_interrupted_change_in_a_file_that_cannot_be_completed_is_in_force(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(interrupted(b"A=1\n", b"A=2\n", 2))
    program = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
from pathlib import Path
from mediafleet.configuration.dotenv import complete_dotenv, read_dotenv
complete_dotenv(Path(sys.argv[1]))
print(repr(read_dotenv(Path(sys.argv[1]))))
"""
    assert run(program, path) == "'A=2\\n'\n"

    complete_dotenv(path)

    assert path.read_text() == "A=2\n"
    assert [record.getMessage() for record in caplog.records] == [
        "completed an interrupted change of the configuration file"
    ]


def test_a_file_without_anything_to_complete_is_left_alone(path: Path) -> None:
    before = path.stat()

    complete_dotenv(path)
    complete_dotenv(path.with_name("absent"))

    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert not path.with_name("absent").exists()


def test_a_write_in_its_turn_replaces_what_was_interrupted(path: Path) -> None:
    path.write_bytes(interrupted(b"A=1\n", b"A=2\n", 2))

    write_dotenv(path, {"B": "3"})

    assert path.read_text() == "A=2\nB=3\n"
