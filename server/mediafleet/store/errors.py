"""Errors of the store beyond those of the domain, and messages for those of databases.

::

    MediafleetError
    ├── StoreStartError              the server cannot start on this store
    │   ├── StoreInUseError · StoreRevisionError · UnsupportedStoreUrlError
    │   ├── StoreChangedError
    │   └── StoreNotOpenedError
    │       └── StoreDamagedError
    ├── UncertainCommitError         the store was closed before the outcome of a commit was known
    └── StoreUnavailableError        (the domain's)
        ├── SupersededError          another server has opened the store
        └── StoreReplacedError       it is not the store that this server opened
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mediafleet.domain.errors import MediafleetError, StoreUnavailableError
from mediafleet.masking import MAX_CHARACTERS, mask
from mediafleet.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DETAIL = 200


class StoreStartError(MediafleetError):
    """The store cannot be opened; the operator must act."""


class StoreInUseError(StoreStartError):
    """Another server works on this store.

    Attributes:
        store: The file, or the address without the password.
        holder: The other server, such as ``process 4711``; ``None`` if unknown.
    """

    def __init__(self, store: str, holder: str | None) -> None:
        super().__init__(store, holder)
        self.store, self.holder = store, holder

    def __str__(self) -> str:
        return (
            f"The store {self.store} is in use by another server ({self.holder or 'not known'}); "
            "end that server first, or give this one a store of its own"
        )


class StoreRevisionError(StoreStartError):
    """The store has tables of another version of Mediafleet: a later one, or one before 0.1.0."""

    def __init__(self, store: str, revision: str) -> None:
        super().__init__(store, revision)
        self.store, self.revision = store, revision

    def __str__(self) -> str:
        return (
            f"The store {self.store} has revision {self.revision}, which this version of "
            "Mediafleet does not know: it was written by a later version, or before the first "
            "release. Install the version that wrote it, restore a copy of this version's, or "
            "start with a new store"
        )


class StoreNotOpenedError(StoreStartError):
    """The store cannot be opened: no such folder, no permission, no database, not reachable."""

    def __init__(self, store: str, detail: str) -> None:
        super().__init__(store, detail)
        self.store, self.detail = store, detail

    def __str__(self) -> str:
        return f"The store {self.store} cannot be opened: {self.detail}"


ACCEPT = "--accept-changed-store"
"""The option of ``mediafleet serve`` that ignores the next two errors."""


class StoreDamagedError(StoreNotOpenedError):
    """The store's file is readable, but not valid."""

    def __str__(self) -> str:
        return (
            f"The store {self.store} is damaged: {self.detail}. Restore a backup of it; or start "
            f"once with {ACCEPT}, which puts the file aside and begins with an empty store"
        )


class StoreChangedError(StoreStartError):
    """It is not the store that was last used with this data directory.

    Attributes:
        what: The difference; completes a sentence that begins with the store's name.
        marker: File with the id of that store.
    """

    def __init__(self, store: str, what: str, marker: str) -> None:
        super().__init__(store, what, marker)
        self.store, self.what, self.marker = store, what, marker

    def __str__(self) -> str:
        return (
            f"The store {self.store} {self.what}, and {self.marker} remembers another one. Put "
            "that one back, or name it with MEDIAFLEET_DATABASE_URL; or start once with "
            f"{ACCEPT}: the cluster then has the Media Nodes of this store, those of KMS_URIS and "
            "those that the environment finds"
        )


class UnsupportedStoreUrlError(StoreStartError):
    """The URL is not that of a supported database; it is not repeated, as it holds secrets."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule

    def __str__(self) -> str:
        return f"The address of the store is not valid: {self.rule}"


class UncertainCommitError(MediafleetError):
    """The store was closed while the database did not respond to a COMMIT.

    Unlike :class:`StoreUnavailableError` this does not imply that nothing was changed. The next
    start reads the outcome from the store.
    """

    def __str__(self) -> str:
        return "The server ended before it knew whether the store made the change"


class SupersededError(StoreUnavailableError):
    """The store has a later epoch: another server has opened it."""

    def __init__(self) -> None:
        super().__init__("another server has opened the store")


class StoreReplacedError(StoreUnavailableError):
    """The store is not the one that this server opened, or is an older copy of it.

    Commits fail until it is put back, or the server is restarted.
    """


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the database and its driver into ``StoreUnavailableError``.

    ``ValueError`` is among them: the SQLite driver raises it for a closed connection and for
    text that is not Unicode.
    """
    try:
        yield
    except (SQLAlchemyError, OSError, ValueError) as error:
        raise StoreUnavailableError(describe(error)) from error


def describe(error: BaseException) -> str:
    """The error in one bounded line, without statements and without their parameters."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    # Masked as a whole: a secret may continue on the next line.
    lines = mask(str(cause)[:MAX_CHARACTERS]).splitlines() or [""]
    return one_line(f"{type(cause).__name__}: {lines[0]}".removesuffix(": "), _MAX_DETAIL)
