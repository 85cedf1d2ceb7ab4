"""Finds and opens scripts, and checks owner and mode of what was opened."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAUNCH = "openvidu_launch_kms.sh"
DROP = "openvidu_drop.sh"
AUTODISCOVER = "openvidu_autodiscover.sh"
SCRIPTS = (LAUNCH, DROP, AUTODISCOVER)

_FOLDER_OF_DEPLOYMENTS = "aws"
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class UntrustedError(Exception):
    """A script may not be run.

    Attributes:
        rule: Which script, and why: a clause without a full stop.
        missing: It does not exist.
    """

    def __init__(self, rule: str, *, missing: bool = False) -> None:
        super().__init__(rule)
        self.rule, self.missing = rule, missing


@dataclass(frozen=True, slots=True)
class OpenedScript:
    """A script that passed the check.

    Attributes:
        folder: Descriptor of the folder of the file, links resolved.
        name: Name of the file in that folder.
        shown: Its path, for messages.
    """

    folder: int
    name: str
    shown: Path


def check_folder(path: Path, required: Sequence[str] = SCRIPTS) -> None:
    """Check that the scripts of a folder may be run.

    Args:
        path: Path of the folder.
        required: Scripts that must exist; the others are checked if they do.

    Raises:
        UntrustedError: One may not be run.
    """
    for name in SCRIPTS:
        try:
            with opened(path, name):
                pass
        except UntrustedError as error:
            if name in required or not error.missing:
                raise


@contextmanager
def opened(path: Path, name: str) -> Iterator[OpenedScript]:
    """Open a script that may be run.

    Folder and file must belong to root or to this user, and only the owner may write to them. The
    check is on the opened descriptors, and the script runs from the opened folder. So no other user
    can replace it between check and run.

    Args:
        path: Path of the folder; the scripts may also be in its subfolder `aws`. Both are checked
            then: a user with write access to the folder could replace `aws`.
        name: One of :data:`SCRIPTS`.

    Raises:
        UntrustedError: It may not be run, or does not exist.
    """
    if not path.is_absolute():
        raise UntrustedError(f"{path} is not an absolute path", missing=True)
    with ExitStack() as stack:
        try:
            folder = _open_folder(stack, path)
            if (place := _place_of_scripts(path)) != path:
                folder = _open_folder(stack, place)
            file = _open(stack, name, os.O_PATH, folder=folder)
            shown = Path(f"/proc/self/fd/{file}").readlink()
            _check_file(os.fstat(file), shown)
            home = _open_folder(stack, shown.parent)
            if not os.path.samestat(
                os.fstat(file), os.stat(shown.name, dir_fd=home, follow_symlinks=False)
            ):
                raise UntrustedError(f"{shown} is being replaced")
            if not os.access(shown.name, os.X_OK, dir_fd=home):
                raise UntrustedError(f"{shown} may not be executed")
        except OSError as error:
            if error.errno in _NOTHING_THERE:
                raise UntrustedError(f"{path / name} does not exist", missing=True) from None
            raise UntrustedError(f"{path / name} cannot be used: {error.strerror}") from error
        yield OpenedScript(home, shown.name, shown)


def _place_of_scripts(path: Path) -> Path:
    """Return the folder itself, or the subfolder that OpenVidu's deployments use."""
    within = path / _FOLDER_OF_DEPLOYMENTS
    has_own = any(os.path.lexists(path / name) for name in SCRIPTS)
    has_within = any(os.path.lexists(within / name) for name in SCRIPTS)
    return within if has_within and not has_own else path


def _open(stack: ExitStack, path: str | Path, flags: int, *, folder: int | None = None) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC, dir_fd=folder)
    stack.callback(os.close, descriptor)
    return descriptor


def _open_folder(stack: ExitStack, path: Path) -> int:
    descriptor = _open(stack, path, os.O_PATH | os.O_DIRECTORY)
    _check(os.fstat(descriptor), path)
    return descriptor


def _check_file(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UntrustedError(f"{path} is not a file")
    _check(found, path)


def _check(found: os.stat_result, path: Path) -> None:
    if found.st_uid not in {0, os.geteuid()}:
        raise UntrustedError(
            f"{path} belongs to user {found.st_uid}; it must belong to root or to the user of the "
            f"server, {os.geteuid()}"
        )
    if found.st_mode & _WRITABLE_BY_OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise UntrustedError(f"{path} has mode {mode:04o}; only its owner may have write access")
