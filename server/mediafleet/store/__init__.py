"""Members, events and facts in a SQL database; the only room that speaks SQL."""

from mediafleet.store.errors import (
    StoreInUseError,
    StoreNotOpenedError,
    StoreStartError,
    StoreTooNewError,
    UncertainCommitError,
    UnsupportedStoreUrlError,
)
from mediafleet.store.opening import open_store
from mediafleet.store.rows import StoredEvent
from mediafleet.store.sql import SqlStore
from mediafleet.store.standing import Standing, StoreLimits

__all__ = [
    "SqlStore",
    "Standing",
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
