import json
import os
from pathlib import Path

import pytest

from mediafleet.configuration import (
    Configuration,
    ConfigurationError,
    Origin,
    describe,
    read_configuration,
    secret_texts,
)
from mediafleet.configuration.dotenv import MAX_FILE_BYTES
from mediafleet.configuration.properties import BY_NAME, PROPERTIES, SETTABLE
from mediafleet.configuration.property import Property, Use

CANARY = "canary-5up3r"
# Text for each property that is neither its default nor refused.
SAMPLES = {
    "DOMAIN_OR_PUBLIC_IP": ("my.openvidu.ip", "my.openvidu.ip"),
    "HTTPS_PORT": ("4443", 4443),
    "OPENVIDU_CDR": ("TRUE", True),
    "OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH": ("1", 1),
    "OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH": ("2", 2),
    "OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH": ("3", 3),
    "OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH": ("0", 0),
    "OPENVIDU_SESSIONS_GARBAGE_INTERVAL": ("10", 10),
    "OPENVIDU_SESSIONS_GARBAGE_THRESHOLD": ("20", 20),
    "OPENVIDU_RECORDING": ("true", True),
    "OPENVIDU_RECORDING_VERSION": ("2.16.0", "2.16.0"),
    "OPENVIDU_RECORDING_PATH": ("/r", "/r/"),
    "OPENVIDU_RECORDING_PUBLIC_ACCESS": ("True", True),
    "OPENVIDU_RECORDING_NOTIFICATION": ("moderator", "moderator"),
    "OPENVIDU_RECORDING_CUSTOM_LAYOUT": ("/l//", "/l/"),
    "OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT": ("60", 60),
    "OPENVIDU_RECORDING_COMPOSED_URL": ("https://page.example/?a=b", "https://page.example/?a=b"),
    "OPENVIDU_WEBHOOK": ("true", True),
    "OPENVIDU_WEBHOOK_ENDPOINT": ("http://hook.example:7777/w", "http://hook.example:7777/w"),
    "OPENVIDU_WEBHOOK_HEADERS": ('["A: b, c"]', ("A: b, c",)),
    "OPENVIDU_WEBHOOK_EVENTS": ("[autoscaling]", ("autoscaling",)),
    "KMS_URIS": ('["ws://10.1.1.26:8888/kurento"]', ("ws://10.1.1.26:8888/kurento",)),
    "OPENVIDU_PRO_STATS_MONITORING_INTERVAL": ("60", 60),
    "OPENVIDU_PRO_STATS_WEBRTC_INTERVAL": ("20", 20),
    "OPENVIDU_PRO_CLUSTER_ID": ("MY_CLUSTER", "MY_CLUSTER"),
    "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": ("docker", "docker"),
    "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": ("4", 4),
    "OPENVIDU_PRO_CLUSTER_PATH": ("/c/", "/c/"),
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": ("true", True),
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": ("3", 3),
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": ("2", 2),
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": ("80", 80),
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": ("30", 30),
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL": ("30", 30),
    "MEDIAFLEET_AUTOSCALING_EVALUATIONS": ("3", 3),
    "MEDIAFLEET_AUTOSCALING_GROWTH_COOLDOWN": ("60", 60),
    "MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN": ("300", 300),
    "MEDIAFLEET_AUTOSCALING_MAX_STEP": ("2", 2),
    "MEDIAFLEET_AUTOSCALING_LAUNCHES_PER_HOUR": ("20", 20),
    "MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES": ("3", 3),
    "MEDIAFLEET_AUTOSCALING_BACK_OFF": ("90", 90),
    "MEDIAFLEET_AUTOSCALING_HOOK": ("add-node --from '{a}'", "add-node --from '{a}'"),
    "OPENVIDU_PRO_ELASTICSEARCH_HOST": ("http://127.0.0.1:9200", "http://127.0.0.1:9200"),
    "OPENVIDU_PRO_ELASTICSEARCH_VERSION": ("7.9.0", "7.9.0"),
    "OPENVIDU_PRO_KIBANA_HOST": ("http://127.0.0.1/kibana", "http://127.0.0.1/kibana"),
    "OPENVIDU_PRO_KIBANA_VERSION": ("7.9.0", "7.9.0"),
    "OPENVIDU_SECRET": (" spaced = out ", " spaced = out "),
    "SERVER_PORT": ("8443", 8443),
    "MEDIAFLEET_BIND_ADDRESS": ("[::1]", "::1"),
    "MEDIAFLEET_PORT": ("0", 0),
    "MEDIAFLEET_DATA_DIR": ("/var/lib/mediafleet", "/var/lib/mediafleet"),
    "MEDIAFLEET_DATABASE_URL": ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
    "MEDIAFLEET_ALLOWED_NODE_NETWORKS": ("127.0.0.0/8, ::1", ("127.0.0.0/8", "::1/128")),
    "MEDIAFLEET_NODE_CA_FILE": (__file__, __file__),
    "MEDIAFLEET_CORS_ORIGINS": ("https://a.example", ("https://a.example",)),
    "MEDIAFLEET_CONNECTIONS_PER_ADDRESS": ("8", 8),
    "MEDIAFLEET_LOAD_INTERVAL": ("0.5", 0.5),
    "OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": ("-1", -1),
    "MEDIAFLEET_PING_INTERVAL": ("1.5", 1.5),
    "MEDIAFLEET_PING_TIMEOUT": ("0.4", 0.4),
    "MEDIAFLEET_PING_PROBES": ("5", 5),
    "MEDIAFLEET_PING_PROBE_INTERVAL": ("0.25", 0.25),
    "MEDIAFLEET_LAUNCH_TIMEOUT": ("90", 90.0),
    "MEDIAFLEET_LOCAL_COMMAND": ("media-server -p '{port}'", "media-server -p '{port}'"),
    "MEDIAFLEET_LOCAL_MAX_NODES": ("3", 3),
    "OPENVIDU_CDR_PATH": ("/srv/cdr", "/srv/cdr"),
    "MEDIAFLEET_EVENTS_RETENTION": ("5000", 5000),
    "MEDIAFLEET_WEBHOOK_DELIVERY": ("best-effort", "best-effort"),
    "MEDIAFLEET_WEBHOOK_SCHEDULE": ("1 2.5 60", "1 2.5 60"),
    "MEDIAFLEET_WEBHOOK_SECRET": (f"whsec_{'canary+/' * 5}", f"whsec_{'canary+/' * 5}"),
    "MEDIAFLEET_WEBHOOK_NETWORKS": ("10.0.0.0/8", ("10.0.0.0/8",)),
    "MEDIAFLEET_WEBHOOK_CA_FILE": (__file__, __file__),
    "ELASTICSEARCH_USERNAME": ("elastic", "elastic"),
    "ELASTICSEARCH_PASSWORD": ("a canary", "a canary"),
    "OPENVIDU_PRO_ELASTICSEARCH_MAX_DAYS_DELETE": ("15", 15),
    "MEDIAFLEET_ELASTICSEARCH_CA_FILE": (__file__, __file__),
    "MEDIAFLEET_REGISTRAR_TOKEN": ("canary-of-a-token", "canary-of-a-token"),
    "MEDIAFLEET_REGISTRAR_NETWORKS": ('["10.0.0.0/8"]', ("10.0.0.0/8",)),
    "MEDIAFLEET_SIGNALLING_SOCKETS": ("500", 500),
    "MEDIAFLEET_SIGNALLING_SOCKETS_PER_ADDRESS": ("50", 50),
    "MEDIAFLEET_METRICS_OPEN": ("true", True),
    "MEDIAFLEET_SESSION_FAILOVER": ("true", True),
    "MEDIAFLEET_SESSIONS": ("500", 500),
    "COTURN_IP": ("192.0.2.3", "192.0.2.3"),
    "OPENVIDU_STREAMS_FORCED_VIDEO_CODEC": ("H264", "H264"),
    "OPENVIDU_STREAMS_ALLOW_TRANSCODING": ("true", True),
    "COTURN_PORT": ("3479", 3479),
    "COTURN_SHARED_SECRET_KEY": ("turn secret", "turn secret"),
    "MEDIAFLEET_SESSION_PARTICIPANTS": ("50", 50),
    "MEDIAFLEET_METRICS_NODES": ("0", 0),
    "MEDIAFLEET_LOG_FORMAT": ("json", "json"),
    "MEDIAFLEET_DOCKER_HOST": ("unix:///run/d.sock", "unix:///run/d.sock"),
    "MEDIAFLEET_DOCKER_IMAGE": ("kms:1", "kms:1"),
    "MEDIAFLEET_DOCKER_COMMAND": ("kms --port 8888", "kms --port 8888"),
    "MEDIAFLEET_DOCKER_NETWORK": ("media", "media"),
    "MEDIAFLEET_DOCKER_MEMORY": ("512", 512),
    "MEDIAFLEET_DOCKER_CPUS": ("1.5", 1.5),
    "MEDIAFLEET_DOCKER_LABELS": ('["team=video"]', ("team=video",)),
    "MEDIAFLEET_DOCKER_PULL": ("never", "never"),
    "AWS_DEFAULT_REGION": ("eu-west-1", "eu-west-1"),
    "AWS_IMAGE_ID": ("ami-0c58bcdd26011d0fd", "ami-0c58bcdd26011d0fd"),
    "AWS_INSTANCE_TYPE": ("c5.xlarge", "c5.xlarge"),
    "AWS_KEY_NAME": ("my key", "my key"),
    "AWS_SUBNET_ID": ("subnet-0b1d2c3e4f5a69788", "subnet-0b1d2c3e4f5a69788"),
    "AWS_SECURITY_GROUP": ("sg-0a1b2c3d,sg-4e5f6a7b", "sg-0a1b2c3d,sg-4e5f6a7b"),
    "AWS_VOLUME_SIZE": ("50", 50),
    "AWS_STACK_ID": ("arn:aws:cloudformation:x", "arn:aws:cloudformation:x"),
    "AWS_STACK_NAME": ("my-stack", "my-stack"),
    "AWS_ACCESS_KEY_ID": ("AKIDEXAMPLE", "AKIDEXAMPLE"),
    "AWS_SECRET_ACCESS_KEY": ("a-key", "a-key"),
    "MEDIAFLEET_AWS_NODE_PORT": ("8889", 8889),
    "MEDIAFLEET_AWS_ENDPOINT": ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
}
WITH_EFFECT = [each for each in SETTABLE if each.use is not Use.KEPT]


def from_file(path: Path, text: str, **environ: str) -> Configuration:
    path.write_text(text, encoding="utf-8", newline="")
    return read_configuration(overrides={}, dotenv_path=path, environ=environ)


def problems_of(path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        from_file(path, text, **environ)
    return [str(problem) for problem in refused.value.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_every_property_with_an_effect_has_a_sample() -> None:
    assert {each.name for each in WITH_EFFECT} == set(SAMPLES)


@pytest.mark.parametrize("each", WITH_EFFECT, ids=lambda each: each.name)
def test_a_property_is_read_from_each_source_and_the_higher_source_wins(
    each: Property, path: Path
) -> None:
    text, value = SAMPLES[each.name]
    # The companions that the rules between properties ask for.
    support = {
        "OPENVIDU_WEBHOOK_ENDPOINT": "http://other.example/",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": "50",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": "0",
        "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
        "MEDIAFLEET_REGISTRAR_NETWORKS": '["127.0.0.0/8"]',
    }
    environ = {**support, each.name: text}
    by_environment = read_configuration(overrides={}, dotenv_path=None, environ=environ)
    by_file = from_file(path, f"{each.name}={text}\n", **{**environ, each.name: "\x00bad"})
    by_override = read_configuration(
        overrides={each.name: text}, dotenv_path=path, environ={**environ, each.name: "\x00bad"}
    )

    assert by_environment[each.name] == by_file[each.name] == by_override[each.name] == value
    assert type(by_file[each.name]) is type(value)
    assert by_environment.origins[each.name] is Origin.ENVIRONMENT
    assert by_file.origins[each.name] is Origin.FILE
    assert by_override.origins[each.name] is Origin.OVERRIDE


@pytest.mark.parametrize("each", WITH_EFFECT, ids=lambda each: each.name)
def test_a_written_value_is_read_back_and_checked_alike(each: Property) -> None:
    _, value = SAMPLES[each.name]
    as_json = list(value) if isinstance(value, tuple) else value

    assert each.kind.read(each.kind.write(value)) == value
    assert each.kind.check(as_json) == value


@pytest.mark.parametrize("each", PROPERTIES, ids=lambda each: each.name)
def test_a_default_satisfies_its_own_rule(each: Property) -> None:
    if each.default is not None:
        assert each.kind.read(each.kind.write(each.default)) == each.default


@pytest.mark.parametrize("each", SETTABLE, ids=lambda each: each.name)
def test_a_line_separator_in_any_property_is_refused(each: Property, path: Path) -> None:
    problems = problems_of(path, f"{each.name}=a\u2028b\n")

    assert any(each.name in problem and "line 1" in problem for problem in problems)
    assert not any("\u2028" in problem for problem in problems)


def test_nodes_that_are_named_are_on_premises_unless_something_else_is_said(path: Path) -> None:
    named = "KMS_URIS=[ws://10.1.1.26:8888/kurento]"

    assert from_file(path, named).environment == "on_premise"
    assert from_file(path, "KMS_URIS=[]").environment == "local"
    said = from_file(path, named, OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local")
    assert said.environment == "local"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("OPENVIDU_PRO_CLUSTER_MEDIA_NODES=9", "OPENVIDU_PRO_CLUSTER_MEDIA_NODES"),
        (
            "OPENVIDU_PRO_CLUSTER_MEDIA_NODES=9\nOPENVIDU_PRO_CLUSTER_AUTOSCALING=true\n"
            "MEDIAFLEET_LOCAL_MAX_NODES=1\nOPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=2",
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES",
        ),
        ("MEDIAFLEET_ALLOWED_NODE_NETWORKS=10.0.0.0/8,::/0", "MEDIAFLEET_ALLOWED_NODE_NETWORKS"),
    ],
)
def test_local_nodes_that_could_not_be_are_not_wanted(path: Path, text: str, problem: str) -> None:
    (reported,) = problems_of(path, text)

    assert reported.startswith(f"Property {problem}=")
    assert " in the environment local" in reported or "of the environment local" in reported
    elsewhere = f"{text}\nOPENVIDU_PRO_CLUSTER_ENVIRONMENT=on_premise"
    assert from_file(path, elsewhere).environment == "on_premise"


def test_a_registrar_needs_networks_and_machines_of_others(path: Path) -> None:
    token = "MEDIAFLEET_REGISTRAR_TOKEN=canary-of-a-token\n"

    assert problems_of(path, token) == [
        "Property MEDIAFLEET_REGISTRAR_NETWORKS is not set: it is required when"
        " MEDIAFLEET_REGISTRAR_TOKEN is set.",
        "Property OPENVIDU_PRO_CLUSTER_ENVIRONMENT=local: must be on_premise when"
        " MEDIAFLEET_REGISTRAR_TOKEN is set.",
    ]
    [problem] = problems_of(path, "MEDIAFLEET_REGISTRAR_TOKEN=canary/of/a/token\n")
    assert "canary" not in problem
    right = (
        f"{token}OPENVIDU_PRO_CLUSTER_ENVIRONMENT=on_premise\n"
        'MEDIAFLEET_REGISTRAR_NETWORKS=["10.0.0.0/8"]\n'
    )
    assert from_file(path, right).registrar_token == "canary-of-a-token"
    assert "canary-of-a-token" in set(secret_texts(from_file(path, right)))


def test_the_environment_aws_needs_to_know_what_to_launch(path: Path) -> None:
    aws = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT=aws\n"

    assert [reported.split(" ")[1] for reported in problems_of(path, aws)] == [
        "AWS_DEFAULT_REGION",
        "AWS_IMAGE_ID",
        "AWS_INSTANCE_TYPE",
    ]
    wrong = f"{aws}AWS_DEFAULT_REGION=nowhere\nAWS_IMAGE_ID=x\nAWS_INSTANCE_TYPE=big\n"
    assert len(problems_of(path, wrong)) == 3
    right = (
        f"{aws}AWS_DEFAULT_REGION=eu-west-1\nAWS_IMAGE_ID=ami-0c58bcdd26011d0fd\n"
        "AWS_INSTANCE_TYPE=c5.xlarge\n"
    )
    assert from_file(path, right).environment == "aws"
    (reported,) = problems_of(path, f"{right}AWS_ACCESS_KEY_ID={CANARY}\n")
    assert "AWS_SECRET_ACCESS_KEY is not set" in reported
    assert CANARY not in reported


def test_without_any_source_the_defaults_hold() -> None:
    configuration = read_configuration(overrides={}, dotenv_path=None, environ={"HOME": "/home/me"})

    assert configuration.secret is None
    assert configuration.cluster_id is None
    assert configuration.environment == "local"
    assert configuration.kms_uris == ()
    assert configuration.get("OPENVIDU_PRO_CLUSTER_MEDIA_NODES", int) == 1
    assert configuration.public_url == "https://localhost"
    assert (configuration.get("MEDIAFLEET_BIND_ADDRESS", str), configuration.port) == (
        "127.0.0.1",
        5443,
    )
    assert configuration.data_dir == Path("/home/me/.local/share/mediafleet")
    assert configuration.database_url.endswith(":////home/me/.local/share/mediafleet/mediafleet.db")
    assert [str(network) for network in configuration.allowed_node_networks] == [
        "0.0.0.0/0",
        "::/0",
    ]
    assert configuration.node_ca_file is None
    assert configuration.get("MEDIAFLEET_CORS_ORIGINS", tuple) == ()
    assert (configuration.load_interval, configuration.launch_timeout) == (5.0, 60.0)
    assert configuration.get("MEDIAFLEET_LOG_FORMAT", str) == "console"
    assert configuration.unused == configuration.without_feature == ()
    assert set(configuration.origins.values()) == {Origin.DEFAULT}


def test_the_data_directory_follows_the_desktop_standard() -> None:
    configuration = read_configuration(
        overrides={}, dotenv_path=None, environ={"XDG_DATA_HOME": "/data", "HOME": "/home/me"}
    )

    assert configuration.data_dir == Path("/data/mediafleet")


@pytest.mark.parametrize(
    ("overrides", "environ", "port"),
    [
        ({}, {"MEDIAFLEET_PORT": "1"}, 1),
        ({}, {"MEDIAFLEET_PORT": "1", "SERVER_PORT": "2"}, 2),
        ({"MEDIAFLEET_PORT": 0}, {"SERVER_PORT": "2"}, 0),
        ({"MEDIAFLEET_PORT": None}, {"SERVER_PORT": "2"}, 2),
    ],
)
def test_server_port_wins_unless_the_command_line_names_a_port(
    overrides: dict[str, object], environ: dict[str, str], port: int
) -> None:
    configuration = read_configuration(overrides=overrides, dotenv_path=None, environ=environ)

    assert configuration.port == port


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("my.openvidu.ip", "443", "https://my.openvidu.ip"),
        ("my.openvidu.ip", "4443", "https://my.openvidu.ip:4443"),
        ("2001:db8::1", "443", "https://[2001:db8::1]"),
        ("[2001:db8::1]", "8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_the_public_url_has_no_slash_at_its_end(host: str, port: str, url: str) -> None:
    configuration = read_configuration(
        overrides={}, dotenv_path=None, environ={"DOMAIN_OR_PUBLIC_IP": host, "HTTPS_PORT": port}
    )

    assert configuration.public_url == url


def test_older_names_are_read_when_the_name_itself_is_absent(path: Path) -> None:
    older = "OPENVIDU_DOMAIN_OR_PUBLIC_IP=old.example\n"

    assert from_file(path, older).public_url == "https://old.example"
    assert from_file(path, older + "DOMAIN_OR_PUBLIC_IP=new.example\n").public_url == (
        "https://new.example"
    )


def test_override_paths_are_taken_as_text(tmp_path: Path) -> None:
    configuration = read_configuration(
        overrides={"MEDIAFLEET_DATA_DIR": tmp_path}, dotenv_path=None, environ={}
    )

    assert configuration.data_dir == tmp_path


def test_a_missing_file_means_defaults(tmp_path: Path) -> None:
    configuration = read_configuration(
        overrides={}, dotenv_path=tmp_path / "no" / ".env", environ={}
    )

    assert configuration.origins["OPENVIDU_CDR"] is Origin.DEFAULT


def test_all_errors_of_all_sources_are_reported_at_once(path: Path) -> None:
    path.write_text("HTTPS_PORT=0\nnot a line\nOPENVIDU_SECRET=\nDOMAIN_OR_PUBLIC_IP=\n")
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(
            overrides={"MEDIAFLEET_PORT": "x", "MEDIAFLEET_PROT": 1},
            dotenv_path=path,
            environ={"OPENVIDU_CDR": "yes", "OPENVIDU_WEBHOOK": "true"},
        )

    assert [str(problem) for problem in refused.value.problems] == [
        f"{path}, line 2: the line is neither KEY=VALUE nor blank nor a comment beginning with #.",
        "Property DOMAIN_OR_PUBLIC_IP=: may not be empty; it must be a host name or an IP address"
        f" ({path}, line 4).",
        f"Property HTTPS_PORT=0: must be a whole number from 1 to 65535 ({path}, line 1).",
        "Property OPENVIDU_CDR=yes: must be true or false (set in the environment).",
        f"Property OPENVIDU_SECRET=***: may not be empty ({path}, line 3).",
        "Property MEDIAFLEET_PORT=x: must be a whole number from 0 to 65535 (set on the command"
        " line).",
        "Property MEDIAFLEET_PROT=***: there is no such property to set.",
        "Property OPENVIDU_WEBHOOK_ENDPOINT is not set: it is required when OPENVIDU_WEBHOOK is"
        " true.",
    ]
    report = refused.value.report(path)
    assert all(str(problem) in report for problem in refused.value.problems)
    assert "8 problems" in report
    assert str(path) in report.splitlines()[-4]


@pytest.mark.parametrize("name", [each for each in SAMPLES if BY_NAME[each].secret])
def test_every_secret_is_masked(name: str, path: Path) -> None:
    configuration = from_file(path, "").replaced({name: SAMPLES[name][1]}, Origin.FILE)

    text = "p" if name == "MEDIAFLEET_DATABASE_URL" else SAMPLES[name][0]
    assert text in set(secret_texts(configuration))


@pytest.mark.parametrize("each", [each for each in SETTABLE if each.secret], ids=lambda e: e.name)
def test_a_secret_is_never_shown(each: Property, path: Path) -> None:
    [problem] = problems_of(path, f"{each.name}={CANARY}\x1b\n")

    assert CANARY not in problem
    assert f"{each.name}=***" in problem


@pytest.mark.parametrize(
    "line",
    [
        f"OPENVIDU_WEBHOOK_HEADERS=[{CANARY}]",
        f"OPENVIDU_WEBHOOK_HEADERS=[Authorization: {CANARY}, bad]",
        f"OPENVIDU_WEBHOOK_HEADERS=[Authorization: {CANARY}",
        f"OPENVIDU_WEBHOOK_ENDPOINT=http://me:{CANARY}@hook.example/",
        f"OPENVIDU_WEBHOOK_ENDPOINT=ftp://hook.example/?token={CANARY}",
        f"OPENVIDU_PRO_ELASTICSEARCH_HOST=http://{CANARY}@h",
        f"KMS_URIS=[ws://me:{CANARY}@10.0.0.1:8888/kurento]",
        f"KMS_URIS=[ws://10.0.0.1:8888/kurento?{CANARY}]",
        f"MEDIAFLEET_CORS_ORIGINS=[https://{CANARY}@h]",
        f"MEDIAFLEET_DATABASE_URL={CANARY}",
        f"MEDIAFLEET_DATABASE_URL=mysql://u:{CANARY}@h/d",
        f"MEDIAFLEET_DATABASE_URL=postgresql://u:{CANARY}@h:{CANARY}/d",
        f"OPENVIDU_SECRET {CANARY}",
        f"OPENVIDU_SECRET: {CANARY}",
        f"{CANARY}",
        f"={CANARY}",
    ],
)
def test_what_may_be_private_is_never_shown(line: str, path: Path) -> None:
    problems = problems_of(path, line + "\n")

    assert problems
    assert CANARY not in " ".join(problems)


def test_the_text_form_of_a_configuration_shows_names_only(path: Path) -> None:
    configuration = from_file(
        path, f"OPENVIDU_SECRET={CANARY}\nMEDIAFLEET_DATABASE_URL=postgres://u:{CANARY}@h/d\n"
    )

    assert configuration.secret == CANARY
    assert CANARY not in f"{configuration!r} {configuration!s}"
    assert "OPENVIDU_SECRET" in repr(configuration)


def test_a_file_with_windows_line_ends_is_read_as_any_other(path: Path) -> None:
    text = "# hello\r\nOPENVIDU_CDR=true\r\nexport OPENVIDU_SECRET=abc\r\nHTTPS_PORT=444"

    configuration = from_file(path, text)

    assert configuration.secret == "abc"
    assert (configuration["OPENVIDU_CDR"], configuration["HTTPS_PORT"]) == (True, 444)
    assert configuration.warnings == ()


def test_names_without_effect_are_reported_once_and_kept_out(path: Path) -> None:
    configuration = from_file(
        path,
        f"SOMETHING=1\nCERTIFICATE_TYPE=owncert\nKIBANA_PASSWORD={CANARY}\nSOMETHING=2\n",
    )

    assert configuration.unused == ("CERTIFICATE_TYPE", "KIBANA_PASSWORD")
    assert configuration.unknown == ("SOMETHING",)
    assert CANARY not in str(dict(configuration.values))


def test_names_that_look_like_properties_are_reported_wherever_they_are_set(path: Path) -> None:
    path.write_text("OPENVIDU_SECRTE=1\nSOMETHING=1\nOPENVIDU_PUBLICURL=x\nMEDIAFLEET_BOTH=1\n")
    environ = {
        "MEDIAFLEET_PROT": "1",
        "MEDIAFLEET_BOTH": "1",
        "MEDIAFLEET_URL": "http://h",
        "OPENVIDU_DOMAIN_OR_PUBLIC_IP": "h",
        "OPENVIDU_EDITION": "pro",
        "OPENVIDU": "x",
        "SOMETHING": "1",
    }

    configuration = read_configuration(overrides={}, dotenv_path=path, environ=environ)

    assert {each.property: each.place for each in configuration.warnings} == {
        "MEDIAFLEET_PROT": "set in the environment",
        "MEDIAFLEET_BOTH": f"{path}, line 4",
        "OPENVIDU_SECRTE": f"{path}, line 1",
    }
    assert configuration.unused == ("OPENVIDU_PUBLICURL",)
    assert configuration.unknown == ("SOMETHING",)


def test_the_environment_does_not_set_what_has_no_effect() -> None:
    # Kubernetes sets such names for services that happen to be called "http".
    environ = {"HTTP_PORT": "tcp://10.0.0.1:80", "CERTIFICATE_TYPE": "none"}
    configuration = read_configuration(overrides={}, dotenv_path=None, environ=environ)

    assert configuration.unused == ()


def test_documented_rules_of_properties_without_effect_are_checked(path: Path) -> None:
    problems = problems_of(path, "CERTIFICATE_TYPE=mine\nOPENVIDU_PRO_PRIVATE_IP=x\n")

    assert len(problems) == 2


def test_settings_of_features_that_do_not_exist_are_named(path: Path) -> None:
    configuration = from_file(
        path, "OPENVIDU_RECORDING=true\nOPENVIDU_CDR=true\nOPENVIDU_PRO_CLUSTER_ID=x\n"
    )

    assert configuration.without_feature == ("OPENVIDU_RECORDING",)


def test_a_secret_and_a_cluster_id_that_were_made_are_taken_over() -> None:
    bare = read_configuration(overrides={}, dotenv_path=None, environ={})
    made = bare.with_made(secret="s", cluster_id="clu_x")

    assert (made.secret, made.cluster_id) == ("s", "clu_x")
    assert made.origins["OPENVIDU_SECRET"] is Origin.MADE
    assert bare.secret is None


def test_a_file_that_is_too_long_or_no_file_or_no_text_is_refused(path: Path) -> None:
    assert "longer than" in problems_of(path, "#" * (MAX_FILE_BYTES + 1))[0]
    assert from_file(path, "#" * MAX_FILE_BYTES).unused == ()
    path.write_bytes(b"A=1\nB=\xff\n")
    with pytest.raises(ConfigurationError, match=r"not UTF-8 in line 2"):
        read_configuration(overrides={}, dotenv_path=path, environ={})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_configuration(overrides={}, dotenv_path=path / ".env", environ={})
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigurationError, match="it is a directory"):
        read_configuration(overrides={}, dotenv_path=path, environ={})


@pytest.mark.parametrize(
    ("environ", "steps"),
    [
        (
            {},
            [
                "  1. Name another file than {path}, or make it one that can be read.",
                "  2. Start again.",
            ],
        ),
        (
            {"OPENVIDU_CDR": "yes"},
            [
                "  1. Name another file than {path}, or make it one that can be read.",
                "  2. Correct what is named above, in the environment",
                "     or on the command line (the command line wins, then the file).",
                "  3. Compare it with the table of docs/configuration.md.",
                "  4. Start again.",
            ],
        ),
    ],
)
def test_what_is_no_file_is_not_a_place_to_correct_properties(
    path: Path, environ: dict[str, str], steps: list[str]
) -> None:
    path.mkdir()
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(overrides={}, dotenv_path=path, environ=environ)

    report = refused.value.report(path)

    assert f"  * {path}: it is a directory.\n" in report
    _, _, reported = report.partition("How to mend it:\n")
    assert reported.splitlines() == [step.format(path=path) for step in steps]


def test_a_pipe_in_the_place_of_the_file_does_not_block(path: Path) -> None:
    os.mkfifo(path)

    with pytest.raises(ConfigurationError, match="not a regular file"):
        read_configuration(overrides={}, dotenv_path=path, environ={})


def test_values_longer_than_the_limit_are_refused(path: Path) -> None:
    [problem] = problems_of(path, "MEDIAFLEET_CORS_ORIGINS=[" + "x" * 8192 + "]\n")

    assert "at most 8192 characters" in problem
    assert len(problem) < 400


def test_the_uris_of_a_cluster_of_any_size_fit(path: Path) -> None:
    uris = [f"ws://10.{number // 250}.{number % 250}.1:8888/" for number in range(10_000)]
    longest = [uri.ljust(255, "k") for uri in uris]

    configuration = from_file(path, f"KMS_URIS={json.dumps(longest, separators=(',', ':'))}\n")

    assert list(configuration.kms_uris) == longest
    assert len(from_file(path, f"KMS_URIS=[{', '.join(uris)}]\n").kms_uris) == 10_000
    [problem] = problems_of(path, f"KMS_URIS=[{','.join(uris)},ws://h:8888/]\n")
    assert "must have at most 10000 items" in problem
    assert len(problem) < 800


def deployment(domain: str, secret: str) -> str:
    sample = Path(__file__).with_name("deployment.env").read_text(encoding="utf-8")
    return sample.replace("@DOMAIN@", domain).replace("@SECRET@", secret)


def test_an_openvidu_deployment_file_loads_once_domain_and_secret_are_filled_in(
    path: Path,
) -> None:
    configuration = from_file(path, deployment("video.example.com", "MY_SECRET"))

    assert configuration.secret == "MY_SECRET"
    assert configuration.kms_uris == (
        "ws://10.1.1.26:8888/kurento",
        "wss://[2001:db8::7]:8433/kurento",
    )
    assert configuration["OPENVIDU_WEBHOOK_HEADERS"] == ("Authorization: Basic xxx=",)
    assert configuration["OPENVIDU_WEBHOOK_EVENTS"] == (
        "sessionCreated",
        "sessionDestroyed",
        "nodeCrashed",
    )
    assert configuration["OPENVIDU_RECORDING_PATH"] == "/srv/recordings/"
    assert configuration.unused == (
        "OPENVIDU_PRO_LICENSE",
        "OPENVIDU_EDITION",
        "CERTIFICATE_TYPE",
        "LETSENCRYPT_EMAIL",
        "ALLOWED_ACCESS_TO_RESTAPI",
        "OPENVIDU_PRO_CLUSTER_MODE",
        "OPENVIDU_PRO_CLUSTER_LOAD_STRATEGY",
        "OPENVIDU_PRO_ELASTICSEARCH",
        "KIBANA_USER",
        "KIBANA_PASSWORD",
        "OPENVIDU_RECORDING_DEBUG",
        "KMS_IMAGE",
    )
    answer = describe(configuration, version="2.15.1", kms_uris=[])
    assert answer["OPENVIDU_PUBLICURL"] == "https://video.example.com"
    assert answer["OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH"] == 2000


def test_an_openvidu_deployment_file_names_what_must_be_filled_in(path: Path) -> None:
    problems = problems_of(path, deployment("", ""))

    assert [problem.split(":")[0] for problem in problems] == [
        "Property DOMAIN_OR_PUBLIC_IP=",
        "Property OPENVIDU_SECRET=***",
    ]


def test_names_in_the_table_are_unique() -> None:
    assert len(BY_NAME) == len(PROPERTIES)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 3.0),
        ({"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise"}, None),
        (
            {
                "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
                "OPENVIDU_PRO_CLUSTER_AUTOSCALING": "true",
            },
            3.0,
        ),
        ({"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "docker"}, 3.0),
        ({"OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "7"}, 7.0),
        (
            {
                "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "docker",
                "OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "-1",
            },
            None,
        ),
    ],
)
def test_the_timeout_of_lost_nodes_is_finite_where_others_can_be_launched(given, seconds):
    configuration = read_configuration(overrides={}, dotenv_path=None, environ=given)

    assert configuration.reconnection_timeout == seconds


@pytest.mark.parametrize("value", ["0", "2", "-2", "3.5", "never"])
def test_the_timeout_of_lost_nodes_is_three_seconds_at_least_or_infinite(value):
    given = {"OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": value}

    with pytest.raises(ConfigurationError, match="-1 for never, or a whole number from 3"):
        read_configuration(overrides={}, dotenv_path=None, environ=given)
