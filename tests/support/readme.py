"""Writes the README's generated parts: the life of a Media Node, the properties, the menu of tox.

Run ``python -m tests.support.readme`` at the top of the repository after a change of their sources.
"""

from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

from mediafleet.configuration.readme_table import with_table
from mediafleet.domain.media_node import REQUESTABLE, TRANSITIONS, MediaNodeStatus

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def main() -> None:
    """Rewrite the README in place."""
    README.write_text(with_generated_parts(README.read_text("utf-8")), "utf-8")


def with_generated_parts(readme: str) -> str:
    """The README with every generated part made anew.

    Raises:
        ValueError: A marker is missing, doubled, or out of order.
    """
    readme = between(readme, "life of a media node", state_diagram())
    readme = between(readme, "tox", tox_menu((ROOT / "tox.ini").read_text("utf-8")))
    return with_table(readme)


def between(text: str, name: str, part: str) -> str:
    """Replace what stands between the two markers of a name.

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
    """The table of moves as a mermaid diagram; a move that a user may ask for is marked."""
    lines = ["```mermaid", "stateDiagram-v2", *_aliases(), "    [*] --> launching"]
    for old in MediaNodeStatus:
        lines += [_arrow(old, new) for new in MediaNodeStatus if new in TRANSITIONS[old]]
    lines += [f"    {_identifier(end)} --> [*]" for end in MediaNodeStatus if not TRANSITIONS[end]]
    return "\n".join([*lines, "```"])


def tox_menu(ini: str) -> str:
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
