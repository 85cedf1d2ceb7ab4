"""What is allowed and yet probably not meant: one warning each, at the start and on a restart."""

import logging
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from mediafleet.configuration.configuration import Origin
from mediafleet.configuration.properties import READ_NAMES

_MAX_NAME: Final = 128
_ALIKE: Final = 0.8
"""From here on the better part of a name is the same; lower, unlike names are suggested."""

log = logging.getLogger(__name__)


def warn_without_feature(names: Iterable[str]) -> None:
    """Warn of properties that are stored and shown, and do nothing more."""
    for name in names:
        log.warning(
            "property has no effect yet, as its feature does not exist", extra={"property": name}
        )


def warn_unknown(names: Mapping[str, Origin]) -> None:
    """Warn of names that look like properties of ours, with the one that was perhaps meant."""
    for name, origin in names.items():
        # Told cut, as comparing takes long for long names.
        cut = name[:_MAX_NAME]
        closest = get_close_matches(cut, READ_NAMES, 1, _ALIKE)
        log.warning(
            "there is no such property",
            extra={"property": cut, "set_in": origin.value}
            | ({"closest": closest[0]} if closest else {}),
        )
