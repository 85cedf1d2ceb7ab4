"""From a read configuration to a running server, and what its user is told when it is ready."""

from __future__ import annotations

import os
import shlex
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Final, cast

from mediafleet import __version__, logs
from mediafleet.cli import program
from mediafleet.cli.configuring import log_warnings, with_secret
from mediafleet.cli.listening import Listener, bind, reachable
from mediafleet.cli.open_files import share_open_files
from mediafleet.cli.secret_file import NAME
from mediafleet.cli.terminal import announce
from mediafleet.configuration import USER, Configuration, Origin, complete_dotenv

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from pathlib import Path

DEFAULT_URL: Final = "http://127.0.0.1:5443"
_OWNER_ONLY: Final = 0o077


def run(
    configuration: Configuration,
    *,
    dotenv_path: Path | None = None,
    tls: ssl.SSLContext | None = None,
    behind_proxy: bool = False,
    stop_nodes: bool = False,
    accept_changed_store: bool = False,
    remarks: Sequence[str] = (),
) -> None:
    """Serve with this configuration until a signal comes.

    Args:
        configuration: Read and checked; a secret is made if it has none.
        dotenv_path: Keeps what a restart changes; in the data directory if not given.
        tls: What to encrypt with.
        behind_proxy: Whether a proxy encrypts.
        stop_nodes: Whether nodes with sessions end with the server, where nodes do.
        accept_changed_store: Whether to go on with a store that is not the one of before.
        remarks: Lines to print when requests are accepted, between the URL and what to try.

    Raises:
        UsageFault: The address is not one to serve.
        CommandError: The server did not start or did not end well.
    """
    os.umask(_OWNER_ONLY)
    logs.configure(cast("logs.LogFormat", configuration.log_format))
    is_local = configuration.environment == "local"
    open_files = share_open_files(processes=configuration.local_max_nodes if is_local else 0)
    listener = bind(
        configuration.bind_address, configuration.port, tls=tls, behind_proxy=behind_proxy
    )
    with closing(listener.socket):
        run_server = _load_server()
        complete = with_secret(configuration)
        log_warnings(complete)
        if dotenv_path is not None:
            complete_dotenv(dotenv_path)
        ready = f"Mediafleet {__version__} serves {listener.url} (Ctrl-C ends it)"
        lines = [ready, *remarks, *_to_try(complete, listener)]
        run_server(
            complete,
            listener,
            dotenv_path=dotenv_path,
            tls=tls,
            behind_proxy=behind_proxy,
            open_files=open_files,
            stop_nodes=stop_nodes,
            accept_changed_store=accept_changed_store,
            announce=lambda: announce("\n".join(lines)),
        )


def _load_server() -> Callable[..., None]:
    with warnings.catch_warnings():
        # Deprecations that libraries announce to one another when they are loaded.
        warnings.simplefilter("ignore")
        from mediafleet.cli.serving import run_server  # noqa: PLC0415 - slow; only here needed
    return run_server


def _to_try(configuration: Configuration, listener: Listener) -> Sequence[str]:
    """Make command lines that can be pasted into another terminal."""
    path = configuration.data_dir / NAME
    url = _client_url(configuration, listener)
    origin = configuration.origins["OPENVIDU_SECRET"]
    made = origin is Origin.MADE
    beforehand = "" if made else f", with OPENVIDU_SECRET set as in the server's {origin.value}"
    secret = f"$(cat {_quoted(path)})" if made else "$OPENVIDU_SECRET"
    options = "" if url == DEFAULT_URL else f" --url {url}"
    if made and configuration.origins["MEDIAFLEET_DATA_DIR"] is not Origin.DEFAULT:
        options += f" --secret-file {_quoted(path)}"
    return [
        f"Try it from another terminal{beforehand}:",
        f'  curl -u "{USER}:{secret}" {url}/pro/media-nodes',
        f"  {program.line(f'nodes list{options}')}",
    ]


def _client_url(configuration: Configuration, listener: Listener) -> str:
    """Tell the URL that a client on this machine uses; with TLS, by the certificate's name."""
    url = reachable(listener.url)
    if not url.startswith("https:"):
        return url
    host = str(configuration["DOMAIN_OR_PUBLIC_IP"])
    port = url.rpartition(":")[2]
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _quoted(path: Path) -> str:
    text = shlex.quote(str(path))
    return text if text.startswith("'") else f"'{text}'"
