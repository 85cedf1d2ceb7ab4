"""Reads ``openapi.yaml`` and ``openrpc.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_contract(name: str = "openapi.yaml") -> Mapping[str, Any]:
    """A contract, from inside the package when installed, else from the repository's top."""
    here = Path(__file__).resolve()
    installed = here.parents[1] / name
    path = installed if installed.is_file() else here.parents[3] / name
    contract: Mapping[str, Any] = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506  # safe
    return contract
