"""Members, events and facts in a SQL database; the only room that speaks SQL."""

from mediafleet.store.errors import (
    StoreChangedError,
    StoreDamagedError,
    StoreInUseError,
    StoreNotOpenedError,
    StoreStartError,
    StoreTooNewError,
    UncertainCommitError,
    UnsupportedStoreUrlError,
)
from mediafleet.store.marker import NAME as STORE_MARKER
from mediafleet.store.opening import open_store
from mediafleet.store.rows import StoredEvent
from mediafleet.store.sql import SqlStore
from mediafleet.store.standing import Standing, StoreLimits

__all__ = [
    "STORE_MARKER",
    "SqlStore",
    "Standing",
    "StoreChangedError",
    "StoreDamagedError",
    "StoreInUseError",
    "StoreLimits",
    "StoreNotOpenedError",
    "StoreStartError",
    "StoreTooNewError",
    "StoredEvent",
    "UncertainCommitError",
    "UnsupportedStoreUrlError",
    "open_store",
]
