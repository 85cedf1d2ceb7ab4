"""The log as the server writes it, without what that changes in the process of the tests."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mediafleet import logs

Lines = Callable[[], list[dict[str, Any]]]


@contextmanager
def json_lines() -> Iterator[Lines]:
    """Configure the log; yields what returns the lines until now."""
    stream, root, ours = io.StringIO(), logging.getLogger(), logging.getLogger("mediafleet")
    handlers, levels, hook = root.handlers[:], (root.level, ours.level), sys.excepthook
    logs.configure("json", stream)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:], sys.excepthook = handlers, hook
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
