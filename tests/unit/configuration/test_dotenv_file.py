import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mediafleet.configuration.dotenv import (
    MAX_FILE_BYTES,
    DotenvFileError,
    locate_dotenv,
    read_dotenv,
    write_dotenv,
)
from mediafleet.configuration.errors import InvalidValueError
from mediafleet.configuration.property import MAX_VALUE_CHARACTERS

# Replaces the file over and over, so that a kill at any moment hits one of the steps.
WRITER = """
import sys
from pathlib import Path
from mediafleet.configuration.dotenv import write_dotenv
print("started", flush=True)
while True:
    for letter in "ab":
        write_dotenv(Path(sys.argv[1]), {"A": letter * 5000, "B": letter * 5000})
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ".env"),
        ("", ".env"),
        (".", ".env"),
        ("/srv", "/srv/.env"),
        ("/srv/", "/srv/.env"),
        ("/srv/.env", "/srv/.env"),
        ("/srv/production.env", "/srv/production.env"),
    ],
)
def test_the_file_is_found_by_dotenv_path(given: str | None, expected: str) -> None:
    environ = {} if given is None else {"DOTENV_PATH": given}

    assert locate_dotenv(environ) == Path(expected)


def test_a_new_file_is_readable_by_its_owner_only(path: Path) -> None:
    write_dotenv(path, {"A": "1"})

    assert path.read_text() == "A=1\n"
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("rights", [0o600, 0o640, 0o664, 0o666])
def test_the_mode_of_an_existing_file_is_kept(path: Path, rights: int) -> None:
    path.write_text("# mine\nA=1\n")
    path.chmod(rights)

    write_dotenv(path, {"A": "2"})

    assert path.read_text() == "# mine\nA=2\n"
    assert mode(path) == rights


def test_the_owner_of_an_existing_file_is_kept(path: Path) -> None:
    path.write_text("A=1\n")
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    before = path.stat()

    write_dotenv(path, {"A": "2"})

    after = path.stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def refusing_to_give(monkeypatch: pytest.MonkeyPatch, *, group: bool) -> None:
    """Have the system give away no file, as it does for all users but root."""
    give = os.fchown

    def fchown(descriptor: int, owner: int, to: int) -> None:
        if owner != -1 or group:
            raise PermissionError(errno.EPERM, "not yours")
        give(descriptor, owner, to)

    monkeypatch.setattr(os, "fchown", fchown)


def test_the_group_and_the_mode_are_kept_where_the_owner_cannot_be(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("A=1\n")
    if os.geteuid() == 0:
        os.chown(path, 12345, 12346)
    path.chmod(0o640)
    group = path.stat().st_gid
    refusing_to_give(monkeypatch, group=False)

    write_dotenv(path, {"A": "2"})

    assert (path.stat().st_gid, mode(path)) == (group, 0o640)


@pytest.mark.parametrize("rights", [0o640, 0o664, 0o606, 0o600])
def test_another_group_than_before_can_read_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, rights: int
) -> None:
    path.write_text("A=1\n")
    path.chmod(rights)
    refusing_to_give(monkeypatch, group=True)

    write_dotenv(path, {"A": "2"})

    assert path.read_text() == "A=2\n"
    assert mode(path) == 0o600


def is_directory(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def test_the_new_text_is_on_the_disk_before_it_takes_the_name_and_the_name_after_that(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("A=1\n")
    steps: list[str] = []
    synchronise, replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        steps.append("directory" if is_directory(descriptor) else f"file of {size} bytes")
        synchronise(descriptor)

    def rename(*paths: Path) -> None:
        steps.append("name")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    write_dotenv(path, {"A": "22"})

    assert steps == ["file of 5 bytes", "name", "directory"]


def test_a_directory_that_cannot_be_opened_is_found_before_anything_is_changed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("A=1\n")
    open_file = os.open

    def refuse_directories(place: Path, flags: int, *mode: int) -> int:
        if flags & os.O_DIRECTORY:
            raise OSError(errno.EMFILE, "too many open files")
        return open_file(place, flags, *mode)

    monkeypatch.setattr(os, "open", refuse_directories)
    with pytest.raises(DotenvFileError, match=r"cannot be replaced \(too many open files\)"):
        write_dotenv(path, {"A": "2"})

    assert path.read_text() == "A=1\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_directory_that_does_not_reach_the_disk_is_logged_as_the_values_are_in_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("A=1\n")
    synchronise = os.fsync

    def fsync(descriptor: int) -> None:
        if is_directory(descriptor):
            raise OSError(errno.EIO, "the disk fails")
        synchronise(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_dotenv(path, {"A": "2"})

    assert path.read_text() == "A=2\n"
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert vars(record)["reason"] == "the disk fails"


def test_a_text_that_is_refused_leaves_the_file_as_it_was(path: Path) -> None:
    path.write_text("A=1\n")

    def refuse(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match=r"^A=2\n$"):
        write_dotenv(path, {"A": "2"}, refuse)

    assert path.read_text() == "A=1\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_symbolic_link_stays_one(path: Path) -> None:
    target = path.with_name("real")
    target.write_text("A=1\n")
    path.symlink_to(target)

    write_dotenv(path, {"A": "2"})

    assert path.is_symlink()
    assert target.read_text() == "A=2\n"


def test_a_leftover_of_a_crash_does_not_disturb_and_a_planted_link_is_not_followed(
    path: Path,
) -> None:
    victim = path.with_name("victim")
    victim.write_text("untouched")
    path.with_name(".env.mediafleet-new").symlink_to(victim)

    write_dotenv(path, {"A": "1"})

    assert path.read_text() == "A=1\n"
    assert victim.read_text() == "untouched"
    assert sorted(each.name for each in path.parent.iterdir()) == [".env", "victim"]


def test_no_directory_is_created(path: Path) -> None:
    with pytest.raises(DotenvFileError, match="cannot be replaced"):
        write_dotenv(path.parent / "absent" / ".env", {"A": "1"})

    assert list(path.parent.iterdir()) == []


def test_a_refused_value_leaves_the_file_as_it_was(path: Path) -> None:
    path.write_text("A=1\n")

    with pytest.raises(InvalidValueError):
        write_dotenv(path, {"A": "2", "B": "x\nC=3"})

    assert path.read_text() == "A=1\n"
    assert list(path.parent.iterdir()) == [path]


def test_the_file_cannot_outgrow_what_is_read_back(path: Path) -> None:
    path.write_text("#" * (MAX_FILE_BYTES - 100))

    with pytest.raises(DotenvFileError, match="would become longer"):
        write_dotenv(path, {"A": "x" * MAX_VALUE_CHARACTERS})

    assert path.stat().st_size == MAX_FILE_BYTES - 100


def test_a_failing_replacement_is_reported_and_leaves_nothing_behind(path: Path) -> None:
    # A directory in the place of the temporary file fails for every user, root included.
    path.write_text("A=1\n")
    path.with_name(".env.mediafleet-new").mkdir()

    with pytest.raises(DotenvFileError, match="cannot be replaced") as refused:
        write_dotenv(path, {"A": "2"})

    assert refused.value.path == path
    assert path.read_text() == "A=1\n"


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.011, 0.029, 0.05])
def test_killing_the_writer_leaves_the_old_file_or_the_new_one(path: Path, delay: float) -> None:
    write_dotenv(path, {"A": "a" * 5000, "B": "a" * 5000})
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"started\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(delay)
        writer.kill()

    text = read_dotenv(path)
    assert text in {f"A={letter * 5000}\nB={letter * 5000}\n" for letter in "ab"}
    write_dotenv(path, {"A": "1", "B": "2"})
    assert read_dotenv(path) == "A=1\nB=2\n"
    assert list(path.parent.iterdir()) == [path]
