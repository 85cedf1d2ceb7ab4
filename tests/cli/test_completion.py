"""What the shell is offered after a TAB."""

from pathlib import Path

import pytest


def complete(run, *words, **variables):
    return run(
        **variables,
        _MEDIAFLEET_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(["mediafleet", *words]),
        COMP_CWORD=str(len(words)),
    )


def offered(done):
    return done.out.split()


def test_commands_and_statuses_are_offered(run):
    assert "restart" in offered(complete(run, "re"))
    assert offered(complete(run, "nodes", "status", "kms_1", "wait")) == [
        "waiting-idle-to-terminate"
    ]


def test_names_of_properties_are_offered(run):
    assert offered(complete(run, "restart", "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX")) == [
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD=",
    ]


def test_ids_of_nodes_are_offered(run, start):
    demo = start("demo", "--nodes", 2, "--port", 0)
    secret = demo.line(r"cat '(.*/secret)'")[1]
    access = {"MEDIAFLEET_URL": demo.url, "OPENVIDU_SECRET": Path(secret).read_text().strip()}

    ids = offered(complete(run, "nodes", "get", "kms_", **access))

    assert len(ids) == 2
    assert all(each.startswith("kms_") for each in ids)


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_server_out_of_reach_offers_nothing_and_complains_of_nothing(run, secret):
    done = complete(
        run, "nodes", "get", "kms_", MEDIAFLEET_URL="http://127.0.0.1:9", OPENVIDU_SECRET=secret
    )

    assert done.all.strip() == ""


def test_a_shell_can_be_taught(run):
    done = run("--show-completion", "bash")

    assert done.code == 0
    assert "_MEDIAFLEET_COMPLETE" in done.out
