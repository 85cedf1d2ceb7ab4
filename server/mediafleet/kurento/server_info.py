"""Reads what a media server tells about itself; every text bounded and cleaned, lists bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediafleet.domain.ports import ServerInfo, ServerModule
from mediafleet.kurento.values import clean, number

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT = 128
MAX_CAPABILITIES = 31  # joined with ", " and in brackets they have 4,030 characters at most
MAX_MODULES = 64
MAX_FACTORIES = 256
_KIB_PER_MIB = 1024


def read_server_info(info: object, used_memory: object) -> ServerInfo | None:
    """Inside facts from the answers to ``getInfo`` and ``getUsedMemory``.

    Args:
        info: The first answer.
        used_memory: The second, in KiB.

    Returns:
        The facts; what is missing or misshapen is empty. ``None`` when there are none.
    """
    if not isinstance(info, dict):
        return None
    kib = number(used_memory)
    return ServerInfo(
        version=clean(info.get("version"), MAX_TEXT),
        capabilities=_texts(info.get("capabilities"), MAX_CAPABILITIES),
        memory=max(0, int(kib)) // _KIB_PER_MIB if kib else 0,
        modules=tuple(
            _module(module)
            for module in _items(info.get("modules"), MAX_MODULES)
            if isinstance(module, dict)
        ),
    )


def _module(module: Mapping[str, object]) -> ServerModule:
    return ServerModule(
        name=clean(module.get("name"), MAX_TEXT),
        version=clean(module.get("version"), MAX_TEXT),
        generation_time=clean(module.get("generationTime"), MAX_TEXT),
        factories=_texts(module.get("factories"), MAX_FACTORIES),
    )


def _texts(value: object, limit: int) -> tuple[str, ...]:
    return tuple(clean(item, MAX_TEXT) for item in _items(value, limit) if isinstance(item, str))


def _items(value: object, limit: int) -> list[object]:
    return value[:limit] if isinstance(value, list) else []
