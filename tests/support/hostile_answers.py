"""What a hostile Media Node may answer, as strategies, and the most that it can."""

from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
INFO = st.fixed_dictionaries(
    {},
    optional={
        "version": JSON,
        "capabilities": JSON | st.lists(st.text(max_size=300), max_size=90),
        "modules": JSON
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "name": JSON,
                    "version": JSON,
                    "generationTime": st.text(max_size=200),
                    "factories": JSON | st.lists(JSON, max_size=6),
                },
            ),
            max_size=70,
        ),
    },
)

_TEXT = "x" * 200
_TEXTS = [_TEXT] * 300
_MODULE = {"name": _TEXT, "version": _TEXT, "generationTime": _TEXT}
MOST_INFO: dict[str, Any] = {
    "version": _TEXT,
    "capabilities": _TEXTS,
    "modules": [{**_MODULE, "factories": _TEXTS}, *[_MODULE] * 70],
}
"""More of everything than is taken over, and less than what ends a link."""
