"""JSON pointers."""


def pointer(*tokens: str | int) -> str:
    """Build the JSON pointer (RFC 6901) of the place that *tokens* lead to."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
