"""Where the stock application is wrong: the closed list, in the order in which a request is read.

Nothing is waived. Each entry says exactly what is right instead: an answer of its own, the stock
application's answer to the same request in a form that it understands, or its answer completed.
"""

from dataclasses import replace

from support.oracle_reading import MAX_BODY, badly_encoded
from support.oracle_right_answers import (
    Answered,
    Completed,
    Deviation,
    Understood,
    as_json,
    asks_for_options,
    bodiless,
    by_segments,
    ends_in_line_feed,
    is_form,
    not_encoded,
    nowhere,
    options,
    refused_with,
    repeats,
    shouts,
    stripped,
    trailing_slashes,
    typed,
    unauthorized,
    with_allow,
    with_challenge,
    with_version,
    without_type,
)

DEVIATIONS: tuple[Deviation, ...] = (
    Answered(
        "the contract's own path",
        "tells everybody the contract at /openapi.json and /openapi.yaml, without credentials",
        "404, as for any path that the contract does not have",
        lambda r: stripped(r) in ("/openapi.json", "/openapi.yaml"),
        nowhere,
    ),
    Answered(
        "badly encoded path",
        "reads what is not percent-encoded UTF-8 as some other text",
        "400",
        lambda r: badly_encoded(r.request.path),
        not_encoded,
    ),
    Answered(
        "encoded slash",
        "takes %2F for the slash between two segments",
        "it is part of its segment: of an id, which is 400, or of a path that there is not",
        lambda r: b"%2f" in r.request.path.lower(),
        by_segments,
    ),
    Answered(
        "line feed in the path",
        "its regular expressions end before a line feed at the end, or at any line feed",
        "it is part of its segment, as with the slash",
        lambda r: "\n" in r.path,
        by_segments,
    ),
    Answered(
        "dots for an id",
        "takes '.' and '..' for ids, although they mean another place in the hierarchy",
        "404: there is no such path",
        lambda r: r.template is not None and r.path.rsplit("/", 1)[-1] in (".", ".."),
        nowhere,
    ),
    Understood(
        "trailing slash",
        "redirects with 307, which no operation documents",
        "a trailing slash makes no difference",
        lambda r: trailing_slashes(r) == 1,
        lambda request: replace(request, path=request.path[:-1]),
    ),
    Answered(
        "several trailing slashes",
        "redirects with 307, which no operation documents",
        "404: there is no such path",
        lambda r: trailing_slashes(r) > 1,
        nowhere,
    ),
    Answered(
        "OPTIONS",
        "answers 405",
        "204 with all methods of the path in Allow, without credentials",
        asks_for_options,
        options,
    ),
    Answered(
        "credentials come first",
        "tells without credentials which paths and methods there are (404, 405)",
        "401",
        lambda r: (
            not r.authorized and r.protected and r.operation is None and not asks_for_options(r)
        ),
        unauthorized,
    ),
    Answered(
        "sloppy credentials",
        "takes the first of several Authorization headers, ignores letters that are not Base64",
        "401",
        lambda r: not r.authorized and r.nearly_authorized and r.operation is not None,
        unauthorized,
    ),
    Completed(
        "no credentials",
        "answers 401 without the challenge that HTTP demands",
        "401 with WWW-Authenticate",
        lambda r: not r.authorized and not r.nearly_authorized and r.operation is not None,
        with_challenge,
    ),
    Answered(
        "foreign page",
        "knows nothing of web pages: with credentials that a browser keeps they may do anything",
        "403 for what may change something",
        lambda r: r.authorized and r.protected and r.foreign,
        refused_with(403),
    ),
    Completed(
        "method not allowed",
        "names in Allow the methods of the first operation on the path only",
        "405 with all methods of the path in Allow",
        lambda r: (
            r.authorized
            and r.template is not None
            and r.operation is None
            and not asks_for_options(r)
        ),
        with_allow,
    ),
    Answered(
        "body too large",
        "takes bodies of any size",
        "413 above 1 MiB",
        lambda r: r.takes_body and len(r.read_body) > MAX_BODY,
        refused_with(413),
    ),
    Answered(
        "repeated parameter",
        "takes the last one and never looks at the others",
        "400",
        lambda r: r.served and repeats(r),
        refused_with(400),
    ),
    Answered(
        "boolean in capitals",
        "takes TRUE and False",
        "400: booleans are exactly true or false",
        lambda r: r.served and shouts(r),
        refused_with(400),
    ),
    Understood(
        "form where no body belongs",
        "parses a form for nobody, and refuses (400) one that is none or too large",
        "an operation that takes no body ignores one",
        lambda r: r.served and not r.takes_body and is_form(r),
        lambda request: replace(request.without(b"content-type"), body=None, chunked=False),
    ),
    Understood(
        "type that is no text",
        "crashes (500) on a Content-Type that is not ASCII",
        "where no body belongs, or there is none, the type does not matter",
        lambda r: (
            r.served and not r.read_body * r.takes_body and not all(map(bytes.isascii, r.types))
        ),
        lambda request: request.without(b"content-type"),
    ),
    Understood(
        "chunked body",
        "drops it: without a Content-Length there is no body for it",
        "a body is a body, however it is framed",
        lambda r: r.takes_body and r.request.chunked and bool(r.read_body),
        lambda request: replace(request, chunked=False),
    ),
    Understood(
        "type without a body",
        "refuses (415) a foreign Content-Type although nothing was sent",
        "a Content-Type without a body is never refused",
        lambda r: r.takes_body and not r.read_body and bool(r.types) and not r.plainly_json,
        as_json,
    ),
    Understood(
        "nothing at all",
        "hands the default body to the handler as bytes, which crashes (500)",
        "an optional body that is left out is the default",
        lambda r: (
            r.takes_body
            and not r.read_body
            and not r.types
            and r.operation is not None
            and not r.operation.body_required
        ),
        as_json,
    ),
    Answered(
        "undeclared body",
        "validates it as JSON, then hands it to the handler as bytes, which crashes (500)",
        "415",
        lambda r: r.body_asked_for and not r.types,
        refused_with(415),
    ),
    Answered(
        "several types",
        "believes the first Content-Type",
        "400",
        lambda r: r.body_asked_for and len(r.types) > 1,
        refused_with(400),
    ),
    Answered(
        "foreign charset",
        "decodes a body in any charset that Python knows, and crashes (500) on the others",
        "415: JSON is UTF-8",
        lambda r: typed(r) and r.declared_json and r.charset != "utf-8",
        refused_with(415),
    ),
    Understood(
        "JSON in other letters",
        "skips validation for APPLICATION/JSON, crashes (500) or refuses (415) other spellings",
        "letter case, blanks and parameters of a media type do not matter",
        lambda r: typed(r) and r.declared_json and r.charset == "utf-8" and not r.plainly_json,
        as_json,
    ),
    Answered(
        "compressed body",
        "never looks at Content-Encoding",
        "415",
        lambda r: (
            r.body_asked_for
            and r.plainly_json
            and any(e.strip().lower() != b"identity" for e in r.request.all(b"content-encoding"))
        ),
        refused_with(415),
    ),
    Answered(
        "body that chokes the parser",
        "crashes (500) on broken UTF-8, on numbers of 5,000 digits, on 2,000 nested brackets",
        "400",
        lambda r: r.body_asked_for and r.plainly_json and r.json_trouble == "chokes",
        refused_with(400),
    ),
    Answered(
        "JSON that is none",
        "takes NaN, Infinity, numbers beyond a double, and half of a surrogate pair",
        "400",
        lambda r: r.body_asked_for and r.plainly_json and r.json_trouble == "takes",
        refused_with(400),
    ),
    Answered(
        "line feed in a text",
        "lets a pattern that ends in '$' take a text that ends in a line feed",
        "400",
        lambda r: r.body_asked_for and r.plainly_json and ends_in_line_feed(r),
        refused_with(400),
    ),
    Completed(
        "text with a version",
        "knows media types of answers without parameters only",
        "the type in full",
        lambda r: r.served and r.operation is not None and r.operation.name == "get_metrics",
        with_version,
    ),
    Completed(
        "success without a body",
        "declares a Content-Type for a body that is not there",
        "no Content-Type",
        bodiless,
        without_type,
    ),
)
