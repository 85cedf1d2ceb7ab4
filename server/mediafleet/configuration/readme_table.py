"""Renders the table of docs/configuration.md from the tables of properties."""

from collections.abc import Iterator
from typing import Final

from mediafleet.configuration.deployment_properties import FAMILIES
from mediafleet.configuration.properties import PROPERTIES
from mediafleet.configuration.property import Property, Shown, Use

_TITLES: Final = ("Property", "Meaning", "Value", "Default", "GET /pro/config", "Restart")
_GET: Final = {
    Shown.NEVER: "",
    Shown.ALWAYS: "yes",
    Shown.RECORDING: "if recording is on",
    Shown.WEBHOOK: "if webhook is on",
    Shown.AUTOSCALING: "if autoscaling is on",
    Shown.ELASTICSEARCH: "if its host is set",
    Shown.KIBANA: "if its host is set",
    Shown.NOT_EMPTY: "if recording is on and it is set",
}


def render_table() -> str:
    """Write the table in Markdown, then the names that are accepted without effect."""
    used = [each for each in PROPERTIES if each.use in {Use.ACTIVE, Use.PLANNED}]
    kept = sorted(
        [each.name for each in PROPERTIES if each.use is Use.KEPT]
        + [f"{prefix}*" for prefix in FAMILIES]
    )
    return "\n".join(
        [
            f"| {' | '.join(_TITLES)} |",
            "|---" * len(_TITLES) + "|",
            *(f"| {' | '.join(_cells(each))} |" for each in used),
            "",
            "\\* Stored and shown; the feature behind it does not exist yet.",
            "",
            "Known from OpenVidu, up to 2.32, and left in the `.env` file without effect: "
            + ", ".join(f"`{name}`" for name in kept)
            + ".",
        ]
    )


def _cells(each: Property) -> Iterator[str]:
    star = " \\*" if each.use is Use.PLANNED else ""
    yield f"`{each.name}`{star}"
    yield each.doc
    yield each.kind.allowed
    yield _default(each)
    yield _GET[each.shown]
    yield "yes" if each.modifiable else ""


def _default(each: Property) -> str:
    if each.default_note is not None:
        return each.default_note
    text = each.kind.write(each.default)
    return f"`{text}`" if text else ""
