"""What a result depends on besides the programs: the machine, the interpreter, the libraries."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("uvicorn", "uvloop", "httptools")


def describe() -> str:
    """One sentence without names of places or people."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{len(os.sched_getaffinity(0))} cores ({_processor()}), {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {libraries}"
    )


def load_average() -> float:
    """Processes that wanted to run in the last minute, on average."""
    return os.getloadavg()[0]


def with_versions(title: str) -> str:
    """Fill in the versions that a title asks for by name of the distribution."""
    before, brace, rest = title.partition("{")
    if not brace:
        return title
    name, _, after = rest.partition("}")
    return with_versions(f"{before}{version(name)}{after}")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
