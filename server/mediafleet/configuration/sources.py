"""Where a configuration is read from, the `.env` file apart; the next start has the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Sources:
    """What a start reads besides the `.env` file; it has no text form, as it holds secrets.

    Attributes:
        overrides: The command line's values by name; `None` is "not given".
        environ: The environment.
    """

    overrides: Mapping[str, Any]
    environ: Mapping[str, str]
