"""Every response names its request, and so does every line that is logged about it."""

import asyncio
import logging
import re

import pytest

from mediafleet import logs
from mediafleet.logs import CURRENT_REQUEST
from support.log_lines import json_lines

HEADER = "x-request-id"
MADE = re.compile("[0-9a-f]{16}")


@pytest.mark.parametrize(
    ("asked", "status", "options"),
    [
        ("GET /pro/jars", 200, {}),
        ("HEAD /pro/jars", 200, {}),
        ("OPTIONS /pro/jars", 204, {}),
        ("GET /pro/jars?limit=0", 400, {}),
        ("GET /pro/jars", 401, {"credentials": False}),
        ("GET /pro/jars/none", 404, {}),
        ("GET /nothing", 404, {}),
        ("PUT /pro/jars", 405, {}),
        ("GET /pro/odd?how=crash", 500, {}),
        ("GET /pro/ticks?how=three", 200, {}),
    ],
)
def test_every_response_has_the_id_of_its_request(ask, logged_errors, asked, status, options):
    method, target = asked.split(" ")
    response = ask(method, target, headers=[("X-Request-Id", "a.b-C_1")], **options)

    assert (response.status, response.header(HEADER)) == (status, "a.b-C_1")
    assert bool(logged_errors.records) is (status == 500)


@pytest.mark.parametrize("sent", ["a", "x" * 64, "0f8fad5b-d9cb-469f-a165-70867728950e"])
def test_a_sane_id_is_taken(ask, sent):
    assert ask("GET", "/pro/jars", headers=[("x-request-id", sent)]).header(HEADER) == sent


@pytest.mark.parametrize("sent", [None, "", "x" * 65, "a b", "a\tb", "a,b", 'a"', "ä", "$(id)"])
def test_without_a_sane_one_an_id_is_made(ask, sent):
    headers = [] if sent is None else [("X-Request-Id", sent.encode())]

    first, second = (ask("GET", "/pro/jars", headers=headers).header(HEADER) for _ in range(2))

    assert MADE.fullmatch(first)
    assert MADE.fullmatch(second)
    assert first != second


def test_of_several_ids_the_first_sane_one_is_taken(ask):
    headers = [("X-Request-Id", value) for value in ("a b", "first", "second")]

    assert ask("GET", "/pro/jars", headers=headers).header(HEADER) == "first"


@pytest.fixture
def lines():
    with json_lines() as lines:
        yield lines


def test_a_line_about_a_request_has_its_id(ask, lines, logged_errors):
    ask("GET", "/pro/odd?how=crash", headers=[("X-Request-Id", "one")])
    ask("GET", "/pro/odd?how=crash", headers=[("X-Request-Id", "two")])

    found = [(line["message"], line["request_id"], line["operation_id"]) for line in lines()]
    assert found == [("request failed", "one", "odd"), ("request failed", "two", "odd")]


def test_a_line_of_no_request_has_none(lines):
    logging.getLogger("mediafleet.x").warning("a loop failed")

    assert "request_id" not in lines()[0]


@pytest.mark.anyio
async def test_what_outlasts_its_request_is_logged_without_its_id(lines):
    log, context = logging.getLogger("mediafleet.x"), logs.RequestContext("one")
    is_over = asyncio.Event()

    async def work():
        log.info("during")
        await is_over.wait()
        log.info("after")

    CURRENT_REQUEST.set(context)
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    context.request_id = None
    is_over.set()
    await task

    assert [line.get("request_id") for line in lines()] == ["one", None]
