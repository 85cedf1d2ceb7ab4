"""The configuration of the server that `serve` and `demo` start, and the file of its secret."""

import logging
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mediafleet import masking
from mediafleet.cli.errors import CommandError, UsageError
from mediafleet.configuration import (
    Configuration,
    ConfigurationError,
    locate_dotenv,
    read_configuration,
    secret_texts,
    warn_without_feature,
)

DEFAULT_URL: Final = "http://127.0.0.1:5443"
SECRET_FILE: Final = "secret"  # noqa: S105 - the name of a file

_DATA_DIR_VARIABLES: Final = ("HOME", "XDG_DATA_HOME", "MEDIAFLEET_DATA_DIR")
_SECRET_BYTES: Final = 32
_MAX_SECRET_BYTES: Final = 4_096
_OTHER_USERS: Final = stat.S_IRWXG | stat.S_IRWXO

_NO_MEDIA_SERVER: Final = """\
There are no Media Nodes to serve: the environment is local, and no {kurento} is installed here.

Set one of these, in {file} or in the environment:
  * KMS_URIS=["ws://HOST:8888/kurento"] for Media Nodes that run already, or
    OPENVIDU_PRO_CLUSTER_ENVIRONMENT=on_premise if they are added over the API;
  * OPENVIDU_PRO_CLUSTER_ENVIRONMENT=docker, aws or script to launch them there;
  * MEDIAFLEET_LOCAL_COMMAND=COMMAND to launch another media server on this machine;
  * MEDIAFLEET_LOCAL_COMMAND=emulator for emulated ones."""

log = logging.getLogger(__name__)


def read_server_configuration(
    overrides: Mapping[str, Any], dotenv_path: Path | None
) -> Configuration:
    """Read the configuration from the command line, the `.env` file and the environment.

    Args:
        overrides: Values of the command line by property; `None` means "not given".
        dotenv_path: A file that must exist; `None` for the file that `DOTENV_PATH` names, which
            must exist too, or for the optional one in the working directory.

    Raises:
        UsageError: Lists every problem and how to fix it.
    """
    named_by = "DOTENV_PATH" if os.environ.get("DOTENV_PATH") else None
    if dotenv_path is not None:
        named_by = "--env-file"
    return _read(overrides, usual_dotenv(dotenv_path), os.environ, named_by)


def read_isolated_configuration(overrides: Mapping[str, Any]) -> Configuration:
    """Read the configuration from the command line only."""
    return _read(overrides, None, {})


def usual_dotenv(given: Path | None) -> Path:
    """Return the path of the `.env` file, which a restart writes: the given one or the default."""
    return given or locate_dotenv(os.environ)


def usual_data_dir() -> Path:
    """Return the data directory of a server that was started without options and `.env` file.

    Raises:
        UsageError: The environment names no usable directory.
    """
    environ = {name: os.environ[name] for name in _DATA_DIR_VARIABLES if name in os.environ}
    return _read({}, None, environ).data_dir


def require_media_server(configuration: Configuration, dotenv_path: Path) -> None:
    """Check that the environment `local` has a media server to launch.

    Raises:
        UsageError: It has none; the message lists what can be configured instead.
    """
    if configuration.environment != "local" or configuration["MEDIAFLEET_LOCAL_COMMAND"]:
        return
    from mediafleet.environments.local.launch import KURENTO  # noqa: PLC0415 - only here needed

    if shutil.which(KURENTO) is None:
        raise UsageError(_NO_MEDIA_SERVER.format(kurento=KURENTO, file=dotenv_path))


def with_secret(configuration: Configuration) -> Configuration:
    """Create the data directory, and a secret if none is set; keep all secrets out of the log.

    Raises:
        UsageError: The secret of an earlier start cannot be used.
        CommandError: The directory or the secret cannot be created.
    """
    try:
        make_private_directory(configuration.data_dir)
    except OSError as error:
        raise CommandError(
            f"The data directory {configuration.data_dir} cannot be made: "
            f"{_blocking_file(configuration.data_dir) or error.strerror}."
        ) from error
    complete = configuration
    if configuration.secret is None:
        complete = configuration.with_made(secret=obtain_secret(configuration.data_dir))
    for secret in secret_texts(complete):
        masking.hide(secret)
    return complete


def log_warnings(configuration: Configuration) -> None:
    """Log suspicious values and properties without effect."""
    for warning in configuration.warnings:
        warning.log()
    warn_without_feature(configuration.without_feature)
    for message, names in (
        ("known properties in the .env file that have no effect here", configuration.unused),
        ("names in the .env file that are no properties", configuration.unknown),
    ):
        if names:
            log.info(message, extra={"properties": list(names)})


def obtain_secret(data_dir: Path) -> str:
    """Read the server's own secret; create it, and its directory, at the first start.

    Raises:
        UsageError: Other users can access the file, or it holds no secret.
        CommandError: It cannot be read or created.
    """
    path = data_dir / SECRET_FILE
    try:
        make_private_directory(data_dir)
        if not path.exists():
            _create_secret(path)
    except OSError as error:
        raise CommandError(f"The secret {path} cannot be made: {error.strerror}.") from error
    return read_secret(path, private=True)


def make_private_directory(path: Path) -> None:
    """Create a directory that only its owner can enter; an existing one is left unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def read_secret(path: Path, *, private: bool) -> str:
    """Read the secret in a file.

    Args:
        path: Of the file.
        private: Whether a server created it; otherwise the user named it, and its mode is free.

    Raises:
        UsageError: The file holds no secret, or other users can access a private one, or one that
            is not private cannot be read.
        CommandError: A private one cannot be read.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_MAX_SECRET_BYTES + 1)
    except OSError as error:
        kind = CommandError if private else UsageError
        raise kind(f"The secret {path} cannot be read: {error.strerror}.") from error
    if private and mode & _OTHER_USERS:
        raise UsageError(
            f"The secret {path} is open to other users (mode {mode:04o}), so it may be known "
            f"already. Delete it to get a new one at the next start of the server, or take it back "
            f"with: chmod 600 '{path}'"
        )
    try:
        text = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > _MAX_SECRET_BYTES or not text.isprintable():
        raise UsageError(
            f"The file {path} does not hold a secret, which is one line of printable text with at "
            f"most {_MAX_SECRET_BYTES} bytes."
        )
    return text


def _read(
    overrides: Mapping[str, Any],
    dotenv_path: Path | None,
    environ: Mapping[str, str],
    named_by: str | None = None,
) -> Configuration:
    try:
        return read_configuration(
            overrides=overrides, dotenv_path=dotenv_path, environ=environ, named_by=named_by
        )
    except ConfigurationError as error:
        raise UsageError(error.report(dotenv_path)) from None


def _blocking_file(directory: Path) -> str | None:
    """Name the file that is where a directory must be; the system's message does not."""
    with suppress(OSError):
        for path in (directory, *directory.parents):
            if path.exists():
                return None if path.is_dir() else f"{path} is not a directory"
    return None


def _create_secret(path: Path) -> None:
    beside = path.with_name(f"{path.name}.new-{os.getpid()}")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, because it never replaces the secret that another server has just created.
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
