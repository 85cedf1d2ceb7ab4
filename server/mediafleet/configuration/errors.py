"""The validation errors of a configuration and their texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

MASK: Final = "***"


class InvalidValueError(ValueError):
    """A value is invalid; `rule` completes the sentence "The value …" and never quotes it."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationProblem:
    """One thing to mend before the configuration can be used.

    Attributes:
        property: Name of the property; `None` when a whole file or line is meant.
        value: The value as it may be shown (`***` for secrets); `None` when it is not set.
        rule: What is allowed, as the rest of a sentence, without a full stop.
        place: File and line, where that helps to find it.
    """

    property: str | None
    value: str | None
    rule: str
    place: str | None = None

    @override
    def __str__(self) -> str:
        where = "" if self.place is None else f" ({self.place})"
        if self.property is None:
            return f"{self.place or 'Configuration'}: {self.rule}."
        if self.value is None:
            return f"Property {self.property} is not set: {self.rule}{where}."
        return f"Property {self.property}={self.value}: {self.rule}{where}."


class ConfigurationError(Exception):
    """A configuration cannot be used; `problems` lists all reasons."""

    def __init__(self, problems: Iterable[ConfigurationProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(problem) for problem in self.problems))

    def report(self, dotenv_path: Path | None) -> str:
        """Write the list that a person at a terminal reads, with the way to mend it."""
        count = len(self.problems)
        heading = "1 problem" if count == 1 else f"{count} problems"
        place = "the .env file" if dotenv_path is None else str(dotenv_path)
        return "\n".join(
            [
                f"The configuration has {heading}:",
                "",
                *(f"  * {problem}" for problem in self.problems),
                "",
                "How to mend it:",
                *(f"  {number}. {step}" for number, step in enumerate(self._steps(place), start=1)),
            ]
        )

    def _steps(self, file: str) -> Iterator[str]:
        where = f"in {file}, in the environment"
        places = {(problem.property, problem.place) for problem in self.problems}
        if (None, file) in places:
            where = "in the environment"
            yield f"Name another file than {file}, or make it one that can be read."
        if places != {(None, file)}:
            yield (
                f"Correct what is named above, {where}\n"
                "     or on the command line (the command line wins, then the file)."
            )
            yield "Compare it with the table of docs/configuration.md."
        yield "Start again."
