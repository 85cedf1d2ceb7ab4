"""The configuration as the commands need it: read, completed with the secret, told in the log."""

import logging
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mediafleet import masking
from mediafleet.cli.exits import CommandError, UsageFault
from mediafleet.cli.secret_file import make_private_directory, obtain_secret
from mediafleet.configuration import (
    Configuration,
    ConfigurationError,
    locate_dotenv,
    read_configuration,
    secret_texts,
    warn_without_feature,
)

_PLACES: Final = ("HOME", "XDG_DATA_HOME", "MEDIAFLEET_DATA_DIR")

_NO_MEDIA_SERVER: Final = """\
There are no Media Nodes to serve: the environment is local, and no {kurento} is installed here.

Set one of these, in {file} or in the environment:
  * KMS_URIS=["ws://HOST:8888/kurento"] for Media Nodes that run already, or
    OPENVIDU_PRO_CLUSTER_ENVIRONMENT=on_premise if they are added over the API;
  * OPENVIDU_PRO_CLUSTER_ENVIRONMENT=docker, aws or script to launch them there;
  * MEDIAFLEET_LOCAL_COMMAND=COMMAND to launch another media server on this machine;
  * MEDIAFLEET_LOCAL_COMMAND=emulator for emulated ones, which move no media."""

log = logging.getLogger(__name__)


def read_whole_configuration(
    overrides: Mapping[str, Any], dotenv_path: Path | None
) -> Configuration:
    """Read the configuration from the command line, the `.env` file and the environment.

    Args:
        overrides: The command line's values by property; `None` is "not given".
        dotenv_path: A file that has to exist; `None` for what `DOTENV_PATH` names, which has to
            exist too, or for the working directory, where none need be.

    Raises:
        UsageFault: Everything that is wrong with it, with the way to mend it.
    """
    named_by = "DOTENV_PATH" if os.environ.get("DOTENV_PATH") else None
    if dotenv_path is not None:
        named_by = "--env-file"
    return _read(overrides, usual_dotenv(dotenv_path), os.environ, named_by)


def usual_dotenv(given: Path | None) -> Path:
    """Where the `.env` file is read, and written by a restart: as given, else as usual."""
    return given or locate_dotenv(os.environ)


def read_isolated_configuration(overrides: Mapping[str, Any]) -> Configuration:
    """Read the configuration from the command line alone."""
    return _read(overrides, None, {})


def usual_data_dir() -> Path:
    """Tell where a server keeps its data that was started without options and `.env` file.

    Raises:
        UsageFault: The environment names no usable directory.
    """
    environ = {name: os.environ[name] for name in _PLACES if name in os.environ}
    return _read({}, None, environ).data_dir


def require_media_server(configuration: Configuration, dotenv_path: Path) -> None:
    """See that the environment `local` has something to launch.

    Raises:
        UsageFault: It has not; tells what can be configured instead.
    """
    if configuration.environment != "local" or configuration.local_command is not None:
        return
    from mediafleet.environments.local.launch import KURENTO  # noqa: PLC0415 - only here needed

    if shutil.which(KURENTO) is None:
        raise UsageFault(_NO_MEDIA_SERVER.format(kurento=KURENTO, file=dotenv_path))


def with_secret(configuration: Configuration) -> Configuration:
    """Make the data directory, and a secret if none is set; keep all secrets out of the log.

    Raises:
        UsageFault: The secret of an earlier start is not fit for use.
        CommandError: The directory or the secret cannot be made.
    """
    try:
        make_private_directory(configuration.data_dir)
    except OSError as error:
        raise CommandError(
            f"The data directory {configuration.data_dir} cannot be made: "
            f"{_obstacle(configuration.data_dir) or error.strerror}."
        ) from error
    complete = configuration
    if configuration.secret is None:
        complete = configuration.with_made(secret=obtain_secret(configuration.data_dir))
    for secret in secret_texts(complete):
        masking.hide(secret)
    return complete


def log_warnings(configuration: Configuration) -> None:
    """Warn of what is probably not meant or has no effect, and note once what belongs to others."""
    for warning in configuration.warnings:
        warning.log()
    warn_without_feature(configuration.without_feature)
    for message, names in (
        ("known properties in the .env file that have no effect here", configuration.unused),
        ("names in the .env file that are no properties", configuration.foreign),
    ):
        if names:
            log.info(message, extra={"properties": list(names)})


def _obstacle(directory: Path) -> str | None:
    """What stands in the way of a directory; the system's own words blame its name for it."""
    with suppress(OSError):
        for path in (directory, *directory.parents):
            if path.exists():
                return None if path.is_dir() else f"{path} is not a directory"
    return None


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
        raise UsageFault(error.report(dotenv_path)) from None
