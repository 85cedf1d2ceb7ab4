"""`mediafleet serve`: what it says, when it says it, and how it ends."""

import json
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import trustme

from support.otlp_receiver import attributes, otlp_receiver

NODES = "/pro/media-nodes"
SIGNAL_IN_DESTRUCTOR = """
import signal, sys
from mediafleet.cli import main

class Signal:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

def signal_once(event, arguments):
    global moment
    if moment in (event, arguments[0] if event == "import" else event):
        moment = None
        Signal()

moment = sys.argv.pop(1)
sys.addaudithook(signal_once)
main()
"""


def ask(url, secret, **options):
    return httpx.get(f"{url}{NODES}", auth=("OPENVIDUAPP", secret), trust_env=False, **options)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def serve(start, data):
    def start_server(*options, **variables):
        return start("serve", "--port", 0, "--data-dir", data, *options, **variables)

    return start_server


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    """A data directory whose name needs quoting, and which was open to others."""
    directory = tmp_path_factory.mktemp("data") / "it's mine"
    directory.mkdir(mode=0o755)
    return directory


@pytest.fixture(scope="module")
def server(start, awkward):
    return start("serve", "--port", 0, "--data-dir", awkward)


def test_requests_are_accepted_as_soon_as_the_ready_line_is_there(start, data):
    server = start("serve", "--port", 0, "--data-dir", data)

    url = server.url
    assert ask(url, (data / "secret").read_text().strip()).status_code == 200
    assert url.startswith("http://127.0.0.1:")
    assert not url.endswith(":0")


def test_a_server_loads_neither_the_client_nor_what_only_some_servers_need(serve):
    server = serve(PYTHONPROFILEIMPORTTIME="1")
    assert server.url
    assert server.stop() == 0

    lines = [line for line in server.err if line.startswith("import time:")]
    packages = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert packages >= {"connexion", "sqlalchemy"}
    assert not packages & {
        "aiobotocore",
        "aiodocker",
        "alembic",
        "asyncpg",
        "botocore",
        "mako",
        "mediafleet_client",
        "openapi_spec_validator",
        "opentelemetry",
    }


def test_traces_go_where_the_standard_variables_say_the_last_ones_at_the_end(serve):
    with otlp_receiver() as receiver:
        server = serve(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, OTEL_SERVICE_NAME="fleet-1")
        httpx.get(f"{server.url}/health/live", trust_env=False)
        assert server.stop() == 0

    (span,) = receiver.spans("get_liveness")
    assert attributes(span.attributes)["http.response.status_code"] == 200
    resource = receiver.requests[0].resource_spans[0].resource
    assert attributes(resource.attributes)["service.name"] == "fleet-1"


def test_metrics_count_the_connections(serve, data):
    server = serve(MEDIAFLEET_CONNECTIONS_PER_ADDRESS="8")
    with ExitStack() as stack:
        address = urlsplit(server.url)
        for _ in range(9):
            idle = socket.create_connection((address.hostname, address.port))
            stack.enter_context(idle)
        auth = ("OPENVIDUAPP", (data / "secret").read_text().strip())
        text = httpx.get(f"{server.url}/metrics", auth=auth, trust_env=False).text

    assert "\nmediafleet_connections 8.0\n" in text
    assert '\nmediafleet_connections_refused_total{how="closed"} 2.0\n' in text


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_printed_command_line_works_as_it_is(server):
    command = server.line(r"^  (curl .*)$")[1]

    answer = subprocess.check_output(["sh", "-c", f"{command} -s --noproxy '*'"], timeout=30)

    assert json.loads(answer) == {"numberOfElements": 0, "content": []}


def answer_to(line, home):
    """What a line prints in another terminal, where no virtual environment is active."""
    environ = {"PATH": os.defpath, "HOME": str(home)}
    printed = subprocess.check_output(["sh", "-c", f"{line} --json"], env=environ, cwd="/")
    return json.loads(printed)


def test_the_printed_nodes_command_works_as_it_is(server, home):
    line = server.line(r"^  (.* nodes list .*)$")[1]

    assert answer_to(line, home)["numberOfElements"] == 0


def test_it_does_so_for_a_program_that_no_terminal_finds_by_name(start, tmp_path, home):
    folder = tmp_path / "it's mine"
    folder.mkdir()
    program = folder / "mediafleet"
    program.write_text(f"#!{sys.executable}\nfrom mediafleet.cli import main\nmain()\n")
    program.chmod(0o700)
    server = start("serve", "--port", 0, "--data-dir", tmp_path / "data", program=(program,))
    line = server.line(r"^  (.* nodes list .*)$")[1]

    assert shlex.split(line)[0] == str(program)
    assert answer_to(line, home)["numberOfElements"] == 0


def test_a_program_that_the_shell_finds_is_called_by_its_name(start, tmp_path, environ):
    program = tmp_path / "mediafleet"
    program.symlink_to(Path(sys.executable).with_name("mediafleet"))
    path = f"{tmp_path}:{environ['PATH']}"
    server = start("serve", "--port", 0, "--data-dir", tmp_path, program=(program,), PATH=path)

    assert server.line("^  .* nodes list")[0] == "  mediafleet nodes list"


def test_everything_in_the_data_directory_is_for_its_owner(server, awkward):
    server.line("^  curl")

    assert {"secret", "mediafleet.db"} <= {each.name for each in awkward.iterdir()}
    assert [each for each in awkward.iterdir() if each.stat().st_mode & 0o077] == []


def test_a_store_in_use_is_reported_in_one_line(server, awkward, run):
    server.line("^  curl")

    done = run("serve", "--port", 0, "--data-dir", awkward)

    assert done.code == 1
    assert done.err.count("\n") == 1, done.err
    assert "in use" in done.err
    assert done.out == ""


def test_the_secret_is_made_once_and_never_shown(serve, data):
    first = serve()
    first.line("^  curl")
    secret = (data / "secret").read_text().strip()
    assert first.stop() == 0

    second = serve("--log-format", "json")
    assert ask(second.url, secret).status_code == 200
    assert second.stop() == 0

    assert stat.S_IMODE((data / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert secret not in first.text + second.text


def test_a_secret_that_others_can_read_stops_the_start(run, serve, data):
    data.mkdir()
    (data / "secret").write_text("made-known\n")
    (data / "secret").chmod(0o644)

    done = run("serve", "--port", 0, "--data-dir", data)

    assert done.code == 2
    assert "open to other users" in done.err
    assert "made-known" not in done.all


def test_a_configured_secret_is_named_and_no_other_is_made(serve, data):
    server = serve(OPENVIDU_SECRET="canary-4711")

    assert '-u "OPENVIDUAPP:$OPENVIDU_SECRET"' in server.line("^  curl.*")[0]
    assert server.line("^Try it.* OPENVIDU_SECRET set as in the server's environment:$")
    assert ask(server.url, "canary-4711").status_code == 200
    assert not (data / "secret").exists()
    assert "canary-4711" not in server.text


def test_the_place_of_a_secret_in_the_file_of_properties_is_printed(serve, tmp_path):
    (tmp_path / "with.env").write_text("OPENVIDU_SECRET=canary-4711\n")
    server = serve("--env-file", tmp_path / "with.env")

    assert server.line("^Try it.* OPENVIDU_SECRET set as in the server's .env file:$")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_without_encryption_is_refused(run, data, address):
    done = run("serve", "--port", 0, "--data-dir", data, "--host", address)

    assert done.code == 2
    assert address in done.err
    assert "--tls-cert" in done.err
    assert "--behind-proxy" in done.err
    assert not data.exists()


def test_the_address_of_the_configuration_is_held_to_the_same_rule(run, data):
    done = run("serve", "--data-dir", data, MEDIAFLEET_BIND_ADDRESS="0.0.0.0", MEDIAFLEET_PORT="0")

    assert done.code == 2


def test_an_unknown_name_to_listen_on_is_refused(run, data):
    done = run("serve", "--port", 0, "--data-dir", data, "--host", "nowhere.invalid")

    assert done.code == 2
    assert "nowhere.invalid" in done.err


def test_behind_a_proxy_every_address_may_be_listened_on(serve, data):
    server = serve("--host", "0.0.0.0", "--behind-proxy")

    port = server.url.removeprefix("http://0.0.0.0:")
    assert f"http://127.0.0.1:{port}/pro" in server.line("^  curl.*")[0]
    secret = (data / "secret").read_text().strip()
    assert ask(f"http://127.0.0.1:{port}", secret).status_code == 200


def test_loopback_of_ipv6_is_loopback(serve, data):
    server = serve("--host", "::1")

    assert server.url.startswith("http://[::1]:")
    assert ask(server.url, (data / "secret").read_text().strip()).status_code == 200


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    for name in ("localhost", "other"):
        issued = authority.issue_cert(name)
        issued.private_key_pem.write_to_path(directory / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(directory / f"{name}.pem")
    return directory


def test_https_is_spoken_with_a_certificate(run, serve, authority, data):
    server = serve(
        "--tls-cert", authority / "localhost.pem", "--tls-key", authority / "localhost.key"
    )
    url = server.line(r"^  .* nodes list --url (https://localhost:\d+)")[1]
    secret = data / "secret"

    trusted = run(
        "nodes", "list", "--url", url, "--secret-file", secret, "--ca-file", authority / "ca.pem"
    )
    untrusted = run("nodes", "list", "--url", url, "--secret-file", secret)

    assert server.url.startswith("https://127.0.0.1:")
    assert (trusted.code, untrusted.code) == (0, 1), trusted.err + untrusted.err
    assert "--ca-file" in untrusted.err


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        ("localhost.pem", None),
        (None, "localhost.key"),
        ("localhost.pem", "other.key"),
        ("no", "no"),
    ],
)
def test_certificate_and_key_have_to_belong_together(run, data, authority, certificate, key):
    options = [] if certificate is None else ["--tls-cert", authority / certificate]
    options += [] if key is None else ["--tls-key", authority / key]

    done = run("serve", "--port", 0, "--data-dir", data, *options)

    assert done.code == 2
    assert "Traceback" not in done.err


def test_everything_wrong_with_the_configuration_is_reported_at_once(run, data, home):
    (home / "bad.env").write_text("OPENVIDU_CDR=perhaps\nHTTPS_PORT=0\n")

    done = run(
        "serve", "--data-dir", data, "--env-file", "bad.env", MEDIAFLEET_LOAD_INTERVAL="never"
    )

    assert done.code == 2
    assert all(
        name in done.err for name in ("OPENVIDU_CDR", "HTTPS_PORT", "MEDIAFLEET_LOAD_INTERVAL")
    )
    assert "How to mend it" in done.err
    assert not data.exists()


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        (["--env-file", "missing.env"], {}, "missing.env: there is no such file, although --env"),
        ([], {"DOTENV_PATH": "missing.env"}, "missing.env: there is no such file, although DOTENV"),
        ([], {"DOTENV_PATH": "/nowhere"}, "/nowhere/.env: there is no such file"),
        ([], {"DOTENV_PATH": "missing.env "}, "missing.env /.env: there is no such file"),
        ([], {"DOTENV_PATH": "/dev/null/.env"}, "it cannot be read (Not a directory)"),
        ([], {"DOTENV_PATH": "~nobody-of-that-name"}, "~nobody-of-that-name/.env: there is no"),
    ],
)
def test_a_named_file_of_properties_must_exist(run, data, options, variables, expected):
    done = run("serve", "--data-dir", data, *options, **variables)

    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err
    assert not data.exists()


def test_a_directory_in_the_place_of_the_file_is_called_one(run, data, home):
    done = run("serve", "--data-dir", data, "--env-file", home)

    assert done.code == 2
    assert f"{home}: it is a directory." in done.err
    assert f"Name another file than {home}" in done.err
    assert "Correct" not in done.err


@pytest.mark.parametrize("below", ["file", "file/below", "file/below/that"])
def test_what_stands_in_the_way_of_the_data_directory_is_named(run, tmp_path, below):
    (tmp_path / "file").touch()

    done = run("serve", "--port", 0, "--data-dir", tmp_path / below)

    assert done.code == 1
    assert done.err == (
        f"mediafleet: The data directory {tmp_path / below} cannot be made: "
        f"{tmp_path / 'file'} is not a directory.\n"
    )


def test_an_environment_that_cannot_work_as_configured_is_reported_in_one_line(run, data):
    done = run(
        "serve",
        *("--port", "0", "--data-dir", data),
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="script",
        OPENVIDU_PRO_CLUSTER_PATH=str(data),
    )

    assert done.code == 1
    assert done.err.count("\n") == 1
    assert f"{data}/openvidu_launch_kms.sh does not exist" in done.err


CE_FILE = """# OpenVidu CE
DOMAIN_OR_PUBLIC_IP=video.example.com
OPENVIDU_SECRET=canary-4711
CERTIFICATE_TYPE=letsencrypt
LETSENCRYPT_EMAIL=me@example.com
# KMS_URIS=[]
OPENVIDU_RECORDING=false
KMS_IMAGE=kurento/kurento-media-server:6.16.0
"""


@pytest.fixture
def serve_bare(environ, data):
    """Start a server to which its environment says nothing of Media Nodes."""
    bare = {name: text for name, text in environ.items() if not name.startswith("OPENVIDU_")}

    def run_server(*options, **variables):
        return subprocess.run(
            [sys.executable, "-m", "mediafleet", "serve", "--data-dir", data, *options],
            env=bare | variables,
            cwd=data.parent,
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run_server


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        (None, {}),
        (CE_FILE, {}),
        ("KMS_URIS=[]\n", {}),
        (None, {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "local"}),
        (None, {"KMS_URIS": ""}),
    ],
)
def test_without_media_nodes_and_kurento_it_says_what_can_be_configured(
    serve_bare, data, file, variables
):
    place = data.parent / ".env"
    if file is not None:
        place.write_text(file)

    done = serve_bare(**variables)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"in {place} or in the environment" in done.stderr
    for way in (
        "KMS_URIS=[",
        "ENVIRONMENT=on_premise",
        "ENVIRONMENT=docker",
        "COMMAND=COMMAND",
        "COMMAND=emulator",
    ):
        assert way in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert not data.exists()


def test_emulated_nodes_are_launched_when_requested_by_name(serve, data):
    server = serve(
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES="0",
        MEDIAFLEET_LOCAL_COMMAND="emulator",
    )
    server.line("WARNING .*local nodes are emulated")
    auth = ("OPENVIDUAPP", (data / "secret").read_text().strip())

    added = httpx.post(
        f"{server.url}{NODES}?wait=true", auth=auth, trust_env=False, timeout=30
    ).json()

    assert (added["status"], added["connected"]) == ("running", True)
    assert server.stop() == 0


def test_an_installed_kurento_needs_no_configuration(start, data, environ, tmp_path):
    kurento = tmp_path / "kurento-media-server"
    kurento.write_text("#!/bin/sh\nexec sleep 1000\n")
    kurento.chmod(0o700)
    server = start(
        "serve",
        *("--port", 0, "--data-dir", data),
        PATH=f"{tmp_path}:{environ['PATH']}",
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES="0",
    )

    assert ask(server.url, (data / "secret").read_text().strip()).status_code == 200
    assert server.stop() == 0


def test_a_port_in_use_is_reported_in_one_line(run, data, taken):
    done = run("serve", "--port", taken, "--data-dir", data)

    assert done.code == 1
    assert done.err.count("\n") == 1
    assert f"Port {taken}" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    "url", ["mysql://u:canary@h/d", "postgresql://u:canary@h:99999/d", "sqlite:///canary?y=1"]
)
def test_an_address_that_is_no_database_is_listed_with_all_other_problems(run, data, url):
    done = run(
        "serve", "--port", 0, "--data-dir", data, MEDIAFLEET_DATABASE_URL=url, HTTPS_PORT="x"
    )

    assert done.code == 2
    assert "Property MEDIAFLEET_DATABASE_URL=***: must " in done.err
    assert "Property HTTPS_PORT=x: must " in done.err
    assert "canary" not in done.all


def test_a_store_that_cannot_be_opened_is_reported_in_one_line(run, data, tmp_path):
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/mediafleet.db"

    done = run("serve", "--port", 0, "--data-dir", data, MEDIAFLEET_DATABASE_URL=url)

    assert done.code == 1
    assert done.err.count("\n") == 1, done.err
    assert "store" in done.err


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_cleanly(serve, by):
    server = serve()
    server.line("^  curl")

    assert server.stop(by) == 0
    assert server.err == []


def test_a_signal_during_the_start_ends_it_cleanly_too(serve, data):
    server = serve(PYTHONWARNINGS="")  # a file that the signal leaves open is no error
    # The directory is made while the parts are being put together.
    while not data.exists():
        assert server.process.poll() is None, server.text
        time.sleep(0.01)

    assert server.stop(signal.SIGTERM) == 0
    assert "Traceback" not in server.text


@pytest.mark.parametrize(
    ("command", "moment"),
    [
        ("serve", "socket.bind"),
        ("serve", "uvicorn"),
        ("serve", "mediafleet.api.media_nodes"),
        ("demo", "sqlalchemy"),
        ("emulator", "socket.__new__"),
    ],
)
def test_a_stop_signal_during_a_destructor_of_the_start_is_not_lost(start, data, command, moment):
    options = {"serve": ["--data-dir", data], "demo": ["--nodes", 1]}.get(command, [])
    program = [sys.executable, "-c", SIGNAL_IN_DESTRUCTOR, moment]

    server = start(command, "--port", 0, *options, program=program)

    assert server.join() == 0
    assert "Exception ignored in: <function Signal.__del__" in server.text
    assert server.out == []


def test_a_half_sent_request_does_not_hold_up_the_end(serve):
    server = serve()
    host, port = server.url.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port))) as half_sent:
        half_sent.sendall(
            b"POST /pro/media-nodes HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
        )

        assert server.stop() == 0


def test_a_server_whose_store_was_taken_over_ends_with_the_reason(serve, start, run, data):
    uri = start("emulator", "--port", 0).line("^ws://.*$")[0]
    server = serve()
    access = ["--url", server.url, "--secret-file", data / "secret"]
    with closing(sqlite3.connect(data / "mediafleet.db")) as database, database:
        database.execute("UPDATE journal SET epoch = epoch + 1")

    refused = run("nodes", "add", uri, *access)

    assert refused.code == 1
    assert server.join() == 1
    assert server.err[-1].startswith("mediafleet: Another server has taken over the store")


def test_properties_set_in_vain_are_logged_once_each(serve, home):
    (home / "full.env").write_text(
        "OPENVIDU_SESSIONS_GARBAGE_INTERVAL=1\nOPENVIDU_RECORDING_AUTOSTOP_TIMEOUT=5\nOPENVIDU_RECORDING=true\nKIBANA_PASSWORD=canary-1\nFOREIGN=canary-2\n"
        "OPENVIDU_ENTERPRISE_HA_REDIS_PASSWORD=canary-3\n"
    )
    server = serve("--env-file", "full.env", "--log-format", "json", MEDIAFLEET_PORT="1")
    server.line("^  curl")
    server.stop()
    lines = [json.loads(line) for line in server.err]

    vain = [line for line in lines if "no effect yet" in line["message"]]
    unused = {line["message"]: line["properties"] for line in lines if "properties" in line}
    assert {line["property"] for line in vain} == {
        "OPENVIDU_RECORDING",
        "OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT",
    }
    assert {line["level"] for line in vain} == {"warning"}
    assert unused == {
        "known properties in the .env file that have no effect here": [
            "KIBANA_PASSWORD",
            "OPENVIDU_ENTERPRISE_HA_REDIS_PASSWORD",
        ],
        "names in the .env file that are no properties": ["FOREIGN"],
    }
    assert "canary" not in server.text


def test_suspicious_values_are_logged_with_their_place(serve, home):
    file = home / "typo.env"
    file.write_text("OPENVIDU_CRD=canary-1\n\u200bOPENVIDU_CDR=true\nOPENVIDU_SECRET=canary-2 \n")
    server = serve("--env-file", file, "--log-format", "json", MEDIAFLEET_PINGPROBES="7")
    server.line("^  curl")
    server.stop()
    lines = [json.loads(line) for line in server.err]

    assert [
        (line["level"], line["property"], line.get("closest"), line["place"])
        for line in lines
        if "place" in line
    ] == [
        ("warning", "MEDIAFLEET_PINGPROBES", "MEDIAFLEET_PING_PROBES", "set in the environment"),
        ("warning", "OPENVIDU_CRD", "OPENVIDU_CDR", f"{file}, line 1"),
        ("warning", "'\\u200bOPENVIDU_CDR'", "OPENVIDU_CDR", f"{file}, line 2"),
        ("warning", "OPENVIDU_SECRET", None, f"{file}, line 3"),
    ]
    assert "canary" not in server.text


CANARIES = ("canary-secret", "canary-header", "canary-user", "canary-password", "canary-database")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_secret_is_ever_written(serve, log_format):
    server = serve(
        "--log-format", log_format,
        OPENVIDU_SECRET="canary-secret",
        OPENVIDU_WEBHOOK="true",
        OPENVIDU_WEBHOOK_ENDPOINT="http://127.0.0.1:1/hook",
        OPENVIDU_WEBHOOK_HEADERS='["Authorization: Bearer canary-header"]',
    )  # fmt: skip
    url = server.url
    with httpx.Client(base_url=url, trust_env=False) as client:
        for secret in ("canary-secret", "canary-password"):
            for uri in (
                "ws://canary-user:canary-password@127.0.0.1:1/kurento",
                "ws://127.0.0.1:1/canary-password@x",
                "ws://127.0.0.1:1/kurento",
            ):
                answer = client.post(NODES, json={"uri": uri}, auth=("OPENVIDUAPP", secret))
                assert answer.status_code >= 400
                assert "canary" not in answer.text
        config = client.get("/pro/config", auth=("OPENVIDUAPP", "canary-secret"))
        assert "canary-secret" not in config.text
    assert server.stop() == 0

    assert [each for each in CANARIES if each in server.text] == []


@pytest.mark.parametrize(
    "variables",
    [
        {"KMS_URIS": '["ws://canary-user:canary-password@127.0.0.1:8888/kurento"]'},
        {"MEDIAFLEET_DATABASE_URL": "postgresql://canary-user:canary-password@127.0.0.1:1/x"},
        {"MEDIAFLEET_DATABASE_URL": "canary-database://x:canary-password@y"},
        {"OPENVIDU_SECRET": "canary-secret\n"},
        {"OPENVIDU_WEBHOOK_HEADERS": '["Authorization canary-header"]'},
    ],
    ids=str,
)
def test_a_refused_start_shows_no_secret(run, data, variables):
    done = run("serve", "--port", 0, "--data-dir", data, **variables)

    assert done.code in {1, 2}
    assert "Traceback" not in done.err
    assert [each for each in CANARIES if each in done.all] == []
