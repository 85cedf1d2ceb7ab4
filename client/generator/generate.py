"""Make the client anew from ``openapi.yaml``: ``generate.py`` writes it, ``--check`` only compares."""

import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

GENERATOR = Path(__file__).resolve().parent
CLIENT = GENERATOR.parent
CONTRACT = CLIENT.parent / "openapi.yaml"
LICENSE = CLIENT.parent / "LICENSE"
SOURCE = GENERATOR / "source"
TO_BLOCKING = (
    (r"^import anyio\n", ""),
    (r"anyio\.sleep", "time.sleep"),
    (r"\baclos(e|ing)\b", r"clos\1"),
    (r"\ba(read|iter_bytes)\b", r"\1"),
    (r"__a(enter|exit)__", r"__\1__"),
    (r"\bAsyncGenerator\[str, None\]", "Generator[str, None, None]"),
    (r"\bAsync([A-Z])", r"\1"),
    (r"\b(async|await) ", ""),
    (r'^""".*"""$', '"""`Mediafleet`, the client for blocking code; made of async_client.py."""'),
)
"""Patterns, in order, that turn the client for coroutines into the one for blocking code."""
NOT_GENERATED = {"generator", "__pycache__", ".ruff_cache", "build", "dist"}


def main() -> int:
    """Return 0 when the committed client is, or now became, what the contract says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "client"
        generate(fresh)
        if not check:
            replace(fresh)
            return 0
        differing = sorted(differences(fresh))
    for name in differing:
        print(f"client/{name} is not what openapi.yaml generates", file=sys.stderr)
    if differing:
        print("run: python client/generator/generate.py", file=sys.stderr)
    return 1 if differing else 0


def generate(target: Path) -> None:
    """Run the generator; any warning of its is an error, for it means a part was left out."""
    environment = {
        **os.environ,
        "RUFF_NO_CACHE": "true",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [
        *(sys.executable, "-m", "openapi_python_client", "generate"),
        *("--path", str(CONTRACT), "--meta", "uv", "--config", str(GENERATOR / "config.yaml")),
        *("--custom-template-path", str(GENERATOR / "templates")),
        *("--output-path", str(target), "--overwrite", "--fail-on-warning"),
    ]
    subprocess.run(command, check=True, env=environment)
    package = target / "mediafleet_client"
    shutil.copytree(SOURCE, package, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    write_blocking_client(package)
    shutil.copyfile(LICENSE, target / LICENSE.name)


def write_blocking_client(package: Path) -> None:
    """Write `client.py`: `async_client.py` without coroutines, so that the two never differ."""
    text = (package / "async_client.py").read_text("utf-8")
    for pattern, replacement in TO_BLOCKING:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    path = package / "client.py"
    path.write_text(text, "utf-8")
    for arguments in (("check", "--select=I", "--fix"), ("format",)):
        ruff = (sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", str(path))
        subprocess.run(ruff, check=True)


def replace(fresh: Path) -> None:
    """Put the fresh client in the place of the committed one."""
    for path in CLIENT.iterdir():
        if path.name not in NOT_GENERATED:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(fresh, CLIENT, dirs_exist_ok=True)


def differences(fresh: Path) -> Iterator[str]:
    """Relative names of files that are not the same, byte by byte, on both sides."""
    names = set(files(fresh)) | set(files(CLIENT))
    for name in names:
        mine, theirs = CLIENT / name, fresh / name
        both = mine.is_file() and theirs.is_file()
        if not both or not filecmp.cmp(mine, theirs, shallow=False):
            yield name


def files(folder: Path) -> Iterator[str]:
    """Relative names of all generated files below a folder."""
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not NOT_GENERATED.intersection(relative.parts):
            if not any(part.endswith(".egg-info") for part in relative.parts):
                yield str(relative)


if __name__ == "__main__":
    sys.exit(main())
