"""`mediafleet events`: against a real server with emulated nodes, which is killed in between."""

import json
import signal
import sqlite3

import pytest


@pytest.fixture(scope="module")
def uris(start):
    return start("emulator", "--nodes", 4, "--port", 0).uris(4)


class Cluster:
    """A server that can be killed and started again at its address."""

    def __init__(self, start, folder):
        self._start = start
        self.folder = folder
        self._port = 0
        self.start()
        self._port = int(self.server.url.rpartition(":")[2])
        self.access = self.server.access

    def start(self):
        self.server = self._start("serve", "--port", self._port, "--data-dir", self.folder)
        assert self.server.url

    def stop(self, by=signal.SIGKILL):
        self.server.stop(by)


@pytest.fixture
def cluster(start, tmp_path):
    cluster = Cluster(start, tmp_path)
    yield cluster
    cluster.stop(signal.SIGTERM)


@pytest.fixture
def mediafleet(run_here, cluster):
    return lambda *arguments: run_here(*arguments, **cluster.access)


def test_a_watch_misses_nothing_although_the_server_is_killed(start, cluster, mediafleet, uris):
    follow = [
        start("events", "watch", "--after", 0, "--limit", 4, "--json", **cluster.access),
        start("events", "watch", "--after", 0, "--limit", 4, **cluster.access),
    ]
    mediafleet("nodes", "add", uris[0], "--wait")
    for each in follow:
        each.line("running")
    cluster.stop()
    cluster.start()
    mediafleet("nodes", "add", uris[1], "--wait")

    assert [each.join() for each in follow] == [0, 0]
    events = [json.loads(line) for line in follow[0].out]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4]
    headings, *lines = follow[1].out
    assert headings.split() == ["NUMBER", "TIME", "EVENT", "NODE", "DETAILS"]
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"]
    assert "newStatus=running oldStatus=launching" in lines[1]

    listed = mediafleet("events", "list", "--after", 1, "--limit", 2, "--json").json
    assert listed["content"] == events[1:3]
    table = mediafleet("events", "list").out.splitlines()
    assert [line.split()[0] for line in table] == ["NUMBER", "1", "2", "3", "4"]
    last = events[-1]["hash"]
    verified = mediafleet("events", "verify")
    assert verified.out == f"Events 1 to 4 are unchanged; the last hash is {last}.\n"
    assert mediafleet("events", "verify", "--json").json == {"first": 1, "last": 4, "hash": last}
    gone = mediafleet("events", "list", "--after", 5)
    assert (gone.code, gone.err.split(";")[0]) == (3, "mediafleet: There is no event 5")


def test_a_watch_ends_with_ctrl_c(start, cluster, mediafleet, uris):
    mediafleet("nodes", "add", uris[0], "--wait")
    watch = start("events", "watch", "--after", 0, **cluster.access)
    watch.line("newStatus=running")

    assert watch.stop(signal.SIGINT) == 0
    assert watch.err == []


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE events SET payload = json_set(payload, '$.reason', 'x') WHERE sequence = 2", 2),
        ("UPDATE events SET name = 'nodeRecovered' WHERE sequence = 3", 3),
        ("DELETE FROM events WHERE sequence = 2", 3),
        ("UPDATE events SET hash = (SELECT hash FROM events WHERE sequence = 1)", 2),
    ],
)
def test_events_that_were_changed_in_the_store_are_found(cluster, mediafleet, uris, change, broken):
    for uri in uris[:2]:
        mediafleet("nodes", "add", uri, "--wait")
    assert mediafleet("events", "verify").code == 0
    cluster.stop()
    with sqlite3.connect(cluster.folder / "mediafleet.db") as database:
        database.execute(change)
    database.close()
    cluster.start()

    verified = mediafleet("events", "verify")

    assert verified.code == 4
    assert verified.err.startswith(f"mediafleet: The chain is broken at event {broken}:")


def test_the_events_of_an_empty_cluster(mediafleet):
    assert mediafleet("events", "verify").out == "There are no events.\n"
    assert mediafleet("events", "list").out.split() == [
        *("NUMBER", "TIME", "EVENT", "NODE", "DETAILS"),
    ]


def test_call_detail_records_are_listed_and_printed(cluster, mediafleet):
    assert (mediafleet("events", "cdr").out, mediafleet("events", "cdr", "--json").json) == ("", [])
    (cluster.folder / "cdr").mkdir()
    name = "CDR.2020-09-21_08-50-36.log"
    (cluster.folder / "cdr" / name).write_text('{"nodeRecovered":{}}\n')

    assert mediafleet("events", "cdr").out == f"{name}\n"
    assert mediafleet("events", "cdr", "--json").json == [name]
    assert mediafleet("events", "cdr", name).out == '{"nodeRecovered":{}}\n'
    assert mediafleet("events", "cdr", name[::-1]).code == 3
