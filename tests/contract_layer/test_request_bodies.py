"""Request bodies over real sockets: how they are declared and decoded, and held to the schema."""

import json
import re

import pytest

from mediafleet.contract import ErrorDetail, Limits
from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import basic, chunked, exchange, request_bytes

JSON = ("Content-Type", "application/json")
AUTH = basic(USER, SECRET)
TOO_BIG = "body/grams: must be of type integer; body/grams: must be 9223372036854775807 or less"


@pytest.mark.parametrize(
    "declared",
    [
        "application/json",
        "APPLICATION/JSON",
        "Application/Json",
        "application/json;charset=utf-8",
        'application/json; Charset="UTF-8"',
        "application/json ; profile=x",
        "application/json;",
    ],
)
def test_a_json_type_in_any_case_and_with_parameters_is_taken(ask, jars, declared):
    response = ask("POST", "/pro/jars", headers=[("Content-Type", declared)], body=b'{"grams":5}')

    assert response.status == 200
    assert jars.calls == [("add_jar", {"wait": False, "body": {"grams": 5}})]


@pytest.mark.parametrize("declared", ["application/json", "APPLICATION/JSON", "aPPlication/jSON"])
def test_no_spelling_of_the_type_bypasses_validation(ask, jars, declared):
    response = ask("POST", "/pro/jars", headers=[("Content-Type", declared)], body=b'{"grams":"x"}')

    assert response.status == 400
    assert jars.calls == []


@pytest.mark.parametrize(
    "declared",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/vnd.api+json",
        "application/json, text/plain",
        "application/json text",
        "application",
        "",
        "\x80\xff",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=",
    ],
)
def test_a_body_declared_otherwise_is_415_and_the_message_names_the_header(ask, jars, declared):
    response = ask("POST", "/pro/jars", headers=[("Content-Type", declared)], body=b"{}")

    assert response.status == 415
    assert "Content-Type: application/json" in response.json()["message"]
    assert jars.calls == []


def test_a_body_without_a_type_is_415(ask):
    response = ask("POST", "/pro/jars", body=b"{}")

    assert response.status == 415
    assert "Content-Type: application/json" in response.json()["message"]


def test_a_compressed_body_is_415(ask):
    response = ask("POST", "/pro/jars", headers=[JSON, ("Content-Encoding", "gzip")], body=b"{}")

    assert response.status == 415


def test_several_content_types_are_400(ask, jars):
    response = ask("POST", "/pro/jars", headers=[JSON, JSON], body=b"{}")

    assert response.status == 400
    assert jars.calls == []


@pytest.mark.parametrize("declared", ["text/plain", "application/json", "nonsense"])
def test_a_type_without_a_body_is_never_refused(ask, jars, declared):
    response = ask("POST", "/pro/jars", headers=[("Content-Type", declared)])

    assert response.status == 200
    assert jars.calls == [("add_jar", {"wait": False, "body": {}})]


def test_several_types_without_a_body_are_not_refused_either(ask):
    assert ask("POST", "/pro/jars", headers=[JSON, ("Content-Type", "text/plain")]).status == 200


@pytest.mark.parametrize(
    "body", [None, b""], ids=["no framing at all", "a content-length of nought"]
)
def test_an_optional_body_left_out_becomes_the_default(ask, jars, body):
    response = ask("POST", "/pro/jars", body=body)

    assert response.status == 200
    assert jars.calls == [("add_jar", {"wait": False, "body": {}})]


def test_an_empty_chunked_body_is_no_body(ask, jars):
    framing = [("Transfer-Encoding", "chunked")]
    response = ask("POST", "/pro/jars", headers=framing, body=chunked())

    assert response.status == 200
    assert jars.calls == [("add_jar", {"wait": False, "body": {}})]


def test_a_required_body_left_out_is_400(ask):
    response = ask("PATCH", "/pro/jars/a")

    assert response.status == 400
    assert "required" in response.json()["message"]


def test_the_default_body_is_a_fresh_one_each_time(ask, jars):
    ask("POST", "/pro/jars")
    jars.calls[0][1]["body"]["grams"] = 99
    ask("POST", "/pro/jars")

    assert jars.calls[1][1]["body"] == {}


def test_a_chunked_body_reaches_the_handler_whole(ask, jars):
    framing = [JSON, ("Transfer-Encoding", "chunked")]
    body = chunked(b'{"gr', b"ams", b'":12', b"34}")
    response = ask("PATCH", "/pro/jars/a", headers=framing, body=body)

    assert response.status == 200
    assert jars.calls == [("modify_jar", {"jar_id": "a", "body": {"grams": 1234}})]


def test_a_chunked_body_is_validated(ask):
    framing = [JSON, ("Transfer-Encoding", "chunked")]
    response = ask("PATCH", "/pro/jars/a", headers=framing, body=chunked(b'{"grams":', b'"x"}'))

    assert response.status == 400
    assert response.json()["message"] == "body/grams: must be of type integer"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"nul",
        b"{'a': 1}",
        b'{"a":1}x',
        b'{"a":1} {"b":2}',
        b"\xff\xfe{}",
        b'"\xc3\x28"',
        b'"\xed\xa0\x80"',
        b'"\xf8\x88\x80\x80\x80"',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32"),
        b"NaN",
        b'{"a":NaN}',
        b"Infinity",
        b"-Infinity",
        b'{"a":1e400}',
        b'{"a":-1e999}',
        b"9" * 5000,
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800":1}',
        b'"\x00"',
        b'"\x1f"',
        b'"a\nb"',
        b"[" * 9_000,
        b"[" * 4_900 + b"]" * 4_900,
        b'{"a":' * 1_500 + b"1" + b"}" * 1_500,
        b"\x00",
        b"\x80" * 100,
    ],
    ids=lambda body: repr(body[:24]) + f"_{len(body)}",
)
def test_what_is_not_json_is_400(ask, jars, body):
    response = ask("POST", "/pro/echo", headers=[JSON], body=body)

    assert response.status == 400
    assert response.json()["status"] == 400
    assert jars.calls == []


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b'"\\u0000"', "\x00"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\xf0\x9f\x98\x80"', "😀"),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b" \t\r\n null ", None),
        (b"18446744073709551615", 18446744073709551615),
        (b"-9223372036854775808", -9223372036854775808),
        (b"1e308", 1e308),
        (b"[" * 200 + b"]" * 200, json.loads("[" * 200 + "]" * 200)),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_odd_but_honest_json_reaches_the_handler(ask, jars, sent, received):
    response = ask("POST", "/pro/echo", headers=[JSON], body=sent)

    assert response.status == 200
    assert jars.calls == [("echo", {"body": received})]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"grams":-1}', "body/grams: must be 0 or more"),
        (b'{"grams":1.5}', "body/grams: must be of type integer"),
        (b'{"grams":1.0}', "body/grams: must be of type integer"),
        (b'{"grams":true}', "body/grams: must be of type integer"),
        (b'{"grams":9223372036854775808}', "body/grams: must be 9223372036854775807 or less"),
        (b'{"grams":18446744073709551616}', TOO_BIG),
        (b'{"grams":1' + b"0" * 200 + b"}", TOO_BIG),
        (b'{"share":100.5}', "body/share: must be 100 or less"),
        (b'{"label":"abc\\n"}', "body/label: must match the pattern ^[a-z]*$"),
        (b'{"label":"aaaaaaaaaaa"}', "body/label: must have at most 10 characters"),
        (b'{"tags":["a","toolong"]}', "body/tags/1: must have at most 5 characters"),
        (b"[]", "body: must be of type object"),
        (b"null", "body: must be of type object"),
        (b'"x"', "body: must be of type object"),
    ],
)
def test_a_broken_schema_is_400_with_place_and_rule(ask, jars, body, message):
    response = ask("POST", "/pro/jars", headers=[JSON], body=body)

    assert response.status == 400
    assert response.json()["message"] == message
    assert jars.calls == []


def test_every_problem_of_a_body_is_listed(ask):
    body = b'{"grams":"x","share":-1,"label":"A"}'
    message = ask("POST", "/pro/jars", headers=[JSON], body=body).json()["message"]

    assert sorted(message.split("; ")) == [
        "body/grams: must be of type integer",
        "body/label: must match the pattern ^[a-z]*$",
        "body/share: must be 0 or more",
    ]


def test_unknown_keys_are_decided_by_the_schema(ask, jars):
    open_schema = ask("POST", "/pro/jars", headers=[JSON], body=b'{"colour":"red"}')
    closed = ask("PATCH", "/pro/jars/a", headers=[JSON], body=b'{"grams":1,"colour":"red"}')

    assert open_schema.status == 200
    assert jars.calls == [("add_jar", {"wait": False, "body": {"colour": "red"}})]
    assert closed.status == 400
    assert closed.json()["message"] == "body: takes no property 'colour'"


def test_names_in_a_message_are_cleaned_and_bounded(ask):
    name = "evil\u202e\n\x1b[31m" + "x" * 5000
    body = json.dumps({"grams": 1, name: 1}).encode()
    message = ask("PATCH", "/pro/jars/a", headers=[JSON], body=body).json()["message"]

    assert len(message) < 120
    assert message.startswith("body: takes no property 'evil")
    assert message.isprintable()


def test_a_value_too_deep_for_the_validator_is_400(ask):
    deep = b'{"grams":' + b"[" * 600 + b"]" * 600 + b"}"

    assert ask("PATCH", "/pro/jars/a", headers=[JSON], body=deep).status == 400


def test_many_problems_cost_no_more_than_a_few(ask):
    body = b'{"tags":[' + b",".join([b"1"] * 4_000) + b"]}"
    message = ask("POST", "/pro/jars", headers=[JSON], body=body).json()["message"]

    assert re.search(r"; body/tags/\d+: must be of type string and \d+ more$", message)
    assert len(message) <= 6144 + len(" and 4001 more")


def test_every_property_is_reported_although_another_has_many_problems(ask):
    body = b'{"tags":[' + b",".join([b"1"] * 4_000) + b'],"share":-1,"grams":"x"}'
    message = ask("POST", "/pro/jars", headers=[JSON], body=body).json()["message"]

    assert "body/share: must be 0 or more; " in message
    assert "body/grams: must be of type integer; " in message


def test_a_hundred_names_that_an_object_does_not_take_are_reported(ask):
    names = [f"name-{number}" for number in range(100)]
    body = json.dumps(dict.fromkeys(names, 1) | {"grams": "x"}).encode()
    message = ask("PATCH", "/pro/jars/a", headers=[JSON], body=body).json()["message"]

    assert message == (
        f"body: takes no properties {', '.join(map(repr, names))}; "
        "body/grams: must be of type integer"
    )


def test_more_names_than_fit_are_counted(ask):
    body = json.dumps(dict.fromkeys((f"{n:060}" for n in range(120)), 1)).encode()
    message = ask("PATCH", "/pro/jars/a", headers=[JSON], body=body).json()["message"]

    reported = message.partition(" and ")[0].count("'") // 2
    assert 40 < reported < 60
    assert f" and {120 - reported} more; " in message
    assert "body: property 'grams' is missing" in message


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"grams": 1, "red": 1, "blue": 1}, ["red", "blue"]),
        ({"red": 1}, ["red", "grams"]),
        ({"grams": "x"}, ["grams"]),
        ([], [None]),
    ],
    ids=["unknown", "missing", "wrong", "no-object"],
)
def test_each_problem_of_a_body_is_an_item_with_its_field(ask, body, fields):
    answer = ask("PATCH", "/pro/jars/a", headers=[JSON], body=json.dumps(body).encode()).json()

    assert [each.get("field") for each in answer["errors"]] == fields
    for each in answer["errors"]:
        assert each["message"].startswith("body")


def test_the_list_of_problems_is_bounded_and_clean(ask):
    names = {f"\x1b[31m{number}" + "x" * 5_000: 1 for number in range(150)}
    few = dict(list(names.items())[:1])
    [first, *_] = ask(
        "PATCH", "/pro/jars/a", headers=[JSON], body=json.dumps(few | {"grams": 1}).encode()
    ).json()["errors"]
    many = {str(number): 1 for number in range(150)} | {"grams": 1}
    errors = ask("PATCH", "/pro/jars/a", headers=[JSON], body=json.dumps(many).encode()).json()[
        "errors"
    ]

    assert first["field"].isprintable()
    assert len(first["field"]) == 512
    assert len(errors) == 100
    assert errors[-1] == {"message": "51 more problems."}


def test_an_error_about_something_else_than_properties_has_no_list(ask):
    assert "errors" not in ask("POST", "/pro/jars", headers=[JSON], body=b"{").json()
    assert "errors" not in ask("GET", "/pro/jars?x=1").json()


class Rules:
    """Rules of a program that note what they are asked."""

    def __init__(self, *sentences: str) -> None:
        self.asked: list[tuple[object, object]] = []
        self._sentences = sentences

    async def ask(self, kept, refused):
        self.asked.append((dict(kept), set(refused)))
        return [ErrorDetail(sentence, "label") for sentence in self._sentences]


@pytest.mark.parametrize("padding", [0, 60_000], ids=["small", "large"])
def test_rules_check_the_properties_that_keep_a_broken_schema(padding):
    jars, rules = Jars(), Rules("A rule.", "Another one.")
    body = json.dumps(
        {"grams": "x", "label": "abc", "share": -1, "tags": [1, 2], "x": "y" * padding}
    )
    app = make_app(jars, body_rules={"add_jar": rules.ask}, limits=Limits())
    with serving(app) as where:
        data = request_bytes("POST", "/pro/jars", headers=[AUTH, JSON], body=body.encode())
        response = exchange(where, data)

    assert rules.asked == [({"label": "abc"}, {"grams", "share", "tags", "x"})]
    assert response.status == 400
    assert response.json()["message"] == (
        "body/grams: must be of type integer; body/share: must be 0 or more; "
        "body/tags/0: must be of type string; body/tags/1: must be of type string. "
        "A rule. Another one."
    )
    assert response.json()["errors"] == [
        {"message": "body/grams: must be of type integer", "field": "grams"},
        {"message": "body/share: must be 0 or more", "field": "share"},
        {"message": "body/tags/0: must be of type string", "field": "tags/0"},
        {"message": "body/tags/1: must be of type string", "field": "tags/1"},
        {"message": "A rule.", "field": "label"},
        {"message": "Another one.", "field": "label"},
    ]
    assert jars.calls == []


def test_rules_may_fill_the_message_and_fail_as_a_handler_does(logged_errors):
    full = Rules(*[f"{'z' * 98}."] * 200)

    async def fail(kept, refused):
        raise ValueError

    rules = {"add_jar": full.ask, "modify_jar": fail}
    with serving(make_app(Jars(), body_rules=rules)) as where:
        data = request_bytes("POST", "/pro/jars", headers=[AUTH, JSON], body=b'{"grams":"x"}')
        body = exchange(where, data).json()
        data = request_bytes("PATCH", "/pro/jars/a", headers=[AUTH, JSON], body=b"{}")
        failed = exchange(where, data)

    message, errors = body["message"], body["errors"]
    assert 8192 - 100 < len(message) <= 8192
    assert message.startswith("body/grams: must be of type integer. zzz")
    assert message.endswith(f"z. {200 - message.count('z.')} more problems.")
    assert len(errors) - 2 <= 99
    assert errors[-1] == {"message": f"{200 - (len(errors) - 2)} more problems."}
    assert failed.status == 500
    assert len(logged_errors.records) == 1
