"""Kinds of text: free text, words to choose from, paths."""

import re
import shlex
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

from mediafleet.configuration.characters import MAX_VALUE_CHARACTERS
from mediafleet.configuration.kinds import Kind, Value, require_clean
from mediafleet.configuration.problems import UnfitValueError

MAX_PATH_CHARACTERS: Final = 1024
MAX_COMMAND_CHARACTERS: Final = 4096


class TextKind(Kind):
    """A kind whose value is text in the file and in JSON alike."""

    @abstractmethod
    def fit(self, text: str) -> str:
        """Return the text, put into its usual form; raise `UnfitValueError` when not allowed."""

    @override
    def read(self, text: str) -> Value:
        return self.fit(require_clean(text))

    @override
    def check(self, value: object) -> Value:
        if not isinstance(value, str):
            raise self.refusal()
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
    def fit(self, text: str) -> str:
        if self.minimum and not text:
            raise UnfitValueError("may not be empty")
        if not self.minimum <= len(text) <= self.maximum:
            raise self.refusal()
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
    def fit(self, text: str) -> str:
        if text not in self.words:
            raise self.refusal()
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
    def fit(self, text: str) -> str:
        if text and re.fullmatch(self.pattern, text, re.ASCII) is None:
            raise self.refusal()
        return text


@dataclass(frozen=True, slots=True)
class CommandLine(TextKind):
    """A program and its arguments, quoted as in a shell; no shell ever sees it."""

    @property
    @override
    def allowed(self) -> str:
        return f"a command line of 1 to {MAX_COMMAND_CHARACTERS} characters, quoted as in a shell"

    @override
    def fit(self, text: str) -> str:
        if len(text) > MAX_COMMAND_CHARACTERS:
            raise self.refusal()
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise self.refusal() from error
        if not words or not words[0]:
            raise self.refusal()
        return text


@dataclass(frozen=True, slots=True)
class Directory(TextKind):
    """A directory path, kept with exactly one `/` at its end; it need not exist."""

    @property
    @override
    def allowed(self) -> str:
        return f"the path of a directory, of 1 to {MAX_PATH_CHARACTERS} characters"

    @override
    def fit(self, text: str) -> str:
        # The "/" that it gets does not count, or the longest could be stored and not be read again.
        if not text or len(text.removesuffix("/")) > MAX_PATH_CHARACTERS:
            raise self.refusal()
        return text.rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class LocalPath(TextKind):
    """A path of this machine, made absolute; `~` is the home directory.

    Attributes:
        must_be_file: Whether a file has to be there already.
    """

    must_be_file: bool = False

    @property
    @override
    def allowed(self) -> str:
        return "the path of a file that exists" if self.must_be_file else 'a path without "?"'

    @override
    def fit(self, text: str) -> str:
        # "?" would begin the query of a SQLite URL made from the path.
        if not text or "?" in text:
            raise self.refusal()
        try:
            path = Path(text).expanduser().absolute()
            usable = path.is_file() or not self.must_be_file
        except (OSError, RuntimeError) as error:
            raise self.refusal() from error
        if not usable:
            raise self.refusal()
        return str(path)
