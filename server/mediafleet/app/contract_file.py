"""Reads ``openapi.yaml`` and ``openrpc.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_contract(name: str = "openapi.yaml") -> Mapping[str, Any]:
    """A contract, from inside the package when installed, else from the repository's top."""
    here = Path(__file__).resolve()
    installed = here.parents[1] / name
    path = installed if installed.is_file() else here.parents[3] / name
    # As JSON and back: equal names become one object, and what the parser of YAML leaves between
    # the values is freed: 7 MB in a server.
    document = orjson.dumps(yaml.load(path.read_text("utf-8"), _LOADER))  # noqa: S506  # safe
    contract: Mapping[str, Any] = orjson.loads(document)
    return contract
