"""What a newcomer reads first."""

import re

import pytest
from typer.testing import CliRunner

from mediafleet.cli.application import make_application

COMMANDS_OF_NODES = (
    *("list", "get", "diagnostics", "add", "remove"),
    *("drain", "progress", "undrain", "status", "discover", "label"),
)
COMMANDS_OF_PLACEMENTS = ("create", "list", "release")
COMMANDS_OF_SESSIONS = ("list", "show", "close")
COMMANDS_OF_EVENTS = (
    *("list", "watch", "verify", "cdr"),
    *("webhook", "dead-letters", "replay", "discard"),
)
COMMANDS = [
    ["serve"],
    ["demo"],
    ["emulator"],
    ["nodes"],
    ["config"],
    ["restart"],
    *(["nodes", each] for each in COMMANDS_OF_NODES),
    ["placements"],
    *(["placements", each] for each in COMMANDS_OF_PLACEMENTS),
    ["sessions"],
    *(["sessions", each] for each in COMMANDS_OF_SESSIONS),
    ["events"],
    *(["events", each] for each in COMMANDS_OF_EVENTS),
    ["autoscaling"],
    ["autoscaling", "explain"],
]


def help_of(command):
    result = CliRunner().invoke(make_application(), [*command, "--help"], prog_name="mediafleet")
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_every_help_has_examples_line_by_line(command):
    text = help_of(command)

    assert "\n  Examples:\n    mediafleet " in text
    assert "\\b" not in text
    assert text.isascii()


@pytest.mark.parametrize(
    "command",
    [[], ["nodes"], ["placements"], ["sessions"], ["events"], ["autoscaling"]],
    ids=" ".join,
)
def test_exit_statuses_are_documented(command):
    text = help_of(command)

    assert "Exit status:" in text
    assert all(digit in text[text.index("Exit status:") :] for digit in "012345")


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_every_command_that_calls_a_server_can_print_json(command):
    options = re.findall(r"^  (--[a-z]+)", help_of(command), re.MULTILINE)

    assert ("--url" in options) == ("--json" in options)


def test_the_version_is_printed(run):
    done = run("--version")

    assert (done.code, done.out, done.err) == (0, "mediafleet 0.1.0\n", "")


def test_an_unknown_option_is_a_usage_error(run):
    done = run("serve", "--hust", "127.0.0.1")

    assert done.code == 2
    assert "--hust" in done.err
    assert done.out == ""
