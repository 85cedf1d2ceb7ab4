"""What this program is called in a line that a person pastes into a terminal."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

NAME: Final = "mediafleet"
_OPTIONS: Final = {"force=true": "--force", "deletion-strategy=": "--strategy "}


def line(arguments: str) -> str:
    """Make the line that runs a command of this very program, wherever it is pasted.

    Args:
        arguments: What follows the program's name, quoted already.
    """
    return f"{_program()} {arguments}"


def with_options(text: str) -> str:
    """Name options of this program in a text of the server, which names the API's parameters."""
    for parameter, option in _OPTIONS.items():
        text = text.replace(parameter, option)
    return text


def _program() -> str:
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m {NAME}"
    found = shutil.which(NAME)
    if found is not None and called.exists() and called.samefile(found):
        return NAME
    return shlex.quote(str(called.absolute()))
