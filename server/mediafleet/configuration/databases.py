"""The kind of a database's address; opening it is the store's matter, which has the same rules."""

import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from mediafleet.configuration.locations import MAX_PORT, MAX_URL
from mediafleet.configuration.problems import UnfitValueError
from mediafleet.configuration.texts import TextKind

# As SQLAlchemy reads an address.
_SQLITE: Final = re.compile(r"sqlite(?:\+aiosqlite)?://(?P<rest>.*)")
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

    @property
    @override
    def allowed(self) -> str:
        return "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

    @override
    def fit(self, text: str) -> str:
        if len(text) > MAX_URL:
            raise UnfitValueError(f"must have at most {MAX_URL} characters")
        if sqlite := _SQLITE.fullmatch(text):
            if _FILE.fullmatch(sqlite["rest"]) is None:
                raise UnfitValueError("must name a file and nothing else after sqlite://")
            return text
        postgresql = _POSTGRESQL.fullmatch(text)
        if postgresql is None:
            raise self.refusal()
        if postgresql["port"] is not None and not _is_port(postgresql["port"]):
            raise UnfitValueError(f"must name a port from 1 to {MAX_PORT}")
        return text


def _is_port(text: str) -> bool:
    return _PORT.fullmatch(text) is not None and 1 <= int(text) <= MAX_PORT
