"""The kinds of deviation, and what they are made of: forms of requests, and right answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from support.oracle_contract import resolve, template_of
from support.oracle_reading import Reading
from support.oracle_request import Answer, Request, refusal

_FORM = re.compile(rb"(?i)\s*(multipart/form-data|application/x-www-form-urlencoded)")

Predicate = Callable[[Reading], bool]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way in which the stock application is wrong.

    Attributes:
        name: Of the form of request.
        stock: What the stock application does, and so the reason.
        ours: What is right.
        applies: Whether a request has that form.
    """

    name: str
    stock: str
    ours: str
    applies: Predicate


@dataclass(frozen=True, slots=True)
class Answered(Deviation):
    """The right answer does not depend on what the stock application says."""

    answer: Callable[[Reading], Answer]


@dataclass(frozen=True, slots=True)
class Understood(Deviation):
    """The request means the same as another one, to which the stock answer is right."""

    instead: Callable[[Request], Request]


@dataclass(frozen=True, slots=True)
class Completed(Deviation):
    """The stock answer is right but for something that it lacks or has too much."""

    complete: Callable[[Reading, Answer], Answer]


def refused_with(status: int) -> Callable[[Reading], Answer]:
    return lambda reading: refusal(status, reading.request)


def unauthorized(reading: Reading) -> Answer:
    return refusal(401, reading.request, www_authenticate="Basic")


def nowhere(reading: Reading) -> Answer:
    if reading.protected and not reading.authorized:
        return unauthorized(reading)
    return refusal(404, reading.request)


def not_encoded(reading: Reading) -> Answer:
    if reading.protected and not reading.authorized:
        return unauthorized(reading)
    return refusal(400, reading.request)


def by_segments(reading: Reading) -> Answer:
    """The path as it was cut before it was decoded, its id wrong in any case."""
    segments = [unquote(segment) for segment in reading.request.path.decode().split("/")]
    template = template_of(segments)
    if template is None:
        return nowhere(reading)
    there = Reading(replace(reading.request, path=template.encode()), b"", frozenset())
    if reading.request.method == "OPTIONS":
        return options(there)
    if not reading.authorized:
        return unauthorized(reading)
    if there.operation is None:
        return refusal(405, reading.request, allow=there.allow)
    return refusal(400, reading.request)


def options(reading: Reading) -> Answer:
    return Answer(204, {"allow": reading.allow})


def asks_for_options(reading: Reading) -> bool:
    return reading.request.method == "OPTIONS" and reading.template is not None


def stripped(reading: Reading) -> str:
    return reading.path.rstrip("/")


def trailing_slashes(reading: Reading) -> int:
    known = template_of(stripped(reading).split("/")) is not None
    return len(reading.path) - len(stripped(reading)) if known else 0


def as_json(request: Request) -> Request:
    return request.with_header(b"content-type", b"application/json")


def is_form(reading: Reading) -> bool:
    return any(_FORM.match(each) for each in reading.types)


def repeats(reading: Reading) -> bool:
    assert reading.operation is not None
    names = [name for name, _ in reading.pairs]
    return any(names.count(name) > 1 for name in reading.operation.query)


def shouts(reading: Reading) -> bool:
    assert reading.operation is not None
    for name, value in reading.pairs:
        schema = reading.operation.query.get(name, {})
        if schema.get("type") == "boolean" and value not in ("true", "false"):
            return value.lower() in ("true", "false")
    return False


def ends_in_line_feed(reading: Reading) -> bool:
    """A text of the body has a pattern, and a line feed as its last character."""
    assert reading.operation is not None
    parts = resolve(reading.operation.body_schema)["properties"]
    described = [(parts[name], value) for name, value in reading.members.items() if name in parts]
    for part, value in described:
        schema = resolve(part)
        texts = value if isinstance(value, list) else [value]
        has_pattern = "pattern" in schema or "pattern" in resolve(schema.get("items", {}))
        if has_pattern and any(isinstance(text, str) and text[-1:] == "\n" for text in texts):
            return True
    return False


def bodiless(reading: Reading) -> bool:
    operation = reading.operation
    if operation is None or not (reading.served and operation.bodiless):
        return False
    names_nobody = "{" in operation.template and reading.named_member is None
    right = reading.parameters_right and not names_nobody
    return right and (operation.body_schema is None or reading.tidy_body)


def without_type(reading: Reading, answer: Answer) -> Answer:
    bodiless = answer.status < 300 and not answer.body
    return answer.with_headers(content_type=None) if bodiless else answer


def with_allow(reading: Reading, answer: Answer) -> Answer:
    return answer.with_headers(allow=reading.allow)


def with_version(_: Reading, answer: Answer) -> Answer:
    full = "text/plain; version=0.0.4; charset=utf-8"
    return answer.with_headers(content_type=full) if answer.status == 200 else answer


def with_challenge(_: Reading, answer: Answer) -> Answer:
    return answer.with_headers(www_authenticate="Basic")


def typed(reading: Reading) -> bool:
    return reading.body_asked_for and len(reading.types) == 1
