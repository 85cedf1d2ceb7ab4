"""`mediafleet serve`: the options of the server."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mediafleet.cli.configuring import (
    read_whole_configuration,
    require_media_server,
    usual_dotenv,
)
from mediafleet.cli.listening import choose_tls
from mediafleet.cli.starting import run
from mediafleet.cli.stopping import end_quietly, on_stop_signals


def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; 127.0.0.1 if not set.", metavar="ADDRESS"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port to listen on; 5443 if not set, 0 for any free.",
        ),
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
    with on_stop_signals(end_quietly):
        configuration = read_whole_configuration(
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
        run(
            configuration,
            dotenv_path=dotenv_path,
            tls=choose_tls(tls_cert, tls_key),
            behind_proxy=behind_proxy,
            stop_nodes=stop_nodes,
            accept_changed_store=accept_changed_store,
        )
