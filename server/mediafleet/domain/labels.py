"""Labels of Media Nodes, and their syntax."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from mediafleet.domain.errors import InvalidLabelError

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels: TypeAlias = frozenset[tuple[str, str]]
"""Names and values that an operator gives a Media Node, such as ``zone`` and ``eu-1``."""

NO_LABELS: Final[Labels] = frozenset()
MAX_LABELS = 16

_LABEL_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


def labels_of(pairs: Mapping[str, str]) -> Labels:
    """Check names and values of labels.

    Raises:
        InvalidLabelError: There are too many, or one has not the form of a label.
    """
    if len(pairs) > MAX_LABELS:
        raise InvalidLabelError(f"there are {len(pairs)}, and {MAX_LABELS} are allowed")
    for name, value in pairs.items():
        if _LABEL_NAME.fullmatch(name) is None:
            raise InvalidLabelError(
                "a name has 1 to 63 letters, digits, '.', '_', '/' or '-', the first and the last "
                f"a letter or digit, unlike {name!r}"
            )
        if _LABEL_VALUE.fullmatch(value) is None:
            raise InvalidLabelError(
                "a value has up to 63 letters, digits, '.', '_' or '-', the first and the last a "
                f"letter or digit, unlike the one of {name}"
            )
    return frozenset(pairs.items())
