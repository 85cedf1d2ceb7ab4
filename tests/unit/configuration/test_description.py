import pytest

from mediafleet.configuration import Configuration, describe, read_configuration
from mediafleet.configuration.properties import SETTABLE

SAMPLE = {
    "VERSION": "2.15.1",
    "OPENVIDU_SERVER_DEPENDENCY_VERSION": "2.15.0",
    "DOMAIN_OR_PUBLIC_IP": "my.openvidu.ip",
    "HTTPS_PORT": 443,
    "OPENVIDU_PUBLICURL": "https://my.openvidu.ip",
    "OPENVIDU_CDR": False,
    "OPENVIDU_STREAMS_VIDEO_MAX_RECV_BANDWIDTH": 1000,
    "OPENVIDU_STREAMS_VIDEO_MIN_RECV_BANDWIDTH": 300,
    "OPENVIDU_STREAMS_VIDEO_MAX_SEND_BANDWIDTH": 1000,
    "OPENVIDU_STREAMS_VIDEO_MIN_SEND_BANDWIDTH": 300,
    "OPENVIDU_SESSIONS_GARBAGE_INTERVAL": 900,
    "OPENVIDU_SESSIONS_GARBAGE_THRESHOLD": 3600,
    "OPENVIDU_RECORDING": True,
    "OPENVIDU_RECORDING_VERSION": "2.15.0",
    "OPENVIDU_RECORDING_PATH": "/opt/openvidu/recordings/",
    "OPENVIDU_RECORDING_PUBLIC_ACCESS": False,
    "OPENVIDU_RECORDING_NOTIFICATION": "moderator",
    "OPENVIDU_RECORDING_CUSTOM_LAYOUT": "/opt/openvidu/custom-layout/",
    "OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT": 60,
    "OPENVIDU_WEBHOOK": True,
    "OPENVIDU_WEBHOOK_ENDPOINT": "http://my.webhook.endpoint:7777/webhook",
    "OPENVIDU_WEBHOOK_HEADERS": [],
    "OPENVIDU_WEBHOOK_EVENTS": ["sessionCreated", "sessionDestroyed", "recordingStatusChanged"],
    "KMS_URIS": ["ws://10.1.1.26:8888/kurento", "ws://10.1.1.16:8888/kurento"],
    "OPENVIDU_PRO_STATS_MONITORING_INTERVAL": 60,
    "OPENVIDU_PRO_STATS_WEBRTC_INTERVAL": 30,
    "OPENVIDU_PRO_CLUSTER_ID": "MY_CLUSTER",
    "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "docker",
    "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 1,
    "OPENVIDU_PRO_CLUSTER_PATH": "/opt/openvidu/cluster/",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": True,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": 3,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 2,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 70,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": 30,
    "OPENVIDU_PRO_ELASTICSEARCH": True,
    "OPENVIDU_PRO_ELASTICSEARCH_HOST": "http://127.0.0.1:9200",
    "OPENVIDU_PRO_ELASTICSEARCH_VERSION": "7.8.0",
    "OPENVIDU_PRO_KIBANA": True,
    "OPENVIDU_PRO_KIBANA_HOST": "http://127.0.0.1/kibana",
    "OPENVIDU_PRO_KIBANA_VERSION": "7.8.0",
    "OPENVIDU_PRO_NETWORK_STAT": False,
}
GIVEN = {name: SAMPLE[name] for name in SAMPLE if name in {each.name for each in SETTABLE}}
BLOCKS = {
    "OPENVIDU_RECORDING": "OPENVIDU_RECORDING_",
    "OPENVIDU_WEBHOOK": "OPENVIDU_WEBHOOK_",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": "OPENVIDU_PRO_CLUSTER_AUTOSCALING_",
    "OPENVIDU_PRO_ELASTICSEARCH_HOST": "OPENVIDU_PRO_ELASTICSEARCH_",
    "OPENVIDU_PRO_KIBANA_HOST": "OPENVIDU_PRO_KIBANA_",
}


def configured(**overrides: object) -> Configuration:
    return read_configuration(overrides={**GIVEN, **overrides}, dotenv_path=None, environ={})


def described(configuration: Configuration) -> dict[str, object]:
    return dict(describe(configuration, version="2.15.1", kms_uris=[]))


def test_with_everything_on_the_published_sample_comes_out_in_its_order() -> None:
    answer = described(configured())

    assert list(answer.items()) == list(SAMPLE.items())
    assert [type(value) for value in answer.values()] == [type(value) for value in SAMPLE.values()]


@pytest.mark.parametrize(("switch", "prefix"), BLOCKS.items())
def test_keys_of_a_feature_that_is_off_are_absent(switch: str, prefix: str) -> None:
    off = "" if switch.endswith("_HOST") else False
    absent = {name for name in SAMPLE if name.startswith(prefix)}

    answer = described(configured(**{switch: off}))

    assert absent
    assert set(answer) == set(SAMPLE) - absent
    assert answer[switch.removesuffix("_HOST")] is False


def test_the_composed_url_is_shown_only_when_it_is_set_and_recording_is_on() -> None:
    url = {"OPENVIDU_RECORDING_COMPOSED_URL": "https://page.example/"}

    on = described(configured(**url))
    off = described(configured(**url, OPENVIDU_RECORDING=False))

    assert on["OPENVIDU_RECORDING_COMPOSED_URL"] == "https://page.example/"
    assert "OPENVIDU_RECORDING_COMPOSED_URL" not in off


def test_connected_nodes_take_the_place_of_the_configured_uris() -> None:
    uris = ["ws://10.0.0.9:8888/kurento"]

    assert describe(configured(), version="x", kms_uris=uris)["KMS_URIS"] == uris


def test_no_secret_is_described() -> None:
    secrets = {"OPENVIDU_SECRET": "canary-1", "MEDIAFLEET_DATABASE_URL": "sqlite:///canary-1"}

    assert "canary-1" not in str(described(configured(**secrets)))


def test_webhook_headers_are_described_as_they_are() -> None:
    headers = ["Authorization: Basic T1BFTlZJRFVBUFA6"]

    answer = described(configured(OPENVIDU_WEBHOOK_HEADERS=headers))

    assert answer["OPENVIDU_WEBHOOK_HEADERS"] == headers
