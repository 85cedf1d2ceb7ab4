"""The README shows what the code says: the generated parts, the two commands, the examples."""

import itertools
import re
import shlex

import pytest
from typer.testing import CliRunner

from mediafleet.cli.application import application
from mediafleet.domain.media_node import REQUESTABLE, TRANSITIONS
from support.readme import README, ROOT, between, state_diagram, tox_menu, with_generated_parts

TEXT = README.read_text("utf-8")
ARROW = re.compile(r"^    (\S+) --> (\S+?)( : PATCH)?$", re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)


def arrows(diagram: str) -> set[tuple[str, str, bool]]:
    return {
        (old.replace("_", "-"), new.replace("_", "-"), bool(mark))
        for old, new, mark in ARROW.findall(diagram)
    }


def test_the_generated_parts_are_up_to_date() -> None:
    stale = "run: python -m tests.support.readme"

    assert with_generated_parts(TEXT) == TEXT, stale


def test_the_diagram_shows_every_move_and_no_other() -> None:
    moves = {
        (str(old), str(new), new in REQUESTABLE[old])
        for old, news in TRANSITIONS.items()
        for new in news
    }
    ends = {(str(status), "[*]", False) for status, news in TRANSITIONS.items() if not news}

    (diagram,) = blocks("mermaid")

    assert arrows(diagram) == moves | ends | {("[*]", "launching", False)}


def test_a_name_with_a_hyphen_has_an_alias_in_the_diagram() -> None:
    assert 'state "waiting-idle-to-terminate" as waiting_idle_to_terminate' in state_diagram()


def test_the_menu_of_tox_lists_the_plain_run_first_and_then_the_rest() -> None:
    ini = (
        "[tox]\nenv_list = lint, py\n[testenv]\ndescription = tests\n"
        "[testenv:fix]\ndescription = mends\n[testenv:lint]\ndescription = looks\n"
    )

    rows = tox_menu(ini).splitlines()[2:]

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


def test_the_test_command_is_what_ci_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    commands = lines[lines.index('cd "$(dirname "$0")/.."') + 1 :]

    command = " && ".join(commands) + "\n"

    assert command in blocks("sh")
    assert command.endswith(".venv/bin/tox\n")


def test_there_are_two_commands_of_one_line_each() -> None:
    section = TEXT.partition("## Two commands\n")[2].partition("\n## ")[0]

    commands = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)

    assert [command.count("\n") for command in commands] == [1, 1]


def test_the_first_command_sets_itself_up_and_runs_the_demo() -> None:
    command = blocks("sh")[0]

    steps = [shlex.split(step) for step in command.strip().split(" && ")]

    assert command.count("\n") == 1
    assert steps[0] == ["python3", "-m", "venv", ".venv"]
    assert steps[-1] == [".venv/bin/mediafleet", "demo"]
    assert "--require-hashes" in steps[2]
    assert (ROOT / steps[2][-1]).is_file()
    assert all((ROOT / folder / "pyproject.toml").is_file() for folder in steps[3][-2:])


def shown_commands() -> list[str]:
    found = re.findall(r"\.venv/bin/mediafleet (\w.+)", "\n".join(shell_lines()))
    return list(dict.fromkeys(found))


def shell_lines() -> list[str]:
    return [line.strip() for block in blocks(" *sh") for line in block.splitlines()]


@pytest.mark.parametrize("command", shown_commands())
def test_a_command_shown_exists_with_its_options(command: str) -> None:
    words = shlex.split(command)
    names = list(itertools.takewhile(str.isalpha, words))
    options = [word for word in words if word.startswith("--")]

    told = CliRunner().invoke(application, [*names, "--help"], prog_name="mediafleet")

    assert told.exit_code == 0, told.output
    assert f"Usage: mediafleet {' '.join(names)}" in told.output
    assert [option for option in options if option not in told.output] == []
