"""The event loop the server runs on."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Not plain asyncio: loops differ in how a dial fails; modules that care take both."""
    return "asyncio", {"use_uvloop": True}
