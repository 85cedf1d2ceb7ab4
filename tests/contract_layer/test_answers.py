"""Answers over real sockets: success, errors of the domain, crashes and broken promises."""

import pytest

from support.contract_app import NOW_MS, SECRET, USER, Jars, contract, make_app, serving
from support.raw_http import basic, exchange, request_bytes

CRASH = "The server failed to answer this request; its log has the details"


def odd(ask, how: str, method: str = "GET"):
    return ask(method, "/pro/odd?how=" + how.replace(" ", "%20"))


def test_a_body_alone_is_200(ask):
    response = odd(ask, "good")

    assert response.status == 200
    assert response.json() == {"id": "a", "grams": 1}
    assert response.header("content-type") == "application/json"
    assert response.header("content-length") == str(len(response.body))


def test_no_content_has_neither_body_nor_type(ask):
    response = ask(
        "PATCH", "/pro/jars/a", headers=[("Content-Type", "application/json")], body=b'{"grams":0}'
    )

    assert response.status == 204
    assert response.body == b""
    assert response.header("content-type") is None
    assert response.header("content-length") is None


def test_another_status_without_a_body_says_that_it_is_empty(ask):
    response = ask("DELETE", "/pro/jars/a")

    assert response.status == 202
    assert response.header("content-length") == "0"
    assert response.header("content-type") is None


def test_an_error_that_is_documented_without_a_body_has_none(ask):
    response = odd(ask, "problem without a body")

    assert (response.status, response.body) == (406, b"")
    assert response.header("content-length") == "0"
    assert response.header("content-type") is None
    assert response.header("x-request-id")


def test_an_encoded_document_is_sent_as_it_is(ask):
    assert odd(ask, "encoded").body == b'{"id":"e","grams":2}'


def test_documented_headers_are_sent_on_one_line(ask):
    response = odd(ask, "header given")

    assert response.status == 201
    assert response.header("x-place") == "shelf X-Evil: 1"
    assert response.header("x-evil") is None


JAR_200 = "/paths/~1pro~1odd/get/responses/200/content/application~1json/schema"


@pytest.mark.parametrize(
    ("how", "place", "reason"),
    [
        (
            "wrong body",
            JAR_200 + "/properties/grams/type",
            "response/grams: must be of type integer",
        ),
        ("no body", "/paths/~1pro~1odd/get/responses/200", "the documented body is missing"),
        (
            "empty but documented",
            "/paths/~1pro~1odd/get/responses/200",
            "the documented body is missing",
        ),
        ("undocumented status", "/paths/~1pro~1odd/get/responses", "status 299 is not documented"),
        (
            "body where none is documented",
            "/paths/~1pro~1odd/get/responses/204",
            "a body where none is documented",
        ),
        (
            "header missing",
            "/paths/~1pro~1odd/get/responses/201/headers",
            "the required header x-place is missing",
        ),
        (
            "header too long",
            "/paths/~1pro~1odd/get/responses/201/headers/X-Place",
            "header 'X-Place': must have at most 40 characters",
        ),
        (
            "header of another type",
            "/paths/~1pro~1odd/get/responses/201/headers/X-Row",
            "header 'X-Row' must be an integer of at most 19 digits",
        ),
        (
            "not json",
            JAR_200,
            "response: is nested too deeply, or holds what JSON cannot carry",
        ),
        (
            "deep",
            JAR_200,
            "response: is nested too deeply, or holds what JSON cannot carry",
        ),
        (
            "problem without header",
            "/paths/~1pro~1odd/get/responses/503/headers",
            "the required header retry-after is missing",
        ),
        ("undocumented problem", "/paths/~1pro~1odd/get/responses", "status 418 is not documented"),
    ],
)
def test_a_broken_promise_is_500_and_logged_with_operation_and_place(
    ask, logged_errors, how, place, reason
):
    response = odd(ask, how)

    assert response.status == 500
    assert response.json()["message"] == CRASH
    (record,) = logged_errors.records
    assert record.getMessage() == "response violates the contract"
    assert (record.operation_id, record.schema_path, record.reason) == ("odd", place, reason)
    assert (record.method, record.path) == ("GET", "/pro/odd")
    assert "CANARY" not in str(vars(record))


@pytest.mark.parametrize("how", ["crash", "group", "surrogate"])
def test_a_crash_is_500_and_its_traceback_is_only_logged(ask, logged_errors, how):
    response = odd(ask, how)

    assert response.status == 500
    assert response.json() == {
        "timestamp": NOW_MS,
        "status": 500,
        "error": "Internal Server Error",
        "message": CRASH,
        "path": "/pro/odd",
    }
    (record,) = logged_errors.records
    assert record.getMessage() == "request failed"
    assert record.operation_id == "odd"
    assert record.exc_info[1] is not None


def test_the_connection_survives_a_crash(ask, logged_errors):
    assert odd(ask, "crash").header("connection") is None


def test_an_error_of_the_domain_gets_its_status_and_a_clean_message(ask):
    response = odd(ask, "problem")

    assert response.status == 409
    assert response.json() == {
        "timestamp": NOW_MS,
        "status": 409,
        "error": "Conflict",
        "message": "already there [31m",
        "path": "/pro/odd",
    }


def test_a_long_message_is_cut(ask):
    message = odd(ask, "long problem").json()["message"]

    assert len(message) == 8192
    assert message.endswith("x…")


def test_an_error_of_the_domain_may_bring_headers(ask):
    response = odd(ask, "problem with header")

    assert response.status == 503
    assert response.header("retry-after") == "5"


@pytest.mark.parametrize(
    ("method", "target", "status", "phrase"),
    [
        ("GET", "/pro/jars?x=1", 400, "Bad Request"),
        ("GET", "/nowhere?x=1", 404, "Not Found"),
        ("PUT", "/pro/jars/?x=1", 405, "Method Not Allowed"),
        ("GET", "/pro/jars/none", 404, "Not Found"),
    ],
)
def test_every_error_body_has_the_one_form(ask, method, target, status, phrase):
    response = ask(method, target)
    body = response.json()

    assert response.header("content-type") == "application/json"
    assert list(body) == ["timestamp", "status", "error", "message", "path"]
    assert (body["timestamp"], body["status"], body["error"]) == (NOW_MS, status, phrase)
    assert body["path"] == target.partition("?")[0]


def test_the_phrase_of_413_does_not_depend_on_the_interpreter(ask):
    response = ask("POST", "/pro/echo", headers=[("Content-Length", "99999999")])

    assert response.json()["error"] == "Content Too Large"


def test_the_path_in_an_error_body_is_clean_and_bounded(ask):
    path = ask("GET", "/%0d%0a%1b%5b31m%e2%80%ae" + "x" * 5000).json()["path"]

    assert 990 < len(path) <= 1000
    assert path.isprintable()


def test_secret_values_are_never_echoed(ask, caplog):
    canary = "CANARY-5ecret"
    json = [("Content-Type", "application/json")]
    bodies = [
        '{"secret":"%s"}',
        '{"secret":["%s"]}',
        '{"secret":{"a":"%s"}}',
        '{"mode":"%s"}',
        '{"since":"%s"}',
        '{"mode":"on","secret":"%s"',
        '{"secret":%s}',
        '"%s"',
        '["%s"]',
        '{"secret":"\\ud800 %s"}',
        '{"secret":"%s \x01"}',
    ]
    for body in bodies:
        for target in ("/pro/settings", "/pro/settings?wait=" + canary):
            response = ask("PUT", target, headers=json, body=(body % canary).encode())
            assert response.status == 400
            assert canary.encode() not in response.body + repr(response.headers).encode()
    for value in (basic("x", canary)[1], "Basic " + canary, canary):
        response = ask("GET", "/pro/jars", headers=[("Authorization", value)], credentials=False)
        assert response.status == 401
        assert canary.encode() not in response.body
    assert canary not in "".join(
        str(vars(r)) for r in caplog.records if not r.name.startswith("uvicorn")
    )


def test_a_good_secret_reaches_its_handler_and_nothing_else(ask, jars, caplog):
    response = ask(
        "PUT",
        "/pro/settings",
        headers=[("Content-Type", "application/json")],
        body=b'{"secret":"canarysecret"}',
    )

    assert response.status == 204
    assert jars.calls == [("set_settings", {"body": {"secret": "canarysecret"}})]
    assert "canarysecret" not in caplog.text


def test_write_only_properties_are_forbidden_in_answers_and_read_only_ones_in_requests(
    logged_errors,
):
    specification = contract()
    jar = specification["components"]["schemas"]["Jar"]
    jar["properties"]["seal"] = {"type": "string", "writeOnly": True}
    jar["required"].append("seal")
    new_jar = specification["components"]["schemas"]["NewJar"]
    new_jar["properties"]["number"] = {"type": "integer", "format": "int32", "readOnly": True}

    class Sealing(Jars):
        async def open_door(self):
            return {"open": True}

        async def get_jar(self, jar_id):
            sealed = {"seal": "x"} if jar_id == "sealed" else {}
            return {"id": jar_id, "grams": 1, **sealed}

    def request(method, target, body=None):
        fields = [basic(USER, SECRET), ("Content-Type", "application/json")]
        return exchange(address, request_bytes(method, target, headers=fields, body=body))

    with serving(make_app(Sealing(), specification)) as address:
        assert request("GET", "/pro/jars/plain").status == 200
        assert request("GET", "/pro/jars/sealed").status == 500
        refused = request("POST", "/pro/jars", b'{"number":1}')
    assert refused.status == 400
    assert refused.json()["message"] == "body/number: is not allowed here"


def test_a_crash_inside_the_table_of_errors_still_is_an_answer(logged_errors):
    def describe(error: Exception) -> None:
        raise LookupError("CANARY-TABLE")

    with serving(make_app(Jars(), describe_error=describe)) as address:
        data = request_bytes("GET", "/pro/odd?how=crash", headers=[basic(USER, SECRET)])
        response = exchange(address, data)

    assert response.status == 500
    assert b"CANARY" not in response.body


class Talker(Jars):
    def __init__(self, headers):
        super().__init__()
        self.headers = headers

    async def open_door(self):
        return "grüß dich\n", 200, self.headers


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "text/plain; charset=utf-8"),
        ({"Content-Type": "text/plain; version=1"}, "text/plain; version=1"),
    ],
)
def test_text_goes_out_as_it_is(headers, kind):
    specification = contract()
    text = {"text/plain": {"schema": {"type": "string", "maxLength": 20}}}
    specification["paths"]["/open"]["get"]["responses"]["200"]["content"] = text
    with serving(make_app(Talker(headers), specification)) as address:
        answer = exchange(address, request_bytes("GET", "/open"))

    assert (answer.status, answer.header("content-type")) == (200, kind)
    assert answer.body.decode() == "grüß dich\n"
