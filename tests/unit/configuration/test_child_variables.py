import pytest

from mediafleet.configuration import inherited_variables


def test_children_get_all_but_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [
        "OPENVIDU_SECRET",
        "MEDIAFLEET_DATABASE_URL",
        "AWS_SESSION_TOKEN",
        "DOCKER_AUTH_CONFIG",
        "KIBANA_PASSWORD",
        "PGPASSWORD",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ]
    for name in [*ours, "GST_DEBUG"]:
        monkeypatch.setenv(name, "canary")

    given = inherited_variables()

    assert [name for name, value in given.items() if value == "canary"] == ["GST_DEBUG"]
    assert "PATH" in given
