r"""The `.env` file: where it is, its grammar, and how it is read, replaced, or written in place.

One `KEY=VALUE` or `export KEY=VALUE` per line. A line ends at `\n` or `\r\n` and nowhere else; the
value is everything after the first `=`, untrimmed and unquoted; the key is trimmed. Blank lines and
lines that begin with `#` or `//` are kept. When a key is repeated, the last line counts.
"""

import contextlib
import errno
import logging
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mediafleet.configuration import dotenv_journal as journal
from mediafleet.configuration.property import require_clean

_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}", re.ASCII)
_EXPORT: Final = re.compile(r"export\s+")
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class DotenvLine:
    """One line of the file.

    Attributes:
        number: Its place, from 1.
        text: The line as it stands, without its newline.
        key: Trimmed key; `None` for blank lines, comments and lines that break the grammar.
        value: Literal text after the first `=`.
        valid: Whether the line follows the grammar.
        prefix: What stands before the key, `export ` or nothing.
        end: What stands before the newline, a carriage return or nothing.
    """

    number: int
    text: str
    key: str | None = None
    value: str = ""
    valid: bool = True
    prefix: str = ""
    end: str = ""


def parse(text: str) -> tuple[DotenvLine, ...]:
    """Split a file into its lines; none is lost, so that joining them with a newline restores it.

    A byte order mark at the beginning is dropped.
    """
    lines = text.removeprefix(_BYTE_ORDER_MARK).split("\n")
    return tuple(_line(number, line) for number, line in enumerate(lines, start=1))


def last_lines(lines: Iterable[DotenvLine]) -> dict[str, DotenvLine]:
    """Find the line that counts for each key, in the order in which the keys first appear."""
    return {line.key: line for line in lines if line.key is not None}


def rewrite(text: str, changes: Mapping[str, str]) -> str:
    """Set keys in the text of a file and leave everything else as it is.

    A key that is there changes in place (in every line that sets it), another one is appended;
    comments stay comments.

    Args:
        text: The file as it stands; empty when there is none.
        changes: New literal value by key.

    Raises:
        InvalidValueError: A value could not be read back: too long, or it holds a control
            character, a line separator or a lone surrogate.
        ValueError: A key is not upper snake case.
    """
    for key, value in changes.items():
        if _KEY.fullmatch(key) is None:
            raise ValueError("a key of the .env file is upper snake case")
        require_clean(value)
    lines = parse(text)
    present = {line.key for line in lines}
    written = [
        line.text
        if line.key is None or line.key not in changes
        else f"{line.prefix}{line.key}={changes[line.key]}{line.end}"
        for line in lines
    ]
    added = [f"{key}={value}{lines[0].end}" for key, value in changes.items() if key not in present]
    if added and written[-1] == "":
        written.pop()
    return "\n".join([*written, *added, ""] if added else written)


def _line(number: int, text: str) -> DotenvLine:
    content = text.removesuffix("\r")
    end = text[len(content) :]
    stripped = content.strip()
    if not stripped or stripped.startswith(("#", "//")):
        return DotenvLine(number, text, end=end)
    name, mark, value = content.partition("=")
    exported = _EXPORT.match(name.strip())
    key = name.strip() if exported is None else name.strip()[exported.end() :]
    if not mark or not key:
        return DotenvLine(number, text, valid=False, end=end)
    prefix = "" if exported is None else "export "
    return DotenvLine(number, text, key, value, prefix=prefix, end=end)


MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""Enough for the uris of 10,000 Media Nodes and all other properties."""
_MAX_BYTES_WITH_JOURNAL: Final = journal.longest_file(MAX_FILE_BYTES)
_NEW_FILE_MODE: Final = 0o600
_SAME_OWNER: Final = -1
_NAME: Final = ".env"
_NOT_REPLACEABLE: Final = frozenset({errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS})
"""EBUSY: the file is a mount point, as in a container. Else its directory cannot be written."""

log = logging.getLogger(__name__)


class DotenvFileError(Exception):
    """The `.env` file cannot be read or replaced.

    Attributes:
        path: The file.
        reason: Why, as the rest of a sentence about it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The configuration file {path} {reason}.")
        self.path = path
        self.reason = reason


def locate_dotenv(environ: Mapping[str, str]) -> Path:
    """Find where the file is expected: `DOTENV_PATH`, else the working directory.

    A path that ends in `.env` is the file itself, another one is the directory that holds it.
    The file need not exist.
    """
    given = environ.get("DOTENV_PATH") or "."
    # Unlike Path.expanduser, it leaves "~" as it is for a user without a home directory.
    path = Path(os.path.expanduser(given))  # noqa: PTH111
    return path if given.endswith(_NAME) else path / _NAME


def read_dotenv(path: Path) -> str | None:
    """Read the file's text; the new one if a write in place was interrupted.

    Returns:
        `None` when there is no such file.

    Raises:
        DotenvFileError: It is no regular file, longer than 4 MiB, not readable or not UTF-8.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
            raise DotenvFileError(path, f"is {what}")
        with path.open("rb") as file:
            whole = file.read(_MAX_BYTES_WITH_JOURNAL + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DotenvFileError(path, f"cannot be read ({error.strerror})") from error
    content = journal.text_of(whole)
    if len(whole) > _MAX_BYTES_WITH_JOURNAL or len(content) > MAX_FILE_BYTES:
        raise DotenvFileError(path, f"is longer than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DotenvFileError(path, f"is not UTF-8 in line {line}") from error


def write_dotenv(
    path: Path, changes: Mapping[str, str], check: Callable[[str], object] = lambda _: None
) -> None:
    """Set keys in the file, so that a crash leaves either the old file or the new one.

    The new text goes into a file beside it, reaches the disk, and takes the old one's name; a
    symbolic link stays one. Mode and owner are kept; a new file is readable by its owner only.
    No directory is created. Where the file cannot be replaced it is written in place: `read_dotenv`
    still sees the old text or the new one, other readers may see a mixture. Callers take turns.

    Args:
        path: The file; its directory must exist.
        changes: New literal value by key.
        check: Sees the new text before anything is written; what it raises leaves the file as it
            was.

    Raises:
        DotenvFileError: The file cannot be read or written; it is as it was.
        InvalidValueError: A value cannot be written to the file.
    """
    target = Path(os.path.realpath(path))
    text = rewrite(read_dotenv(target) or "", changes)
    content = text.encode("utf-8")
    if len(content) > MAX_FILE_BYTES:
        raise DotenvFileError(path, f"would become longer than {MAX_FILE_BYTES} bytes")
    check(text)
    try:
        with _opened_directory(target.parent) as directory:
            _replace(target, content)
            _synchronise(directory, path)
    except OSError as error:
        if error.errno not in _NOT_REPLACEABLE or not target.exists():
            raise DotenvFileError(path, f"cannot be replaced ({error.strerror})") from error
        _write_in_place(path, target, content, str(error.strerror))


def complete_dotenv(path: Path) -> None:
    """Put the file in order if a write in place was interrupted; log it, also if that fails."""
    extra = {"path": str(path)}
    try:
        content = path.read_bytes()
        text = journal.text_of(content)
        if text == content:
            return
        journal.write(path, text)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning(
            "an interrupted change of the configuration file is in force, but cannot be completed",
            extra=extra | {"reason": error.strerror},
        )
    else:
        log.warning("completed an interrupted change of the configuration file", extra=extra)


def _write_in_place(path: Path, target: Path, content: bytes, reason: str) -> None:
    try:
        journal.write(target, content)
    except OSError as error:
        raise DotenvFileError(
            path, f"can neither be replaced ({reason}) nor written in place ({error.strerror})"
        ) from error
    log.warning(
        "the configuration file was written in place, as it cannot be replaced; other programs"
        " may have seen it half written",
        extra={"path": str(path), "reason": reason},
    )


def _replace(target: Path, content: bytes) -> None:
    beside = target.with_name(target.name + ".mediafleet-new")
    try:
        _write_beside(beside, target, content)
        beside.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _write_beside(beside: Path, target: Path, content: bytes) -> None:
    # A crash may have left one; O_EXCL then guards against a link planted in its place.
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, _NEW_FILE_MODE), "wb") as file:
        _take_over_rights(file.fileno(), target)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _take_over_rights(descriptor: int, target: Path) -> None:
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    mode = stat.S_IMODE(old.st_mode)
    # Owner first: chown clears mode bits. Only root may change an owner, but a user may change the
    # group to one of their own. The old mode would open the file to another group than the old one.
    if not (
        _chowned(descriptor, old.st_uid, old.st_gid)
        or _chowned(descriptor, _SAME_OWNER, old.st_gid)
    ):
        mode &= stat.S_IRWXU
    os.fchmod(descriptor, mode)


def _chowned(descriptor: int, owner: int, group: int) -> bool:
    try:
        os.fchown(descriptor, owner, group)
    except PermissionError:
        return False
    return True


@contextlib.contextmanager
def _opened_directory(directory: Path) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _synchronise(directory: int, path: Path) -> None:
    """Have the disk know the file's new name; too late to take the new values back."""
    try:
        os.fsync(directory)
    except OSError as error:
        log.warning(
            "the configuration file has its new values, but may lose them if the machine fails",
            extra={"path": str(path), "reason": error.strerror},
        )
