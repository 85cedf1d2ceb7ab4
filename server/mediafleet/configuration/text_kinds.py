"""Kinds of text: free text, choices, paths, hosts, URLs; no name is resolved, nothing is opened."""

import ipaddress
import re
import shlex
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

from mediafleet.configuration.errors import MASK, InvalidValueError
from mediafleet.configuration.property import (
    MAX_VALUE_CHARACTERS,
    Kind,
    Value,
    printable,
    require_clean,
    shown,
)

MAX_PATH_CHARACTERS: Final = 1024
MAX_COMMAND_CHARACTERS: Final = 4096


class TextKind(Kind):
    """A kind whose value is text in the file and in JSON alike."""

    @abstractmethod
    def normalize(self, text: str) -> str:
        """Return the text, put into its usual form; raise `InvalidValueError` when not allowed."""

    @override
    def read(self, text: str) -> Value:
        return self.normalize(require_clean(text))

    @override
    def check(self, value: object) -> Value:
        if not isinstance(value, str):
            raise self.error()
        return self.read(value)


@dataclass(frozen=True, slots=True)
class Text(TextKind):
    """Any printable text within the lengths, counted in characters."""

    minimum: int = 0
    maximum: int = MAX_VALUE_CHARACTERS

    @property
    @override
    def allowed(self) -> str:
        return f"a text of {self.minimum} to {self.maximum} characters"

    @override
    def normalize(self, text: str) -> str:
        if self.minimum and not text:
            raise InvalidValueError("may not be empty")
        if not self.minimum <= len(text) <= self.maximum:
            raise self.error()
        return text


@dataclass(frozen=True, slots=True)
class Choice(TextKind):
    """One of some words, spelled exactly."""

    words: tuple[str, ...]

    @property
    @override
    def allowed(self) -> str:
        return "one of " + ", ".join(self.words)

    @override
    def normalize(self, text: str) -> str:
        if text not in self.words:
            raise self.error()
        return text


@dataclass(frozen=True, slots=True)
class OptionalWord(TextKind):
    """A word of one form, or nothing.

    Attributes:
        pattern: Regular expression of the whole word, in ASCII.
        example: Completes "must be".
    """

    pattern: str
    example: str

    @property
    @override
    def allowed(self) -> str:
        return f"{self.example}, or empty"

    @override
    def normalize(self, text: str) -> str:
        if text and re.fullmatch(self.pattern, text, re.ASCII) is None:
            raise self.error()
        return text


@dataclass(frozen=True, slots=True)
class CommandLine(TextKind):
    """A program and its arguments, quoted as in a shell; no shell ever sees it."""

    allowed = f"a command line of 1 to {MAX_COMMAND_CHARACTERS} characters, quoted as in a shell"

    @override
    def normalize(self, text: str) -> str:
        if len(text) > MAX_COMMAND_CHARACTERS:
            raise self.error()
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise self.error() from error
        if not words or not words[0]:
            raise self.error()
        return text


@dataclass(frozen=True, slots=True)
class Directory(TextKind):
    """A directory path, kept with exactly one `/` at its end; it need not exist."""

    allowed = f"the path of a directory, of 1 to {MAX_PATH_CHARACTERS} characters"

    @override
    def normalize(self, text: str) -> str:
        # The "/" that it gets does not count, or the longest could be stored and not be read again.
        if not text or len(text.removesuffix("/")) > MAX_PATH_CHARACTERS:
            raise self.error()
        return text.rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class LocalPath(TextKind):
    """A path of this machine, made absolute; `~` is the home directory.

    Attributes:
        must_be_file: Whether the file must exist already.
    """

    must_be_file: bool = False

    @property
    @override
    def allowed(self) -> str:
        return "the path of a file that exists" if self.must_be_file else 'a path without "?"'

    @override
    def normalize(self, text: str) -> str:
        # "?" would begin the query of a SQLite URL made from the path.
        if not text or "?" in text:
            raise self.error()
        try:
            path = Path(text).expanduser().absolute()
            usable = path.is_file() or not self.must_be_file
        except (OSError, RuntimeError) as error:
            raise self.error() from error
        if not usable:
            raise self.error()
        return str(path)


_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?", re.ASCII)
_LOCATOR: Final = re.compile(r"([A-Za-z]+)://([^/?#]*)(/[!-~]*)?(\?[!-~]*)?", re.ASCII)
_MAX_HOST: Final = 253
MAX_PORT: Final = 65535
MAX_URL: Final = 2048


def is_host(text: str) -> bool:
    """Say whether the text is a host name in ASCII, an IPv4 or an IPv6 address (no brackets)."""
    if ":" in text:
        return _is_address(text, version=6)
    labels = text.removesuffix(".").split(".")
    if labels[-1].isdigit():
        return _is_address(text, version=4)
    return len(text) <= _MAX_HOST and all(_LABEL.fullmatch(label) for label in labels)


def check_locator(text: str, *, path: bool, query: bool) -> None:
    """Check `http[s]://host[:port][/path][?query]` without user information and fragment.

    Raises:
        InvalidValueError: It is no such locator. The rule never quotes the text.
    """
    form = "http://HOST:PORT or https://HOST:PORT" + ("/PATH" if path else "")
    if len(text) > MAX_URL:
        raise InvalidValueError(f"must have at most {MAX_URL} characters")
    parts = _LOCATOR.fullmatch(text)
    if "#" in text or parts is None or parts[1].lower() not in {"http", "https"}:
        raise InvalidValueError(f"must have the form {form}")
    if "@" in parts[2]:
        raise InvalidValueError(f"may hold no user name or password; the form is {form}")
    if (parts[3] and not path) or ("?" in text and not query):
        raise InvalidValueError(f"may hold no {'query' if path else 'path'}; the form is {form}")
    if not _is_authority(parts[2]):
        raise InvalidValueError(f"must name a valid host and port; the form is {form}")


def show_locator(text: str) -> str:
    """Show a locator without what may be a password or a token in it."""
    if "@" in text:
        return MASK
    start, mark, _ = text.partition("?")
    return printable(start) + (f"?{MASK}" if mark else "")


@dataclass(frozen=True, slots=True)
class Host(TextKind):
    """A host name, an IPv4 or an IPv6 address (brackets are dropped); never looked up."""

    allowed = "a host name or an IP address"

    @override
    def normalize(self, text: str) -> str:
        if not text:
            raise InvalidValueError(f"may not be empty; it must be {self.allowed}")
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        if not is_host(bare) or (bare != text and ":" not in bare):
            raise self.error()
        return bare


@dataclass(frozen=True, slots=True)
class OptionalAddress(TextKind):
    """An IP address or nothing."""

    allowed = "an IP address or empty"

    @override
    def normalize(self, text: str) -> str:
        if text and not (_is_address(text, version=4) or _is_address(text, version=6)):
            raise self.error()
        return text


@dataclass(frozen=True, slots=True)
class WebUrl(TextKind):
    """An `http://` or `https://` URL without user information and fragment, or nothing."""

    allowed = "an http:// or https:// URL or empty"

    @override
    def normalize(self, text: str) -> str:
        if text:
            check_locator(text, path=True, query=True)
        return text

    @override
    def show(self, value: object) -> str:
        return show_locator(value) if isinstance(value, str) else shown(value)


def _is_authority(text: str) -> bool:
    parts = _AUTHORITY.fullmatch(text)
    if parts is None or (parts[2] is not None and not 1 <= int(parts[2]) <= MAX_PORT):
        return False
    host = parts[1]
    if host.startswith("["):
        return _is_address(host[1:-1], version=6)
    return is_host(host)


def _is_address(text: str, *, version: int) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # A zone (fe80::1%eth0) means something on one machine only.
    return address.version == version and "%" not in text


# As SQLAlchemy reads an address.
_SQLITE: Final = re.compile(r"sqlite://(?P<rest>.*)")
_FILE: Final = re.compile(r"(?:/[^?]*)?")
_POSTGRESQL: Final = re.compile(
    r"(?:postgres|postgresql|postgresql\+asyncpg)://"
    r"(?:[^:/]*(?::[^@]*)?@)?"
    r"(?:\[[^/?]+\]|[^/:?]+)?"
    r"(?::(?P<port>[^/?]*))?"
    r"(?:/[^?]*)?(?:\?.*)?"
)
_PORT: Final = re.compile("[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DatabaseUrl(TextKind):
    """An SQLAlchemy URL of SQLite or PostgreSQL; nothing is looked up or opened."""

    allowed = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

    @override
    def normalize(self, text: str) -> str:
        if len(text) > MAX_URL:
            raise InvalidValueError(f"must have at most {MAX_URL} characters")
        if sqlite := _SQLITE.fullmatch(text):
            if _FILE.fullmatch(sqlite["rest"]) is None:
                raise InvalidValueError("must name a file and nothing else after sqlite://")
            return text
        postgresql = _POSTGRESQL.fullmatch(text)
        if postgresql is None:
            raise self.error()
        if postgresql["port"] is not None and not _is_port(postgresql["port"]):
            raise InvalidValueError(f"must name a port from 1 to {MAX_PORT}")
        return text


def _is_port(text: str) -> bool:
    return _PORT.fullmatch(text) is not None and 1 <= int(text) <= MAX_PORT
