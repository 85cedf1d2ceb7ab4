"""Formats log records as lines without secrets."""

from __future__ import annotations

import json
import logging
import math
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from typing_extensions import override

from mediafleet.masking import MAX_CHARACTERS, mask
from mediafleet.texts import printable, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType
    from typing import TextIO

LogFormat: TypeAlias = Literal["console", "json"]


@dataclass(slots=True)
class RequestContext:
    """The request that log records belong to.

    Tasks and timers that a request starts inherit its context and may outlast it; then the id is
    ``None``.
    """

    request_id: str | None = None


CURRENT_REQUEST: Final[ContextVar[RequestContext]] = ContextVar(
    "current_request",
    default=RequestContext(),  # noqa: B039  # never changed
)

_MAX_MESSAGE: Final = 4_000
_MAX_VALUE: Final = 1_000
_MAX_TRACEBACK: Final = 32_000
_MAX_ITEMS: Final = 100
_MAX_DEPTH: Final = 4

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}
# The command line reports a failed start itself, in one sentence.
_REPORTED_ELSEWHERE: Final = frozenset({"Application startup failed. Exiting."})


class _Formatter(logging.Formatter):
    def __init__(self, mask: Callable[..., str] = mask) -> None:
        super().__init__()
        self._mask = mask

    def _message(self, record: logging.LogRecord) -> str:
        return self._cut(record.getMessage(), _MAX_MESSAGE)

    def _extras(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        for key, value in vars(record).items():
            if key not in _STANDARD:
                yield key, self._value(value)

    def _value(self, value: object, depth: int = 0) -> object:
        """Reduce a value to JSON, bounded in length and depth; other types become text."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            some = list(value.items())[:_MAX_ITEMS]
            return {
                self._cut(str(key), _MAX_VALUE): self._value(each, depth + 1) for key, each in some
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < _MAX_DEPTH:
            return [self._value(each, depth + 1) for each in list(value)[:_MAX_ITEMS]]
        return self._cut(str(value), _MAX_VALUE)

    def _traceback(self, record: logging.LogRecord) -> str:
        parts = []
        if record.exc_info and record.exc_info[0] is not None:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(record.stack_info)
        # The end says what happened, so the beginning is cut.
        whole = "\n".join(parts)
        end = whole[-MAX_CHARACTERS:]
        masked = self._mask(end, cut_start=len(end) < len(whole))
        return masked if len(masked) <= _MAX_TRACEBACK else "…" + masked[-_MAX_TRACEBACK:]

    def _cut(self, text: str, limit: int) -> str:
        start = text[:MAX_CHARACTERS]
        masked = self._mask(start, cut_end=len(start) < len(text))
        return masked if len(masked) <= limit else masked[:limit] + "…"


class ConsoleFormatter(_Formatter):
    """`TIME LEVEL message  key=value …  (logger)`; a traceback follows, each line behind a bar."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        parts = [f"{_time(record)} {record.levelname:<8}{printable(self._message(record))}"]
        extras = " ".join(
            f"{printable(key)}={shown(value)}"
            for key, value in self._extras(record)
            if value is not None
        )
        if extras:
            parts.append(extras)
        parts.append(f"({printable(record.name)})")
        lines = ["  ".join(parts)]
        lines += [f"  | {printable(line)}" for line in self._traceback(record).split("\n") if line]
        return "\n".join(lines)


class JsonFormatter(_Formatter):
    """One JSON object on each line: `time`, `level`, `logger`, `message`, the keys, `exception`.

    A key that is taken gets an underscore at its end.
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        for key, value in self._extras(record):
            line[f"{key}_" if key in line or key == "exception" else key] = value
        traceback = self._traceback(record)
        if traceback:
            line["exception"] = traceback
        return json.dumps(line).replace("\x7f", "\\u007f")


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Handler(logging.StreamHandler["TextIO"]):
    """Writes formatted lines only; logging's own error report would show the raw arguments."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if (request_id := CURRENT_REQUEST.get().request_id) is not None:
            record.request_id = request_id
        return str(record.msg) not in _REPORTED_ELSEWHERE and bool(super().filter(record))

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[0]
        if error is None or issubclass(error, OSError | ValueError):
            return  # the stream is closed
        name = error.__name__
        self.stream.write(f"a log line of {printable(record.name)} could not be made: {name}\n")


_FORMATTERS: Final[Mapping[str, type[_Formatter]]] = {
    "console": ConsoleFormatter,
    "json": JsonFormatter,
}


def configure(format: LogFormat, stream: TextIO | None = None) -> None:  # noqa: A002 - as the property is named
    """Send every record of this process to one stream; a second call replaces the first.

    Mediafleet's own records are shown from INFO on, all others (the HTTP server's, the contract
    library's, the migrations') from WARNING on. Warnings and crashes become records as well, so
    that secrets are masked in them too.

    Args:
        format: Lines for a person, or one JSON object on each line.
        stream: The standard error stream if not given.
    """
    handler = _Handler(sys.stderr if stream is None else stream)
    handler.setFormatter(_FORMATTERS[format]())
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("mediafleet").setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "connexion", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash


def _log_crash(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("crashed", exc_info=(kind, error, traceback))
