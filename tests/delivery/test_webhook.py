"""The webhook: at least once, in order, whatever the receiver does."""

from __future__ import annotations

import base64
import hmac
import socket
import ssl
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from random import Random

import anyio
import pytest
import trustme

from mediafleet.clock import SystemClock
from mediafleet.delivery import receiver as receiver_module
from mediafleet.delivery.receiver import Delivery, UndeliveredError, WebhookSettings
from mediafleet.delivery.webhook import MAX_REFUSALS, Webhook
from mediafleet.domain.errors import NoDeadLetterError, ReplayUnderWayError, StoreUnavailableError
from mediafleet.domain.events import StoredEvent
from mediafleet.domain.ports import DeadLetter
from support.event_source import event_source
from support.hostile_servers import raw_server
from support.store_cases import added, noted
from support.webhook_receiver import OK, status, webhook_receiver

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    """As the server runs: uvloop has connections and TLS of its own."""
    return "asyncio", {"use_uvloop": True}


LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
STATUS_CHANGED = "mediaNodeStatusChanged"


def settings_for(receiver, **changes):
    return replace(
        WebhookSettings(
            is_on=True,
            endpoint=f"http://127.0.0.1:{receiver.port}/hook?from=test",
            events=frozenset({STATUS_CHANGED}),
            networks=LOOPBACK,
            schedule=(0.01,),
        ),
        **changes,
    )


class Running:
    """A webhook that runs; its configuration can be changed."""

    def __init__(self, source, settings):
        self.settings = settings
        self.store = source.store
        self.webhook = Webhook(source.log, lambda: self.settings, SystemClock(), Random(1))

    def change(self, **changes):
        self.settings = replace(self.settings, **changes)
        self.webhook.configure()

    async def until(self, condition):
        with anyio.fail_after(10):
            while not condition(self.webhook):
                await anyio.sleep(0.002)


@asynccontextmanager
async def running(source, settings):
    run = Running(source, settings)
    await run.webhook.begin(source.store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run.webhook.run, source.store, lambda: None)
        yield run
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def delivering(folder, **changes):
    async with (
        event_source(folder) as source,
        webhook_receiver() as receiver,
        running(source, settings_for(receiver, **changes)) as run,
    ):
        yield source, receiver, run


def payloads(requests):
    return [{k: v for k, v in request.event.items() if k != "event"} for request in requests]


async def test_an_event_is_posted_as_openvidu_does(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        headers = (("X-Token", "secret"), ("Content-Type", "application/json;charset=UTF-8"))
        async with running(source, settings_for(receiver, headers=headers)):
            (event,) = await source.emit()
            (request,) = await receiver.until(1)

    assert request.head == "POST /hook?from=test HTTP/1.1"
    assert request.event == {**event.payload, "event": STATUS_CHANGED}
    assert request.headers["x-token"] == "secret"
    assert request.headers["content-type"] == "application/json;charset=UTF-8"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["webhook-id"] == request.headers["idempotency-key"]
    assert "webhook-signature" not in request.headers


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://hooks.example:80/", b"hooks.example"),
        ("https://hooks.example:80/", b"hooks.example:80"),
        ("https://[2001:db8::1]/", b"[2001:db8::1]"),
        ("http://[::1]:8080/", b"[::1]:8080"),
    ],
)
def test_the_host_header_names_the_receiver(endpoint, host):
    receiver = receiver_module.Receiver(WebhookSettings(is_on=True, endpoint=endpoint))
    assert dict(receiver._headers)[b"Host"] == host


async def test_the_signature_is_that_of_standard_webhooks(tmp_path):
    async with delivering(tmp_path, secret=b"a key") as (source, receiver, _):
        await source.emit()
        (request,) = await receiver.until(1)

    identifier, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    signed = f"{identifier}.{at}.".encode() + request.body
    code = base64.b64encode(hmac.digest(b"a key", signed, sha256)).decode()
    assert request.headers["webhook-signature"] == f"v1,{code}"
    assert abs(int(at) - datetime.now(UTC).timestamp()) < 60


async def test_the_check_in_the_documentation_distinguishes_genuine_requests_from_others(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]
    namespace = {}
    exec(code, namespace)
    is_genuine = namespace["is_genuine"]
    key = b"a key of at least 24 bytes"
    secret = f"whsec_{base64.b64encode(key).decode()}"
    async with delivering(tmp_path, secret=key) as (source, receiver, _):
        await source.emit()
        (request,) = await receiver.until(1)

    assert is_genuine(secret, request.headers, request.body)
    assert not is_genuine(secret, request.headers, request.body + b" ")
    assert not is_genuine("whsec_" + "A" * 32, request.headers, request.body)
    old = {**request.headers, "webhook-timestamp": "1600000000"}
    assert not is_genuine(secret, old, request.body)
    unsigned = {k: v for k, v in request.headers.items() if k != "webhook-signature"}
    assert not is_genuine(secret, unsigned, request.body)


async def test_events_come_in_order_over_one_connection(tmp_path):
    async with delivering(tmp_path) as (source, receiver, _):
        events = await source.emit(30)
        requests = await receiver.until(30)
    assert payloads(requests) == [event.payload for event in events]
    assert receiver.connections == 1


async def test_only_the_events_of_the_filter_are_sent(tmp_path):
    async with delivering(tmp_path) as (source, receiver, run):
        await source.emit_session_end()
        await source.emit_of_our_own()
        await source.emit()
        await receiver.until(1)
        run.change(events=frozenset({"mediaNodeForgotten"}))
        await source.emit()
        await source.emit_of_our_own()
        requests = await receiver.until(2)
    assert [request.event["event"] for request in requests] == [
        STATUS_CHANGED,
        "mediaNodeForgotten",
    ]


@pytest.mark.parametrize(
    "failure",
    [None, status(500), status(503), status(404), status(429), status(408), status(302)],
    ids=["closed", "500", "503", "404", "429", "408", "redirect"],
)
async def test_an_event_is_sent_again_until_it_is_taken(tmp_path, failure):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        answers = iter([failure, failure, failure])
        receiver.answer = lambda _: next(answers, OK)
        async with running(source, settings_for(receiver)) as run:
            first, second = await source.emit(2)
            requests = await receiver.until(5)
            await run.until(lambda webhook: webhook.lag == 0)

    assert payloads(requests) == [first.payload] * 4 + [second.payload]
    assert len({request.headers["webhook-id"] for request in requests[:4]}) == 1
    counters = run.webhook.counters
    assert (counters.delivered, counters.failures, counters.consecutive) == (2, 3, 0)
    assert counters.problem is None


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_2xx_is_delivered(tmp_path, code):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.answer = lambda _: status(code)
        async with running(source, settings_for(receiver)) as run:
            await source.emit(2)
            await receiver.until(2)
            await run.until(lambda webhook: webhook.counters.delivered == 2)


async def test_a_receiver_that_is_down_gets_the_backlog_when_it_is_up(tmp_path):
    async with event_source(tmp_path) as source:
        async with webhook_receiver() as receiver:
            settings = settings_for(receiver)
        async with running(source, settings) as run:
            events = await source.emit(5)
            await run.until(lambda webhook: webhook.counters.failures >= 3)
            assert run.webhook.lag == 5
            assert run.webhook.counters.problem
            async with webhook_receiver(port=receiver.port) as receiver:
                requests = await receiver.until(5)
    assert payloads(requests) == [event.payload for event in events]


async def test_the_pauses_follow_the_schedule_and_belong_to_the_receiver(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.answer = lambda _: status(500)
        async with running(source, settings_for(receiver, schedule=(0.01, 3600.0))) as run:
            await source.emit(3)
            await receiver.until(2)
            await anyio.sleep(0.1)
            assert len(receiver.requests) == 2
            receiver.answer = lambda _: OK
            run.change()  # a repaired receiver need not wait for an hour
            await receiver.until(5)


async def test_a_receiver_may_ask_for_a_longer_pause(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.answer = lambda _: status(503, "Retry-After: 3600")
        async with running(source, settings_for(receiver)):
            await source.emit()
            await receiver.until(1)
            await anyio.sleep(0.1)
            assert len(receiver.requests) == 1


async def test_what_the_receiver_refuses_becomes_a_dead_letter_and_later_events_go_on(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        refused_id = "kms_1"
        receiver.answer = lambda r: status(422) if r.event["id"] == refused_id else OK
        async with running(source, settings_for(receiver)) as run:
            first, second = await source.emit(2)
            requests = await receiver.until(MAX_REFUSALS + 1)
            await run.until(lambda webhook: webhook.lag == 0)

            assert payloads(requests) == [first.payload] * MAX_REFUSALS + [second.payload]
            (letter,) = await source.store.dead_letters()
            assert letter.event == first
            assert letter.reason == "answered HTTP 422"
            assert run.webhook.counters.dead_letters == 1

            replay = await run.webhook.replay(source.store, [first.sequence])
            assert replay.delivered == ()
            assert replay.problem == "answered HTTP 422"
            refused_id = None
            replay = await run.webhook.replay(source.store, [first.sequence])
            assert replay.delivered == (first.sequence,)
            assert await source.store.dead_letters() == ()
            with pytest.raises(NoDeadLetterError):
                await run.webhook.replay(source.store, [first.sequence])


async def test_best_effort_sends_each_event_once(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.answer = lambda _: status(500)
        settings = settings_for(receiver, delivery=Delivery.BEST_EFFORT)
        async with running(source, settings) as run:
            events = await source.emit(3)
            requests = await receiver.until(3)
            await run.until(lambda webhook: webhook.lag == 0)
    assert payloads(requests) == [event.payload for event in events]
    assert run.webhook.lost == 3


async def test_after_a_restart_it_goes_on_where_it_ended(tmp_path):
    async with webhook_receiver() as receiver:
        async with event_source(tmp_path) as source, running(source, settings_for(receiver)) as run:
            first = await source.emit(2)
            await run.until(lambda webhook: webhook.counters.delivered == 2)
            await run.until(lambda webhook: webhook.lag == 0)
        async with event_source(tmp_path) as source:
            second = await source.emit(2)
            async with running(source, settings_for(receiver)) as run:
                requests = await receiver.until(4)
                await run.until(lambda webhook: webhook.lag == 0)
    assert payloads(requests) == [event.payload for event in (*first, *second)]


async def test_what_was_stored_before_a_crash_is_sent_again(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        events = await source.emit(3)
        await source.store.set_reader_position(Webhook.NAME, 1)
        async with running(source, settings_for(receiver)):
            requests = await receiver.until(2)
    assert payloads(requests) == [event.payload for event in events[1:]]


async def test_a_crash_makes_it_repeat_a_hundred_events_at_most(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        source.log.append(
            await source.store.commit([noted(added("kms_1").node, str(n)) for n in range(250)])
        )
        await source.store.set_reader_position(Webhook.NAME, 0)
        events = frozenset({"sessionDestroyed"})
        async with running(source, settings_for(receiver, events=events)) as run:
            await run.until(lambda webhook: webhook.lag == 0)
            assert await source.store.reader_position(Webhook.NAME) == 200


async def test_turned_off_it_forgets_and_turned_on_it_begins_with_the_next_event(tmp_path):
    async with delivering(tmp_path, is_on=False) as (source, receiver, run):
        await source.emit(2)
        await anyio.wait_all_tasks_blocked()
        run.change(is_on=True)
        await anyio.wait_all_tasks_blocked()
        (event,) = await source.emit(1)
        requests = await receiver.until(1)
        assert payloads(requests) == [event.payload]
        await run.until(lambda webhook: webhook.lag == 0)
        run.change(is_on=False)
        with anyio.fail_after(5):
            while await source.store.reader_position(Webhook.NAME) is not None:
                await anyio.sleep(0.002)


async def test_events_that_were_deleted_before_they_were_sent_are_counted(tmp_path):
    async with event_source(tmp_path, retention=2) as source, webhook_receiver() as receiver:
        await source.store.set_reader_position(Webhook.NAME, 0)
        events = await source.emit(5)
        await source.log.delete_expired()
        async with running(source, settings_for(receiver)) as run:
            requests = await receiver.until(2)
            assert payloads(requests) == [event.payload for event in events[3:]]
            assert run.webhook.lost == 3


async def test_a_large_answer_is_not_read_to_its_end(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        large = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200_000
        receiver.answer = lambda _: large
        async with running(source, settings_for(receiver)) as run:
            await source.emit(2)
            await receiver.until(2)
            await run.until(lambda webhook: webhook.counters.delivered == 2)
    assert receiver.connections == 2


async def test_a_receiver_that_does_not_answer_in_time_has_not_taken_the_event(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("mediafleet.delivery.receiver.TIMEOUT_S", 0.05)
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.delay = 0.3
        async with running(source, settings_for(receiver)) as run:
            await source.emit()
            await run.until(lambda webhook: webhook.counters.failures >= 1)
            assert run.webhook.counters.problem == "no answer within 0.05 s"
            receiver.delay = 0.0
            await run.until(lambda webhook: webhook.counters.delivered == 1)


async def test_a_receiver_that_reads_nothing_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr("mediafleet.delivery.receiver.TIMEOUT_S", 0.05)

    async def never_read(reader, writer):
        await anyio.sleep(60)

    payload = {"sessionId": "x" * 20_000_000}  # more than the buffers between them
    event = StoredEvent(1, None, "sessionDestroyed", 0, payload, "")
    async with raw_server(never_read) as port:
        settings = WebhookSettings(
            is_on=True, endpoint=f"http://127.0.0.1:{port}/", networks=LOOPBACK
        )
        with anyio.fail_after(5):
            async with receiver_module.connected(settings) as receiver:
                for _ in range(2):
                    with pytest.raises(UndeliveredError, match="no answer within"):
                        await receiver.post(event, 0)


@pytest.mark.parametrize(
    ("endpoint", "networks"),
    [
        ("http://169.254.169.254/hook", ("0.0.0.0/0", "::/0")),
        ("http://127.0.0.1:1/hook", ("10.0.0.0/8",)),
        ("http://localhost:1/hook", ("10.0.0.0/8",)),
        ("http://[::ffff:169.254.169.254]/hook", ("0.0.0.0/0", "::/0")),
    ],
)
async def test_forbidden_addresses_are_not_dialled(tmp_path, endpoint, networks):
    async with event_source(tmp_path) as source:
        settings = WebhookSettings(
            is_on=True,
            endpoint=endpoint,
            events=frozenset({STATUS_CHANGED}),
            networks=tuple(map(ip_network, networks)),
            schedule=(0.01,),
        )
        async with running(source, settings) as run:
            await source.emit()
            await run.until(lambda webhook: webhook.counters.failures >= 2)
            assert "MEDIAFLEET_WEBHOOK_NETWORKS" in run.webhook.counters.problem


async def test_certificates_are_verified(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    async with event_source(tmp_path) as source, webhook_receiver(tls) as receiver:
        settings = settings_for(receiver, endpoint=f"https://localhost:{receiver.port}/")
        async with running(source, settings) as run:
            await source.emit()
            await run.until(lambda webhook: webhook.counters.failures >= 1)
            assert "CERTIFICATE_VERIFY_FAILED" in run.webhook.counters.problem
            assert receiver.requests == []
            run.change(ca_file=tmp_path / "ca.pem")
            await run.until(lambda webhook: webhook.counters.delivered == 1)
            run.change(endpoint=f"https://127.0.0.1:{receiver.port}/")  # another name
            await source.emit()
            await run.until(lambda webhook: webhook.counters.problem is not None)
            assert "mismatch" in run.webhook.counters.problem


TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"
ENDLESS = b"HTTP/1.1 201 Created\r\n\r\nok"
BAD_CHUNK = b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"


@pytest.mark.parametrize("answer", [TRUNCATED, ENDLESS, BAD_CHUNK], ids=["short", "endless", "bad"])
async def test_a_2xx_is_delivered_whatever_is_wrong_with_its_body(tmp_path, monkeypatch, answer):
    monkeypatch.setattr(receiver_module, "BODY_S", 0.05)
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.answer = lambda _: answer
        async with running(source, settings_for(receiver)) as run:
            await source.emit(2)
            await run.until(lambda webhook: webhook.counters.delivered == 2)
    assert run.webhook.counters.failures == 0
    assert len(receiver.requests) == 2


async def test_a_store_that_takes_no_position_does_not_make_it_send_events_again(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        run = Running(source, settings_for(receiver))
        await run.webhook.begin(source.store)

        async def serve():
            with pytest.raises(StoreUnavailableError):
                await run.webhook.run(source.store, lambda: None)

        with monkeypatched_positions(source.store):
            for sent in (2, 4):
                await source.emit(2)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(serve)
                    await receiver.until(sent)
                    await run.until(lambda webhook: webhook.lag == 0)
                    tasks.cancel_scope.cancel()
                assert len(receiver.requests) == sent


@contextmanager
def monkeypatched_positions(store):
    """The disk is full: reads go on."""

    async def refuse(*_):
        raise StoreUnavailableError("the disk is full")

    store.set_reader_position = refuse
    try:
        yield
    finally:
        del store.set_reader_position


async def test_a_header_that_cannot_be_sent_is_not_logged(tmp_path, caplog):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        headers = (("X-Token", "a-secret\r\nof-mine"),)
        async with running(source, settings_for(receiver, headers=headers)) as run:
            await source.emit()
            await run.until(lambda webhook: webhook.counters.failures >= 1)
            assert "OPENVIDU_WEBHOOK_HEADERS" in run.webhook.counters.problem
    assert "a-secret" not in caplog.text


async def test_an_address_that_does_not_answer_does_not_hide_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(receiver_module, "CONNECT_S", 0.05)
    real = anyio.getaddrinfo

    async def two_addresses(_, port, **options):
        return [
            *await real("127.0.0.2", port, **options),
            *await real("127.0.0.1", port, **options),
        ]

    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        with full_backlog("127.0.0.2", receiver.port):
            monkeypatch.setattr(anyio, "getaddrinfo", two_addresses)
            endpoint = f"http://two.example:{receiver.port}/"
            async with running(source, settings_for(receiver, endpoint=endpoint)) as run:
                await source.emit()
                await receiver.until(1)
                assert run.webhook.counters.failures == 0


@contextmanager
def full_backlog(address, port):
    """A listener with a full backlog: further connections wait."""
    with socket.create_server((address, port), backlog=0) as listener, ExitStack() as clients:
        for _ in range(3):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield


@pytest.mark.parametrize("content", ["", "no certificate", None], ids=["empty", "text", "missing"])
async def test_unusable_authorities_are_named(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    async with event_source(tmp_path) as source:
        settings = WebhookSettings(is_on=True, endpoint="https://localhost:1/", ca_file=file)
        run = Running(source, settings)
        await run.webhook.begin(source.store)
        await source.emit()
        with pytest.raises(receiver_module.UnusableAuthoritiesError, match="CA_FILE"):
            await run.webhook.run(source.store, lambda: None)
        assert run.webhook.state().lag == 1


async def test_a_replay_goes_on_after_an_event_that_is_refused_again(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        await add_dead_letters(source, 3)
        refused = "kms_1"
        receiver.answer = lambda r: status(400) if r.event["id"] == refused else OK
        run = Running(source, settings_for(receiver))
        replay = await run.webhook.replay(source.store, None)
        assert replay.delivered == (2, 3)
        assert replay.problem == "answered HTTP 400"
        assert await source.store.count_dead_letters() == 1


async def test_a_replay_ends_when_the_receiver_is_not_reached(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        await add_dead_letters(source, 3)
        answers = iter([OK, status(503)])
        receiver.answer = lambda _: next(answers)
        replay = await Running(source, settings_for(receiver)).webhook.replay(
            source.store, [2, 1, 3]
        )
        assert (replay.delivered, replay.problem) == ((2,), "answered HTTP 503")


async def test_a_replay_leaves_to_the_next_one_what_takes_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr("mediafleet.delivery.webhook.REPLAY_S", 0.05)
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        await add_dead_letters(source, 3)
        receiver.delay = 0.1
        run = Running(source, settings_for(receiver))
        replay = await run.webhook.replay(source.store, None)
        assert (replay.delivered, replay.problem) == ((1,), None)


async def test_one_replay_at_a_time(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        await add_dead_letters(source, 1)
        receiver.delay = 0.2
        run = Running(source, settings_for(receiver))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.webhook.replay, source.store, None)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(ReplayUnderWayError):
                await run.webhook.replay(source.store, None)
        assert len(receiver.requests) == 1


async def test_a_webhook_that_is_off_replays_nothing(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        await add_dead_letters(source, 1)
        run = Running(source, settings_for(receiver, is_on=False))
        replay = await run.webhook.replay(source.store, None)
        assert (replay.delivered, replay.problem) == ((), "the webhook is off")


async def add_dead_letters(source, count):
    for event in await source.emit(count):
        await source.store.add_dead_letter(Webhook.NAME, DeadLetter(event, "answered HTTP 400", 1))


async def test_a_clock_that_jumps_moves_no_try_and_loses_nothing(tmp_path):
    clock = SettableClock()
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        answers = iter([status(500)] * 4)
        receiver.answer = lambda _: next(answers, OK)
        run = Running(source, settings_for(receiver))
        run.webhook = Webhook(source.log, lambda: run.settings, clock, Random(1))
        await run.webhook.begin(source.store)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.webhook.run, source.store, lambda: None)
            for years in (10, -20):
                clock.offset = timedelta(days=365 * years)
                (event,) = await source.emit()
                await run.until(lambda webhook: webhook.lag == 0)
                assert receiver.requests[-1].event["id"] == event.payload["id"]
                at = int(receiver.requests[-1].headers["webhook-timestamp"])
                assert abs(at - clock.now().timestamp()) < 60
            tasks.cancel_scope.cancel()


class SettableClock(SystemClock):
    """A wall clock that somebody sets."""

    offset = timedelta()

    def now(self):
        return super().now() + self.offset


async def test_the_state_names_the_host_alone_and_the_next_try(tmp_path):
    async with event_source(tmp_path) as source, webhook_receiver() as receiver:
        receiver.answer = lambda _: status(500)
        async with running(source, settings_for(receiver, schedule=(3600.0,))) as run:
            assert run.webhook.state().next_try is None
            await source.emit(2)
            await run.until(lambda webhook: webhook.state().next_try is not None)
            state = run.webhook.state()
    assert (state.is_on, state.host, state.lag) == (True, "127.0.0.1", 2)
    assert (state.failures, state.consecutive_failures) == (1, 1)
    assert state.problem == "answered HTTP 500"
    assert 3200 < (state.next_try - datetime.now(UTC)).total_seconds() < 4000
