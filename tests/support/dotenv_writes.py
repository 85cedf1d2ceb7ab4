"""Files of properties that are mount points, as in a container, or were left half written."""

import shutil
import subprocess

import pytest

from mediafleet.configuration import dotenv_journal

MOUNTED = ("unshare", "-rm", "sh", "-c", 'mount --bind "$0" "$0" && exec "$@"')
"""Before a file and a command: the file is mounted onto itself, for that command alone."""

_CAN_MOUNT = (
    shutil.which("unshare") is not None
    and subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode == 0
)
mounting = pytest.mark.skipif(not _CAN_MOUNT, reason="needs mount namespaces")


def interrupted(old: bytes, new: bytes, torn: int) -> bytes:
    """What a writer leaves that was killed after so many bytes of the new text."""
    end = max(len(old), len(new))
    text = new.ljust(end, b"\n")[:torn] + old.ljust(end, b"\n")[torn:]
    return text + dotenv_journal.entry(new)
