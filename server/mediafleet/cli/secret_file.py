"""The secret that the server makes when none is set: a file that only its owner can read."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from mediafleet.cli.exits import CommandError, UsageFault

NAME: Final = "secret"
_BYTES: Final = 32
_MAX_BYTES: Final = 4_096
_FOREIGN_RIGHTS: Final = stat.S_IRWXG | stat.S_IRWXO


def obtain_secret(data_dir: Path) -> str:
    """Read the server's own secret; make it, and its directory, at the first start.

    Raises:
        UsageFault: The file is open to others or holds no secret.
        CommandError: It cannot be read or made.
    """
    path = data_dir / NAME
    try:
        make_private_directory(data_dir)
        if not path.exists():
            _make(path)
    except OSError as error:
        raise CommandError(f"The secret {path} cannot be made: {error.strerror}.") from error
    return read_own_secret(path)


def make_private_directory(path: Path) -> None:
    """Make a directory that only its owner can enter; one that exists stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def read_own_secret(path: Path) -> str:
    """Read a secret that the server made; refuse a file that others can read or write.

    Raises:
        UsageFault: The file is open to others or holds no secret.
        CommandError: It cannot be read.
    """
    return _read(path, private=True)


def read_given_secret(path: Path) -> str:
    """Read a secret from a file that somebody else keeps, whatever its rights.

    Raises:
        UsageFault: The file cannot be read or holds no secret.
    """
    return _read(path, private=False)


def _make(path: Path) -> None:
    beside = path.with_name(f"{NAME}.new-{os.getpid()}")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, as it never replaces the secret that another server has just made.
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _read(path: Path, *, private: bool) -> str:
    try:
        with path.open("rb") as file:
            _check_rights(path, os.fstat(file.fileno()), private=private)
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        kind = CommandError if private else UsageFault
        raise kind(f"The secret {path} cannot be read: {error.strerror}.") from error
    return _checked(path, content)


def _check_rights(path: Path, status: os.stat_result, *, private: bool) -> None:
    if private and status.st_mode & _FOREIGN_RIGHTS:
        raise UsageFault(
            f"The secret {path} is open to other users (mode {stat.S_IMODE(status.st_mode):04o}), "
            f"so it may be known already. Delete it to get a new one at the next start of the "
            f"server, or take it back with: chmod 600 '{path}'"
        )


def _checked(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > _MAX_BYTES or not text.isprintable():
        raise UsageFault(
            f"The file {path} does not hold a secret, which is one line of printable text with at "
            f"most {_MAX_BYTES} bytes."
        )
    return text
