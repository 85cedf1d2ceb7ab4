"""Exit statuses, and the errors that end a command; `main` prints them."""

import enum


class ExitCode(enum.IntEnum):
    """Exit status of every command."""

    OK = 0
    FAILURE = 1
    """The server or the connection to it failed, or the output could not be written."""
    USAGE = 2
    """The command line, the configuration or the request is wrong."""
    NOT_FOUND = 3
    """There is no such Media Node or file, or it cannot be reached (404); events are gone (410)."""
    CONFLICT = 4
    """The state of the cluster forbids it (409), or events are not as they were stored."""
    UNAUTHORIZED = 5
    """The server rejected the credentials (401)."""
    INTERRUPTED = 130
    """Ctrl-C ended the wait for a response; the server continues with the request."""


class CommandError(Exception):
    """A command cannot continue.

    Attributes:
        message: Sentences for the user; without secrets.
        code: The exit status.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class UsageError(CommandError):
    """The command line or the configuration is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.USAGE)


class UnknownOutcomeError(CommandError):
    """There is no response, so it is unknown whether the server carries out the request.

    Attributes:
        what: What happened instead of a response.
        likely: What the request does now, such as "goes on"; `None` if the server has said it.
    """

    def __init__(self, what: str, likely: str | None) -> None:
        super().__init__(what if likely is None else f"{what} What was asked for {likely}.")
        self.what = what
        self.likely = likely


class OutputError(Exception):
    """The output of a command cannot be written.

    Not a `CommandError`, because commands that retry after a `CommandError` must not retry this.
    """
