"""A body that breaks its schema, told member by member, and asked about by the program's rules."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeAlias

import orjson

from mediafleet.contract.answers import MAX_MESSAGE_CHARACTERS, JsonValue
from mediafleet.contract.explanations import listed, place, unexpected
from mediafleet.contract.schemas import SchemaValidator

BodyRules: TypeAlias = Callable[[Mapping[str, JsonValue], Collection[str], int], Awaitable[str]]
"""What the program itself has against a body that breaks its schema anyway.

A coroutine function: takes the members that keep their own schemas, the names of all others, and
how many characters it may use; returns its sentences, or an empty text."""

EVERY_PROBLEM_BYTES = 16384
"""Of a larger value the first problem is told: to find all takes seconds for a megabyte."""


class Members:
    """The members of an operation's body that its schema describes, each compiled for itself."""

    __slots__ = ("_described", "_is_closed", "_rest", "_rules")

    def __init__(self, whole: SchemaValidator, rules: BodyRules | None) -> None:
        self._rest, self._described = whole.apart()
        self._is_closed = whole.is_closed
        self._rules = rules

    async def explain(self, body: Mapping[str, JsonValue], *, every: bool) -> str:
        """Say all that is wrong: each described member, what else the schema asks, the rules.

        Args:
            body: Breaks the whole schema.
            every: It is small. Of a large one a large member is told by one problem.
        """
        kept = {
            name: body[name]
            for name, validator in self._described.items()
            if name in body and validator.is_valid(body[name])
        }
        found = self._problems(body, kept, every=every)
        told = listed(found, len(found))
        if self._rules is None:
            return told
        room = MAX_MESSAGE_CHARACTERS - len(told) - 2
        further = await self._rules(kept, body.keys() - kept.keys(), room)
        return f"{told}. {further}" if further else told

    def _problems(
        self, body: Mapping[str, JsonValue], kept: Collection[str], *, every: bool
    ) -> list[str]:
        found: list[str] = []
        strays = [name for name in body if name not in self._described] if self._is_closed else []
        if strays:
            found.append(f"body: {unexpected(strays)}")
        if not self._rest.is_valid(body):
            found += self._rest.problems(body, "body", every=every)
        ranked: list[tuple[int, str]] = []
        for name, validator in self._described.items():
            if name in body and name not in kept:
                whole = every or _is_small(body[name])
                problems = validator.problems(body[name], place("body", [name]), every=whole)
                ranked.extend(enumerate(problems))
        # Stable: no member goes without a sentence because another one has a hundred.
        return found + [sentence for _, sentence in sorted(ranked, key=lambda each: each[0])]


def _is_small(value: JsonValue) -> bool:
    try:
        return len(orjson.dumps(value)) <= EVERY_PROBLEM_BYTES
    except orjson.JSONEncodeError:  # nested deeper than it writes
        return False
