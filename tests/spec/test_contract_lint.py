"""The lint of openapi.yaml: each unsupported feature is found, by name and place."""

from collections.abc import Callable
from typing import Any

import pytest

from support.contract_app import CONTRACT, Jars, contract, make_app
from support.contract_lint import lint

PREFIXES = ("/pro", "/api", "/openvidu/api", "/fleet")

Change = Callable[[dict[str, Any]], object]
LIST = "/paths/~1pro~1jars/get"
ADD = "/paths/~1pro~1jars/post"
JAR = "/components/schemas/Jar"
TEXT: dict[str, Any] = {"type": "string"}
HTML = {"text/html": {"schema": TEXT}}


def at(document: dict[str, Any], place: str) -> Any:
    """Follow a JSON pointer."""
    node: Any = document
    for token in place.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def put(place: str, value: Any) -> Change:
    """Make a change: set what *place* points to; ``-`` appends to a list."""

    def change(document: dict[str, Any]) -> None:
        parent, _, token = place.rpartition("/")
        node, key = at(document, parent), token.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            node.append(value) if key == "-" else node.__setitem__(int(key), value)
        else:
            node[key] = value

    return change


def parameter(**changes: Any) -> Change:
    """Make a change: give the list operation one more query parameter."""
    return put(LIST + "/parameters/-", {"name": "more", "in": "query", "schema": TEXT} | changes)


def schema(part: Any) -> Change:
    """Make a change: give the Jar schema one more property."""
    return put(JAR + "/properties/more", part)


PARAMETER = LIST + "/parameters/6"
MORE = JAR + "/properties/more"
OBJECT = {"type": "object", "properties": {}}

UNSUPPORTED: list[tuple[str, Change, str, str]] = [
    ("a cookie parameter", parameter(**{"in": "cookie"}), PARAMETER + "/in", "a cookie parameter"),
    (
        "a header parameter that OpenAPI ignores",
        parameter(**{"in": "header", "name": "Accept"}),
        PARAMETER + "/name",
        "Accept is no parameter",
    ),
    ("style", parameter(style="pipeDelimited"), PARAMETER + "/style", "style of a parameter"),
    ("explode", parameter(explode=True), PARAMETER + "/explode", "explode of a parameter"),
    (
        "allowReserved",
        parameter(allowReserved=True),
        PARAMETER + "/allowReserved",
        "allowReserved of a parameter",
    ),
    (
        "allowEmptyValue",
        parameter(allowEmptyValue=True),
        PARAMETER + "/allowEmptyValue",
        "allowEmptyValue of a parameter",
    ),
    (
        "a content parameter",
        put(
            LIST + "/parameters/-",
            {"name": "f", "in": "query", "content": {"application/json": {"schema": TEXT}}},
        ),
        PARAMETER + "/content",
        "content of a parameter",
    ),
    (
        "an array parameter",
        parameter(schema={"type": "array", "items": TEXT}),
        PARAMETER + "/schema",
        "the schema array of a parameter",
    ),
    (
        "an object parameter",
        parameter(schema=OBJECT),
        PARAMETER + "/schema",
        "the schema object of a parameter",
    ),
    (
        "a parameter of no type",
        parameter(schema={}),
        PARAMETER + "/schema",
        "the schema of no type of a parameter",
    ),
    (
        "a nullable parameter",
        parameter(schema={"type": "string", "nullable": True}),
        PARAMETER + "/schema",
        "nullable in the schema of a parameter",
    ),
    (
        "a composed parameter",
        parameter(schema={"type": "string", "anyOf": [{"minLength": 1}]}),
        PARAMETER + "/schema",
        "anyOf in the schema of a parameter",
    ),
    (
        "a parameter twice for a handler",
        parameter(name="extraInfo"),
        PARAMETER + "/name",
        "extraInfo reaches the handler as extra_info, like extra-info",
    ),
    (
        "a parameter named like the body",
        parameter(name="body"),
        PARAMETER + "/name",
        "body reaches the handler as body, like the request body",
    ),
    (
        "path-level parameters",
        put("/paths/~1pro~1jars/parameters", []),
        "/paths/~1pro~1jars/parameters",
        "parameters of a path",
    ),
    (
        "path-level servers",
        put("/paths/~1pro~1jars/servers", [{"url": "/x"}]),
        "/paths/~1pro~1jars/servers",
        "servers of a path",
    ),
    (
        "a path elsewhere",
        put("/paths/~1pro~1jars/$ref", "x.yaml"),
        "/paths/~1pro~1jars/$ref",
        "a reference that leads nowhere",
    ),
    (
        "operation-level servers",
        put(LIST + "/servers", [{"url": "/x"}]),
        LIST + "/servers",
        "servers of an operation",
    ),
    (
        "a second server",
        put("/servers", [{"url": "/"}, {"url": "/v2"}]),
        "/servers/1",
        "a second server",
    ),
    (
        "server variables",
        put("/servers", [{"url": "/{v}", "variables": {"v": {"default": "1"}}}]),
        "/servers/0/variables",
        "server variables",
    ),
    *(
        (
            f"a server at {url}",
            put("/servers", [{"url": url}]),
            "/servers/0/url",
            "a server's URL is made of",
        )
        for url in ("v1", "/{version}", "/v1?x=1", "https://x/v1#x", "/o%70en")
    ),
    *(
        (
            f"an operation {method.upper()}",
            put(
                f"/paths/~1open/{method}",
                {"operationId": "x", "responses": {"200": {"description": ""}}},
            ),
            f"/paths/~1open/{method}",
            f"{method} of a path",
        )
        for method in ("head", "options", "trace")
    ),
    (
        "a path ending in a slash",
        lambda d: d["paths"].update({"/open/": d["paths"].pop("/open")}),
        "/paths/~1open~1",
        "ends without a slash",
    ),
    (
        "half a segment as a parameter",
        lambda d: d["paths"].update(
            {"/pro/jars/{JAR_ID}.json": d["paths"].pop("/pro/jars/{JAR_ID}")}
        ),
        "/paths/~1pro~1jars~1{JAR_ID}.json",
        "a path is made of",
    ),
    (
        "an odd literal",
        lambda d: d["paths"].update({"/o%70en": d["paths"].pop("/open")}),
        "/paths/~1o%70en",
        "a path is made of",
    ),
    (
        "one path under two names",
        lambda d: d["paths"].update({"/pro/jars/{OTHER}": {"summary": "again"}}),
        "/paths/~1pro~1jars~1{OTHER}",
        "the same path as /pro/jars/{JAR_ID}",
    ),
    (
        "a path parameter left out",
        put("/paths/~1pro~1jars~1{JAR_ID}/get/parameters", []),
        "/paths/~1pro~1jars~1{JAR_ID}/get/parameters",
        "path parameters []",
    ),
    (
        "no operationId",
        lambda d: d["paths"]["/open"]["get"].pop("operationId"),
        "/paths/~1open/get",
        "without operationId",
    ),
    (
        "an operationId twice",
        put("/paths/~1open/get/operationId", "list_jars"),
        "/paths/~1open/get/operationId",
        f"the operationId of {LIST}",
    ),
    (
        "open access below the prefix",
        put(LIST + "/security", []),
        LIST + "/security",
        "open access below the protected prefix",
    ),
    (
        "open access beside credentials",
        put("/paths/~1open/post", at(CONTRACT, "/paths/~1pro~1echo/post") | {"operationId": "x"}),
        "/paths/~1open",
        "open and secured operations on one path",
    ),
    *(
        (
            f"nothing of {status} in {name}",
            lambda d, place=place, status=status: at(d, place).pop(status),
            place,
            f"no response {status}",
        )
        for name, place in [("a POST", ADD + "/responses"), ("a GET", LIST + "/responses")]
        for status in ("400", "401", "500", "413", "415")
        if status in at(CONTRACT, place)
    ),
    (
        "an error of the server itself without a body",
        put(LIST + "/responses/503", {"description": "stopping"}),
        LIST + "/responses/503",
        "an error without a body",
    ),
    *(
        (
            f"a body of a {method.upper()}",
            put(
                f"/paths/~1pro~1jars~1{{JAR_ID}}/{method}/requestBody",
                {"content": {"application/json": {"schema": OBJECT}}},
            ),
            f"/paths/~1pro~1jars~1{{JAR_ID}}/{method}/requestBody",
            "a body of a request that has none",
        )
        for method in ("get", "delete")
    ),
    *(
        (
            f"security {scheme['type']}",
            put("/components/securitySchemes/other", scheme),
            "/components/securitySchemes/other",
            "only type http, scheme basic is served",
        )
        for scheme in (
            {"type": "apiKey", "in": "header", "name": "X-Key"},
            {"type": "http", "scheme": "bearer"},
            {"type": "oauth2", "flows": {}},
            {"type": "openIdConnect", "openIdConnectUrl": "https://x"},
        )
    ),
    (
        "alternative security",
        put(LIST + "/security", [{"basicAuth": []}, {}]),
        LIST + "/security",
        "alternative security requirements",
    ),
    (
        "two schemes at once",
        put(LIST + "/security", [{"basicAuth": [], "other": []}]),
        LIST + "/security/0",
        "exactly one scheme",
    ),
    (
        "an unknown scheme",
        put(LIST + "/security", [{"nobody": []}]),
        LIST + "/security/0/nobody",
        "unknown security scheme",
    ),
    (
        "another media type in a request",
        put(ADD + "/requestBody/content/text~1html", HTML["text/html"]),
        ADD + "/requestBody/content/text~1html",
        "media type text/html",
    ),
    (
        "a request body without JSON",
        put(ADD + "/requestBody/content", HTML),
        ADD + "/requestBody/content",
        "without application/json",
    ),
    (
        "another media type in a response",
        put(LIST + "/responses/200/content", HTML),
        LIST + "/responses/200/content/text~1html",
        "media type text/html",
    ),
    (
        "two media types of one response",
        put(LIST + "/responses/200/content/text~1plain", {"schema": TEXT}),
        LIST + "/responses/200/content",
        "several media types of one answer",
    ),
    (
        "text that is no string",
        put(LIST + "/responses/200/content", {"text/plain": {"schema": {"type": "integer"}}}),
        LIST + "/responses/200/content/text~1plain/schema",
        "text that is no string",
    ),
    (
        "text in a request",
        put(ADD + "/requestBody/content/text~1plain", {"schema": TEXT}),
        ADD + "/requestBody/content/text~1plain",
        "media type text/plain",
    ),
    (
        "a media type without a schema",
        put(LIST + "/responses/200/content/application~1json", {}),
        LIST + "/responses/200/content/application~1json",
        "without a schema",
    ),
    (
        "encoding",
        put(ADD + "/requestBody/content/application~1json/encoding", {}),
        ADD + "/requestBody/content/application~1json/encoding",
        "encoding of a media type",
    ),
    (
        "a default response",
        put(LIST + "/responses/default", {"description": ""}),
        LIST + "/responses/default",
        "response default",
    ),
    (
        "a range of responses",
        put(LIST + "/responses/2XX", {"description": ""}),
        LIST + "/responses/2XX",
        "response 2XX",
    ),
    (
        "a body with 204",
        put("/paths/~1pro~1odd/get/responses/204/content", {"application/json": {"schema": TEXT}}),
        "/paths/~1pro~1odd/get/responses/204/content",
        "a body with status 204",
    ),
    (
        "a content header",
        put(
            LIST + "/responses/200/headers",
            {"X-A": {"content": {"application/json": {"schema": TEXT}}}},
        ),
        LIST + "/responses/200/headers/X-A/content",
        "content of a header",
    ),
    *(
        (
            f"a header whose schema is {TEXT | bounds}",
            put(LIST + "/responses/200/headers", {"X-A": {"schema": TEXT | bounds}}),
            LIST + "/responses/200/headers/X-A/schema",
            "of a header",
        )
        for bounds in ({"type": "array", "items": TEXT}, {"nullable": True}, {"anyOf": [TEXT]})
    ),
    (
        "a link to nobody",
        put(LIST + "/responses/200/links", {"next": {"operationId": "nobody"}}),
        LIST + "/responses/200/links/next",
        "a link to an unknown operationId",
    ),
    (
        "a link to a place",
        put(LIST + "/responses/200/links", {"next": {"operationRef": "#/paths/~1open/get"}}),
        LIST + "/responses/200/links/next",
        "a link to an unknown operationId",
    ),
    (
        "a header of the server's own errors",
        put(LIST + "/responses/400/headers", {"X-A": {"required": True, "schema": TEXT}}),
        LIST + "/responses/400/headers",
        "the server itself answers 400, without x-a",
    ),
    (
        "an error body of another form",
        put("/components/schemas/ErrorBody/required/-", "trace"),
        LIST + "/responses/400/content/application~1json/schema",
        "error body: property 'trace' is missing",
    ),
    (
        "an error body too short for messages",
        put("/components/schemas/ErrorBody/properties/message/maxLength", 500),
        LIST + "/responses/400/content/application~1json/schema",
        "error body/message: must have at most 500 characters",
    ),
    (
        "an error body with too few of its problems",
        put("/components/schemas/ErrorBody/properties/errors/maxItems", 9),
        LIST + "/responses/400/content/application~1json/schema",
        "error body/errors: must have at most 9 items",
    ),
    ("xml", schema({"type": "string", "xml": {"name": "x"}}), MORE + "/xml", "xml of a schema"),
    *(
        (
            f"format {name}",
            schema({"type": kind, "format": name}),
            MORE + "/format",
            f"format {name} of type {kind}, which is not enforced",
        )
        for kind, name in [
            ("string", "uuid"),
            ("string", "byte"),
            ("string", "binary"),
            ("string", "int32"),
            ("number", "float"),
            ("integer", "uint8"),
        ]
    ),
    ("nullable alone", schema({"nullable": True}), MORE + "/nullable", "nullable without a type"),
    (
        "readOnly in an array",
        schema({"type": "array", "items": {"type": "string", "readOnly": True}}),
        MORE + "/items/readOnly",
        "readOnly outside the properties of an object",
    ),
    (
        "writeOnly of a whole body",
        put(
            ADD + "/requestBody/content/application~1json/schema",
            {"type": "object", "writeOnly": True},
        ),
        ADD + "/requestBody/content/application~1json/schema/writeOnly",
        "writeOnly outside the properties of an object",
    ),
    (
        "writeOnly inside allOf",
        schema(
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "string", "writeOnly": True}}}
                ]
            }
        ),
        MORE + "/allOf/0/properties/a/writeOnly",
        "writeOnly inside allOf",
    ),
    *(
        (
            f"an integer with {bounds}",
            schema({"type": "integer", **bounds}),
            MORE,
            "an integer without minimum and maximum of at most 64 bits",
        )
        for bounds in ({}, {"minimum": 0}, {"maximum": 9}, {"minimum": 0, "maximum": 2**64})
    ),
    (
        "a default of a property",
        schema({"type": "string", "default": "jam"}),
        MORE,
        "a default of a property",
    ),
    (
        "something beside a reference",
        schema({"$ref": "#/components/schemas/Settings", "nullable": True}),
        MORE + "/nullable",
        "nullable beside $ref",
    ),
    (
        "a reference that leads nowhere",
        schema({"$ref": "#/components/schemas/Nobody"}),
        MORE + "/$ref",
        "leads nowhere",
    ),
    (
        "a reference to a file",
        schema({"$ref": "schemas.yaml#/Jar"}),
        MORE + "/$ref",
        "a reference that leads nowhere",
    ),
    (
        "a reference to an address",
        schema({"$ref": "http://127.0.0.1:9/schemas.json"}),
        MORE + "/$ref",
        "a reference that leads nowhere",
    ),
    (
        "a reference to another kind of component",
        schema({"$ref": "#/components/securitySchemes/basicAuth"}),
        MORE + "/$ref",
        "a reference out of #/components/schemas/",
    ),
    (
        "a schema that contains itself",
        schema({"type": "array", "items": {"$ref": "#/components/schemas/Jar"}}),
        JAR,
        "a schema that contains itself",
    ),
    (
        "a pattern that is none",
        schema({"type": "string", "pattern": "("}),
        MORE + "/pattern",
        "a pattern that does not compile",
    ),
    (
        "waiting for no parameter",
        put(ADD + "/x-waits-when", "delay"),
        ADD + "/x-waits-when",
        "must name a boolean query parameter",
    ),
    (
        "waiting for no boolean",
        put(LIST + "/x-waits-when", "kind"),
        LIST + "/x-waits-when",
        "must name a boolean query parameter",
    ),
]


@pytest.mark.parametrize(
    ("change", "place", "feature"),
    [row[1:] for row in UNSUPPORTED],
    ids=[row[0] for row in UNSUPPORTED],
)
def test_each_unsupported_feature_is_found_by_name_and_place(change, place, feature):
    specification = contract()
    change(specification)

    found = lint(specification, PREFIXES)
    assert any(f.place.endswith(place) and feature in f.feature for f in found), found


def test_all_unsupported_features_are_found_at_once():
    specification = contract()
    for _, change, _, _ in UNSUPPORTED[:5]:
        change(specification)

    found = lint(specification, PREFIXES)
    assert [f.place.rpartition("/")[2] for f in found][:4] == ["in", "name", "style", "explode"]


SUPPORTED: dict[str, Change] = {
    "extensions everywhere": lambda d: [
        node.update({"x-note": 1})
        for node in (d, d["paths"]["/open"], d["paths"]["/open"]["get"], d["components"])
    ],
    "composition": schema(
        {
            "allOf": [{"minLength": 1}],
            "anyOf": [{"type": "string"}],
            "oneOf": [{}],
            "not": {"enum": [""]},
        }
    ),
    "an error without a body": put(LIST + "/responses/409", {"description": "taken"}),
    "text": put(LIST + "/responses/200/content", {"text/plain": {"schema": TEXT}}),
    "a stream of events": put(
        LIST + "/responses/200/content", {"text/event-stream": {"schema": TEXT}}
    ),
    "a header parameter": parameter(**{"in": "header", "name": "Last-Event-ID"}),
    "formats": schema(
        {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}}
    ),
    "a reference to a nullable component": schema({"$ref": "#/components/schemas/Maybe"}),
    "properties named like keywords": schema(
        {"type": "object", "properties": {"nullable": TEXT, "example": TEXT, "format": TEXT}}
    ),
    "tags, links, examples, external documents, callbacks": lambda d: d["paths"]["/open"][
        "get"
    ].update(tags=["a"], externalDocs={"url": "https://x"}, deprecated=True, callbacks={}),
    "discriminator": schema({"type": "object", "discriminator": {"propertyName": "kind"}}),
    "statuses as integers": lambda d: d["paths"]["/open"]["get"].update(
        responses={int(s): r for s, r in d["paths"]["/open"]["get"]["responses"].items()}
    ),
    "security for all": lambda d: [
        put("/security", [{"basicAuth": []}])(d),
        put("/paths/~1open/get/security", [])(d),
    ],
    "a server with an origin and a base path": put("/servers", [{"url": "https://x:1/jam/v1"}]),
    "integers of 64 bits": schema({"type": "integer", "format": "int64"}),
}


@pytest.mark.parametrize("change", SUPPORTED.values(), ids=SUPPORTED.keys())
def test_supported_features_are_no_findings_and_are_served(change):
    specification = contract()
    specification["components"]["schemas"]["Maybe"] = {"type": "string", "nullable": True}
    change(specification)

    assert lint(specification, PREFIXES) == []
    assert make_app(Jars(), specification) is not None


def test_the_contract_handed_in_is_left_as_it_was():
    specification = contract()
    make_app(Jars(), specification)
    lint(specification, PREFIXES)

    assert specification == contract()


def test_the_contract_uses_supported_features_only(document):
    assert lint(document, PREFIXES) == []
