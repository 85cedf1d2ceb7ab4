"""Members, calls, events and key-value pairs in a SQL database; the only package with SQL."""

from mediafleet.store.errors import (
    StoreChangedError,
    StoreDamagedError,
    StoreInUseError,
    StoreNotOpenedError,
    StoreRevisionError,
    StoreStartError,
    UncertainCommitError,
    UnsupportedStoreUrlError,
)
from mediafleet.store.leadership import Leadership, StoreLimits
from mediafleet.store.opening import NAME as STORE_MARKER
from mediafleet.store.opening import open_store
from mediafleet.store.sql import SqlStore

__all__ = [
    "STORE_MARKER",
    "Leadership",
    "SqlStore",
    "StoreChangedError",
    "StoreDamagedError",
    "StoreInUseError",
    "StoreLimits",
    "StoreNotOpenedError",
    "StoreRevisionError",
    "StoreStartError",
    "UncertainCommitError",
    "UnsupportedStoreUrlError",
    "open_store",
]
