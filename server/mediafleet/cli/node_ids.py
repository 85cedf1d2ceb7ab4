"""What can be the id of a Media Node; nothing else goes into a path or a shell's line."""

import re
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def is_node_id(text: str) -> bool:
    """Whether the text has the form of an id."""
    return _ID.fullmatch(text) is not None
