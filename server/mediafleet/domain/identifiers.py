"""Names that the cluster gives: short, readable, and accepted by every client of the field."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_ALPHANUMERIC = string.ascii_letters + string.digits


def media_node_id(random: Random) -> str:
    """A new id such as ``kms_FVrQslIr``: an upper-case letter and seven alphanumerics."""
    return _identifier(random, "kms_", 7)


def cluster_id(random: Random) -> str:
    """A new id such as ``clu_Zk83nBqQ1a``: an upper-case letter and nine alphanumerics."""
    return _identifier(random, "clu_", 9)


def _identifier(random: Random, prefix: str, length: int) -> str:
    tail = "".join(random.choices(_ALPHANUMERIC, k=length))
    return f"{prefix}{random.choice(string.ascii_uppercase)}{tail}"
