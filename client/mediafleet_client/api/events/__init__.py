from .delete_dead_letter import delete_dead_letter
from .get_cdr_file import get_cdr_file
from .get_webhook import get_webhook
from .list_cdr_files import list_cdr_files
from .list_dead_letters import list_dead_letters
from .list_events import list_events
from .replay_dead_letters import replay_dead_letters
from .stream_events import stream_events

__all__ = (
    "list_events",
    "stream_events",
    "get_webhook",
    "list_dead_letters",
    "replay_dead_letters",
    "delete_dead_letter",
    "list_cdr_files",
    "get_cdr_file",
)
