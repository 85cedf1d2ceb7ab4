"""`mediafleet serve` and `mediafleet demo`: run a server in this process."""

import os
import shlex
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, cast

import typer

from mediafleet import __version__, logs, tracing
from mediafleet.cli.emulator import PARENT_OPTION, HostedSessions, port_option
from mediafleet.cli.process import (
    Listener,
    ServeOptions,
    bind,
    exit_on_stop_signals,
    load_tls,
    on_stop_signals,
    reachable,
    share_open_files,
    url_of,
)
from mediafleet.cli.server_configuration import (
    DEFAULT_URL,
    SECRET_FILE,
    log_warnings,
    read_isolated_configuration,
    read_server_configuration,
    require_media_server,
    usual_dotenv,
    with_secret,
)
from mediafleet.cli.terminal import command_line, print_ready
from mediafleet.configuration import USER, Configuration, Origin, complete_dotenv

_MAX_DEMO_NODES: Final = 100
_MORE_DEMO_NODES: Final = 5
"""How many nodes may be added to those of the start."""
_OWNER_ONLY: Final = 0o077


def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; 127.0.0.1 if not set.", metavar="ADDRESS"),
    ] = None,
    port: Annotated[
        int | None, port_option("Port to listen on; 5443 if not set, 0 for any free.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            help="Where the server keeps its data; ~/.local/share/mediafleet if not set.",
        ),
    ] = None,
    env_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="File of properties; .env in the working directory if not given."
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM file of the certificate, to speak HTTPS."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM file of the certificate's key.")
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="A proxy that speaks HTTPS stands before the server."),
    ] = False,
    stop_nodes: Annotated[
        bool,
        typer.Option(
            "--stop-nodes",
            help="At the end, end local nodes with sessions too; without it they go on.",
        ),
    ] = False,
    accept_changed_store: Annotated[
        bool,
        typer.Option(
            "--accept-changed-store",
            help="Go on although the store is empty, damaged or not the one of before.",
        ),
    ] = False,
    log_format: Annotated[
        Literal["console", "json"] | None,
        typer.Option(help="Log lines for a person or for a machine; console if not set."),
    ] = None,
) -> None:
    """Run the server until Ctrl-C.

    It listens on 127.0.0.1; on other addresses only if something encrypts. Without
    OPENVIDU_SECRET it makes a secret in its data directory, once, and prints how to use it.
    Options win over the .env file, which wins over the environment. Where Media Nodes come from
    must be configured there, unless Kurento is installed on this machine.

    Examples:
      mediafleet serve
      mediafleet serve --port 8443 --data-dir ./data --log-format json
      mediafleet serve --host 0.0.0.0 --tls-cert server.pem --tls-key server.key
      mediafleet serve --host 0.0.0.0 --behind-proxy --env-file /etc/mediafleet/.env

    Exit status: 0 ended by a signal, 1 could not start or go on,
    2 options or configuration that are not allowed.
    """
    with exit_on_stop_signals() as stop_request:
        configuration = read_server_configuration(
            {
                "MEDIAFLEET_BIND_ADDRESS": host,
                "MEDIAFLEET_PORT": port,
                "MEDIAFLEET_DATA_DIR": None if data_dir is None else data_dir.absolute(),
                "MEDIAFLEET_LOG_FORMAT": log_format,
            },
            env_file,
        )
        dotenv_path = usual_dotenv(env_file).absolute()
        require_media_server(configuration, dotenv_path)
        options = ServeOptions(
            dotenv_path=dotenv_path,
            tls=load_tls(tls_cert, tls_key),
            behind_proxy=behind_proxy,
            stop_nodes=stop_nodes,
            accept_changed_store=accept_changed_store,
            stop_request=stop_request,
        )
        run(configuration, options, environ=os.environ)


def demo(
    nodes: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", min=1, max=_MAX_DEMO_NODES, help="Media Nodes at the start."
        ),
    ] = 3,
    sessions: HostedSessions = 0,
    port: Annotated[int, port_option("Port of the server; 0 for any free one.")] = 5443,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            help="Keep the server's data here; a temporary directory if not given.",
        ),
    ] = None,
    failover: Annotated[
        bool,
        typer.Option("--failover", help="Move the calls of a node that crashes to another node."),
    ] = False,
) -> None:
    """Run a server with Media Nodes to play with, until Ctrl-C.

    The nodes are emulated, each by a process of its own that the server launches. Nothing is left
    behind. The .env file and the environment are not read. With a kept --data-dir the nodes
    outlive a server that is killed, and the next demo with it finds them again.

    Examples:
      mediafleet demo
      mediafleet demo --nodes 5 --sessions 2 --port 6443
      mediafleet demo --data-dir ./demo --failover

    Exit status: 0 ended by a signal, 1 could not start or go on, 2 wrong options.
    """
    from mediafleet.emulator.media import IS_INSTALLED  # noqa: PLC0415 - slow; only here needed

    with exit_on_stop_signals() as stop_request, _directory(data_dir) as directory:
        # Without the directory the nodes could not be found again, so they end with this process.
        lifetime = () if data_dir is not None else (PARENT_OPTION, str(os.getpid()))
        configuration = read_isolated_configuration(
            {
                "MEDIAFLEET_PORT": port,
                "MEDIAFLEET_DATA_DIR": directory,
                "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "local",
                "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": nodes,
                "MEDIAFLEET_LOCAL_MAX_NODES": nodes + _MORE_DEMO_NODES,
                "MEDIAFLEET_LOCAL_COMMAND": _command(sessions, lifetime),
                "MEDIAFLEET_SESSION_FAILOVER": failover,
            }
        )
        remarks = [
            f"It launches {nodes} emulated Media Nodes; {_MORE_DEMO_NODES} more can be added."
        ]
        if not IS_INSTALLED:
            remarks.append(
                "They forward no media, so there is no page with a call: "
                "pip install 'mediafleet[media]'"
            )
        options = ServeOptions(
            stop_nodes=True,
            accept_changed_store=True,
            has_call_page=IS_INSTALLED,
            stop_request=stop_request,
        )
        run(configuration, options, remarks=remarks)


def _command(sessions: int, lifetime: Sequence[str]) -> str:
    emulator = [sys.executable, "-P", "-m", "mediafleet", "emulator", "--sessions", str(sessions)]
    return f"{shlex.join([*emulator, *lifetime])} --address {{address}} --port {{port}}"


@contextmanager
def _directory(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given.absolute()
        return
    temporary = tempfile.TemporaryDirectory(prefix="mediafleet-demo-")
    try:
        yield Path(temporary.name)
    finally:
        with on_stop_signals(signal.SIG_IGN):
            temporary.cleanup()


def run(
    configuration: Configuration,
    options: ServeOptions,
    *,
    remarks: Sequence[str] = (),
    environ: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Serve until a stop signal.

    Args:
        configuration: Valid; a secret is created if it has none.
        options: Of the command.
        remarks: Lines to print when the server is ready, between the URL and the examples.
        environ: Variables that may configure traces.

    Raises:
        UsageError: The address must not be served.
        CommandError: The server did not start, or failed.
    """
    os.umask(_OWNER_ONLY)
    logs.configure(cast("logs.LogFormat", configuration.get("MEDIAFLEET_LOG_FORMAT", str)))
    is_local = configuration.environment == "local"
    open_files = share_open_files(
        processes=configuration.get("MEDIAFLEET_LOCAL_MAX_NODES", int) if is_local else 0
    )
    listener = bind(
        configuration.get("MEDIAFLEET_BIND_ADDRESS", str),
        configuration.port,
        tls=options.tls,
        behind_proxy=options.behind_proxy,
    )
    with closing(listener.socket), tracing.exporting(environ):
        run_server = _load_server()
        complete = with_secret(configuration)
        log_warnings(complete)
        if options.dotenv_path is not None:
            complete_dotenv(options.dotenv_path)
        ready = f"Mediafleet {__version__} serves {listener.url} (Ctrl-C ends it)"
        lines = [ready, *remarks, *_examples(complete, listener)]
        if options.has_call_page:
            page = f"{reachable(listener.url)}/call/"
            lines.append(f"A call: open {page} in two tabs of a browser")
        run_server(
            complete,
            listener,
            options,
            open_files=open_files,
            served_at=None if options.behind_proxy else _client_url(complete, listener),
            on_ready=lambda: print_ready("\n".join(lines)),
        )


def _load_server() -> Callable[..., None]:
    with warnings.catch_warnings():
        # Libraries warn of deprecated uses in other libraries while they are imported.
        warnings.simplefilter("ignore")
        from mediafleet.cli.serving import run_server  # noqa: PLC0415 - slow; only here needed
    return run_server


def _examples(configuration: Configuration, listener: Listener) -> Sequence[str]:
    """Command lines to paste into another terminal."""
    path = configuration.data_dir / SECRET_FILE
    url = _client_url(configuration, listener)
    origin = configuration.origins["OPENVIDU_SECRET"]
    made = origin is Origin.MADE
    environment = "" if made else f", with OPENVIDU_SECRET set as in the server's {origin.value}"
    secret = f"$(cat {_quoted(path)})" if made else "$OPENVIDU_SECRET"
    options = "" if url == DEFAULT_URL else f" --url {url}"
    if made and configuration.origins["MEDIAFLEET_DATA_DIR"] is not Origin.DEFAULT:
        options += f" --secret-file {_quoted(path)}"
    return [
        f"Try it from another terminal{environment}:",
        f'  curl -u "{USER}:{secret}" {url}/pro/media-nodes',
        f"  {command_line(f'nodes list{options}')}",
    ]


def _client_url(configuration: Configuration, listener: Listener) -> str:
    """The URL for a client on this machine; with TLS, with the name in the certificate."""
    url = reachable(listener.url)
    if not url.startswith("https:"):
        return url
    return url_of("https", str(configuration["DOMAIN_OR_PUBLIC_IP"]), int(url.rpartition(":")[2]))


def _quoted(path: Path) -> str:
    text = shlex.quote(str(path))
    return text if text.startswith("'") else f"'{text}'"
