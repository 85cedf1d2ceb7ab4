"""Ids and timestamps as the wire and the store have them."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


_ALPHANUMERIC = string.ascii_letters + string.digits


def identifier(random: Random, prefix: str, length: int) -> str:
    """A prefix, an upper-case letter and *length* letters or digits."""
    tail = "".join(random.choices(_ALPHANUMERIC, k=length))
    return f"{prefix}{random.choice(string.ascii_uppercase)}{tail}"


def media_node_id(random: Random) -> str:
    """A new id such as ``kms_FVrQslIr``: an upper-case letter and seven alphanumerics."""
    return identifier(random, "kms_", 7)


def cluster_id(random: Random) -> str:
    """A new id such as ``clu_Zk83nBqQ1a``: an upper-case letter and nine alphanumerics."""
    return identifier(random, "clu_", 9)


def placement_id(random: Random) -> str:
    """A new id such as ``plc_Q3xWk81pLz0b``: an upper-case letter and eleven alphanumerics."""
    return identifier(random, "plc_", 11)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def as_java_text(value: object) -> str:
    """Data of a media server as the text that OpenVidu, a Java program, has: ``{a=1, b=[]}``."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={as_java_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_java_text, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def to_milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the epoch; fractions are dropped."""
    return (moment - _EPOCH) // _MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """The aware UTC moment that many milliseconds after the epoch."""
    return _EPOCH + milliseconds * _MILLISECOND
