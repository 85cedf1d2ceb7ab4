"""How a command ends: exit statuses and the error that carries one; who prints it is `main`."""

import enum


class ExitCode(enum.IntEnum):
    """Exit status of every command."""

    OK = 0
    FAILURE = 1
    """The server, the connection to it, its start-up or the writing of its answer failed."""
    USAGE = 2
    """The command line, the configuration or the request is wrong."""
    NOT_FOUND = 3
    """There is no such Media Node, or it is not within reach (404)."""
    CONFLICT = 4
    """The state of the cluster forbids it (409)."""
    REFUSED = 5
    """The server refused the credentials (401)."""
    INTERRUPTED = 130
    """Somebody interrupted the wait for an answer; what was asked of the server goes on."""


class CommandError(Exception):
    """A command cannot go on.

    Attributes:
        message: Sentences for the person at the terminal; no secret in them.
        code: The exit status.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class UsageFault(CommandError):  # noqa: N818 - typer's UsageError is another thing
    """The command line or the configuration asks for something that is not allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.USAGE)


class OutputError(Exception):
    """What a command has to say cannot be written. It ends every command that is there to say it.

    No `CommandError`: who is patient with a server is not to be patient with this.
    """
