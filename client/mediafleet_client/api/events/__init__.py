from .get_cdr_file import get_cdr_file
from .list_cdr_files import list_cdr_files
from .list_events import list_events
from .stream_events import stream_events

__all__ = (
    "list_events",
    "stream_events",
    "list_cdr_files",
    "get_cdr_file",
)
