"""Writes the generated parts of the documents: transitions, properties, tox environments.

Run ``python -m tests.support.documents`` at the top of the repository when their sources change.
"""

from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

from mediafleet.configuration.properties import FAMILIES, PROPERTIES
from mediafleet.configuration.property import Property, Shown, Use
from mediafleet.domain.media_node import REQUESTABLE, TRANSITIONS, MediaNodeStatus

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
GETTING_STARTED = ROOT / "docs" / "getting-started.md"

_TITLES = ("Property", "Meaning", "Value", "Default", "GET /pro/config", "Restart")
_GET = {
    Shown.NEVER: "",
    Shown.ALWAYS: "yes",
    Shown.RECORDING: "if recording is on",
    Shown.WEBHOOK: "if webhook is on",
    Shown.AUTOSCALING: "if autoscaling is on",
    Shown.ELASTICSEARCH: "if its host is set",
    Shown.KIBANA: "if its host is set",
    Shown.NOT_EMPTY: "if recording is on and it is set",
}


def main() -> None:
    """Rewrite the documents in place."""
    for path, text in generated_documents().items():
        path.write_text(text, "utf-8")


def generated_documents() -> dict[Path, str]:
    """Each document that has a generated part, with that part made anew.

    Raises:
        ValueError: A marker is missing, repeated, or out of order.
    """
    tox = (ROOT / "tox.ini").read_text("utf-8")
    parts = {
        ROOT / "docs" / "life-cycle.md": ("life of a media node", state_diagram()),
        ROOT / "docs" / "configuration.md": ("configuration", property_table()),
        ROOT / "CONTRIBUTING.md": ("tox", tox_table(tox)),
    }
    return {
        path: between(path.read_text("utf-8"), name, part) for path, (name, part) in parts.items()
    }


def between(text: str, name: str, part: str) -> str:
    """Replace the text between the two markers of a name.

    Raises:
        ValueError: The text does not hold both markers once, in order.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in rest or end in before + after:
        raise ValueError(f"the text must hold {begin} and then {end}, once each")
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


def state_diagram() -> str:
    """The table of transitions as a mermaid diagram; those that a user may request are marked."""
    lines = ["```mermaid", "stateDiagram-v2", *_aliases(), "    [*] --> launching"]
    for old in MediaNodeStatus:
        lines += [_arrow(old, new) for new in MediaNodeStatus if new in TRANSITIONS[old]]
    lines += [f"    {_identifier(end)} --> [*]" for end in MediaNodeStatus if not TRANSITIONS[end]]
    return "\n".join([*lines, "```"])


def property_table() -> str:
    """The properties as a table in Markdown, then the names that are accepted without effect."""
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


def tox_table(ini: str) -> str:
    """The environments of a ``tox.ini`` as a table in Markdown, those of the plain run first."""
    parser = ConfigParser(interpolation=None)
    parser.read_string(ini)
    default = [name.strip() for name in parser["tox"]["env_list"].split(",")]
    others = [
        name
        for name in (section.removeprefix("testenv:") for section in parser.sections())
        if name not in {*default, "testenv", "tox", "pytest"}
    ]
    rows = [f"| `tox -e {name}` | {_description(parser, name)} | yes |" for name in default]
    rows += [f"| `tox -e {name}` | {_description(parser, name)} | |" for name in others]
    return "\n".join(["| Command | What it does | In a plain `tox` |", "|---|---|---|", *rows])


def _description(parser: ConfigParser, name: str) -> str:
    section = f"testenv:{name}" if parser.has_section(f"testenv:{name}") else "testenv"
    return parser[section]["description"]


def _aliases() -> Iterator[str]:
    for status in MediaNodeStatus:
        if _identifier(status) != status:
            yield f'    state "{status}" as {_identifier(status)}'


def _arrow(old: MediaNodeStatus, new: MediaNodeStatus) -> str:
    mark = " : PATCH" if new in REQUESTABLE[old] else ""
    return f"    {_identifier(old)} --> {_identifier(new)}{mark}"


def _identifier(status: MediaNodeStatus) -> str:
    return status.replace("-", "_")


if __name__ == "__main__":
    main()
