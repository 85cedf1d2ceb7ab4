"""How a docstring becomes the help of a command."""

import inspect
from collections.abc import Callable
from typing import Any, Final

_KEPT: Final = ("Examples:", "Exit status:")
_KEEP_LINES: Final = "\b\n"
"""Before a paragraph, this keeps typer from filling its lines."""


def help_of(command: Callable[..., Any]) -> str:
    """Take the docstring, its examples and exit statuses line by line as they are."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(
        _KEEP_LINES + each if each.startswith(_KEPT) else each for each in paragraphs
    )
