"""The documents show what the code does: generated parts, the two commands, the examples."""

import itertools
import os
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mediafleet.cli.application import make_application
from mediafleet.domain.media_node import REQUESTABLE, TRANSITIONS
from support.documents import (
    GETTING_STARTED,
    README,
    ROOT,
    between,
    generated_documents,
    state_diagram,
    tox_table,
)

DOCUMENTS = [README, GETTING_STARTED, ROOT / "docs" / "security.md"]
DOCUMENTS += [ROOT / "docs" / name for name in ("draining.md", "command-line.md")]
ARROW = re.compile(r"^    (\S+) --> (\S+?)( : PATCH)?$", re.MULTILINE)


def blocks(path: Path, language: str) -> list[str]:
    text = path.read_text("utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def arrows(diagram: str) -> set[tuple[str, str, bool]]:
    return {
        (old.replace("_", "-"), new.replace("_", "-"), bool(mark))
        for old, new, mark in ARROW.findall(diagram)
    }


@pytest.mark.parametrize("path", generated_documents(), ids=lambda path: path.name)
def test_the_generated_parts_are_up_to_date(path: Path) -> None:
    stale = "run: python -m tests.support.documents"

    assert generated_documents()[path] == path.read_text("utf-8"), stale


def test_the_diagram_shows_every_transition_and_no_other() -> None:
    transitions = {
        (str(old), str(new), new in REQUESTABLE[old])
        for old, targets in TRANSITIONS.items()
        for new in targets
    }
    ends = {(str(status), "[*]", False) for status, targets in TRANSITIONS.items() if not targets}

    (diagram,) = blocks(ROOT / "docs" / "life-cycle.md", "mermaid")

    assert arrows(diagram) == transitions | ends | {("[*]", "launching", False)}


def test_a_name_with_a_hyphen_has_an_alias_in_the_diagram() -> None:
    assert 'state "waiting-idle-to-terminate" as waiting_idle_to_terminate' in state_diagram()


def test_the_table_of_tox_lists_the_plain_run_first_and_then_the_rest() -> None:
    ini = (
        "[tox]\nenv_list = lint, py\n[testenv]\ndescription = tests\n"
        "[testenv:fix]\ndescription = mends\n[testenv:lint]\ndescription = looks\n"
    )

    rows = tox_table(ini).splitlines()[2:]

    assert rows == [
        "| `tox -e lint` | looks | yes |",
        "| `tox -e py` | tests | yes |",
        "| `tox -e fix` | mends | |",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- x: begin -->",
        "<!-- x: end --><!-- x: begin -->",
        "<!-- x: begin --><!-- x: end --><!-- x: end -->",
        "<!-- x: begin --><!-- x: begin --><!-- x: end -->",
    ],
)
def test_a_text_without_one_pair_of_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        between(text, "x", "part")


def test_the_readme_is_short() -> None:
    assert README.stat().st_size <= 8 * 1024


def test_there_are_two_commands_that_are_scripts_of_the_repository() -> None:
    section = README.read_text("utf-8").partition("## Two commands\n")[2].partition("\n## ")[0]

    commands = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)

    assert commands == ["./demo\n", "./test\n"]
    assert all(os.access(ROOT / command.strip(), os.X_OK) for command in commands)


def test_ci_begins_with_the_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()

    assert next(line for line in lines if line.startswith("./")) == "./test"


@pytest.mark.parametrize(
    ("script", "last"),
    [("demo", ".venv/bin/mediafleet demo"), ("test", ".venv/bin/tox")],
)
def test_a_command_installs_pinned_requirements_and_becomes_the_program(
    script: str, last: str
) -> None:
    lines = (ROOT / script).read_text("utf-8").splitlines()
    files = re.findall(r"requirements/\S+", "\n".join(lines))

    assert lines[-1] == f'exec {last} "$@"'
    assert all("--hash=sha256:" in (ROOT / name).read_text("utf-8") for name in files)
    assert all("--require-hashes" in line for line in lines if " -r " in line)


def shown_commands() -> list[str]:
    found = re.findall(
        r"^(?:\S+=\S+ )*(?:\.venv/bin/)?mediafleet (\w.+)", "\n".join(shell_lines()), re.MULTILINE
    )
    return list(dict.fromkeys(found))


def shell_lines() -> list[str]:
    return [
        line.strip()
        for path in DOCUMENTS
        for block in blocks(path, " *sh")
        for line in block.splitlines()
    ]


@pytest.mark.parametrize("command", shown_commands())
def test_a_command_shown_exists_with_its_options(command: str) -> None:
    words = shlex.split(command)
    names = list(itertools.takewhile(str.isalpha, words))
    options = [word for word in words if word.startswith("--")]

    done = CliRunner().invoke(make_application(), [*names, "--help"], prog_name="mediafleet")

    assert done.exit_code == 0, done.output
    assert f"Usage: mediafleet {' '.join(names)}" in done.output
    assert [option for option in options if option not in done.output] == []
