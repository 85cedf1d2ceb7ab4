"""Programs of the machine that tests need, and what happens where they are missing."""

import os
import shutil

import pytest


def require(condition: bool, reason: str) -> None:
    """Skip the test, or fail it in CI, unless the condition holds."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI must not skip these tests")
    pytest.skip(reason)


def require_tool(name: str) -> str:
    """The path of a program, also of one in a directory that only root searches."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    require(path is not None, f"{name} is not installed")
    assert path is not None
    return path
