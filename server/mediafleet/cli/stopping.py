"""How signals end a long-running command: cleanly, with status 0, whatever it is doing."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn, TypeAlias

Reaction: TypeAlias = Callable[[int, FrameType | None], object] | signal.Handlers

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_stop_signals(reaction: Reaction) -> Iterator[None]:
    """React to Ctrl-C, a service manager's stop and a closed terminal in this way for a while.

    A SIGHUP that the parent had ignored (`nohup`) stays ignored.
    """
    previous = {
        each: signal.signal(each, reaction)
        for each in STOP_SIGNALS
        if each is not signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)


def end_quietly(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End the process with status 0; later signals do not disturb the cleaning up."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(0)
