"""Writes a file in place, so that after a crash `text_of` finds the old text or the new one.

First the new text is appended, in one comment line with its checksum: the journal. Then the text
is written from the beginning, and at last the journal is cut off; each step is on the disk before
the next one begins. Without a whole journal the text before it counts, with one the text in it.
Another program sees a comment or, after a crash in the second step, a mixture
of both texts.
"""

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Final

_MARK: Final = b"\n#mediafleet-journal "
_HELP: Final = (
    b": a change of this file was interrupted; the next start completes it, unless this line is"
    b" deleted\n"
)
_JOURNAL: Final = re.compile(
    re.escape(_MARK) + rb"([0-9a-f]{64}) ([A-Za-z0-9+/]*={0,2})" + re.escape(_HELP)
)
# Blank lines before it leave space for a new text that is longer than the old one.
_MARKED_LINE: Final = re.compile(rb"\n*" + re.escape(_MARK) + rb"[^\n]*")


def longest_file(longest_text: int) -> int:
    """Bytes of a file whose texts, old and new, have at most so many."""
    return longest_text + len(entry(b"")) + 4 * (longest_text // 3 + 1)


def text_of(content: bytes) -> bytes:
    """Find the text of a file, whether a write was interrupted or not."""
    if _MARK not in content:
        return content
    text = content
    for found in _JOURNAL.finditer(content):
        new = base64.b64decode(found[2])
        if _digest(new) == found[1]:
            # Lines may have been added since.
            text = _line(new) + content[found.end() :]
    return _line(_MARKED_LINE.sub(b"", text))


def entry(new: bytes) -> bytes:
    """Write the journal of a new text."""
    return b"".join((_MARK, _digest(new), b" ", base64.b64encode(new), _HELP))


def write(path: Path, new: bytes) -> None:
    """Replace the text of a file that exists, and return when the disk has it.

    Raises:
        OSError: It cannot be written; the old text counts, if that could be restored.
    """
    with path.open("r+b", buffering=0) as file:
        old = file.read()
        descriptor = file.fileno()
        end = max(len(old), len(new))
        try:
            _put(descriptor, b"\n" * (end - len(old)) + entry(new), len(old))
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, len(old))
            raise
        try:
            _finish(descriptor, new, end)
        except OSError:
            _finish(descriptor, old, end)
            raise


def _finish(descriptor: int, text: bytes, end: int) -> None:
    """Write a text and blank lines up to the journal, then cut off both."""
    _put(descriptor, text.ljust(end, b"\n"), 0)
    os.fsync(descriptor)
    os.ftruncate(descriptor, len(text))
    os.fsync(descriptor)


def _put(descriptor: int, content: bytes, offset: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode("ascii")


def _line(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"
