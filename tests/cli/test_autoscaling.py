"""`mediafleet autoscaling explain`: against a real server with emulated nodes."""

import json
import time

import pytest

SETTINGS = {
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": "true",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": "1",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": "3",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": "0",
    "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise",
    "MEDIAFLEET_AUTOSCALING_EVALUATIONS": "2",
    "MEDIAFLEET_AUTOSCALING_SHRINK_COOLDOWN": "90",
}


@pytest.fixture
def mediafleet(start, tmp_path, run_here):
    hook = f"/bin/sh -c 'cat > {tmp_path}/requested; echo > {tmp_path}/done'"
    settings = {**SETTINGS, "MEDIAFLEET_AUTOSCALING_HOOK": hook}
    server = start("serve", "--port", 0, "--data-dir", tmp_path, **settings)
    return lambda *arguments: run_here(*arguments, **server.access)


def test_autoscaling_explains_what_it_would_do_and_did(mediafleet):
    explained = mediafleet("autoscaling", "explain").out

    assert explained.split()[:2] == ["autoscaling", "on"]
    assert "2 evaluations in a row, no shrinking for 1m 30s after a change" in explained
    assert "There are fewer active nodes than the minimum (1)." in explained
    assert explained.count("1 new node is needed") == 2  # now, and when the server began

    report = mediafleet("autoscaling", "explain", "--json").json
    assert report["policy"] == {"minNodes": 1, "maxNodes": 3, "minLoad": 0, "maxLoad": 70}
    assert [each["newNodes"] for each in report["decisions"]] == [1]
    assert (report["launches"], report["hook"], report["mediaNodes"]) == (False, True, [])


def test_a_dry_run_decides_with_other_limits_and_changes_nothing(mediafleet):
    dry = mediafleet("autoscaling", "explain", "--dry-run", "--min-nodes", 3, "--json").json

    assert (dry["policy"]["minNodes"], dry["now"]["newNodes"]) == (3, 3)
    assert mediafleet("autoscaling", "explain", "--json").json["policy"]["minNodes"] == 1


def test_limits_that_contradict_each_other_are_refused(mediafleet):
    refused = mediafleet("autoscaling", "explain", "--dry-run", "--min-nodes", 4)

    assert refused.code == 2
    assert "minNodes=4 must not be above maxNodes=3" in refused.err


def test_limits_need_a_dry_run(mediafleet):
    refused = mediafleet("autoscaling", "explain", "--min-nodes", 2)

    assert refused.code == 2
    assert "--dry-run" in refused.err


def test_what_is_requested_on_premises_reaches_the_hook_of_a_real_server(mediafleet, tmp_path):
    end = time.monotonic() + 10
    while not (tmp_path / "done").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    event = json.loads((tmp_path / "requested").read_text())
    assert (event["event"], event["mediaNodes"]["launch"]["newNodes"]) == ("autoscaling", 1)
