"""States of the sessions of one node: what the server knows of them, and what it emitted.

Each session is a letter, in lower case once the event of its end was emitted; the sessions of a
node are a sorted text. So two sessions in equal states are one and the same.

======  ==============================================================
L       it is open, and the server does not know it
B       it is open, and the server knows it
E       its application ended it, and the server still lists it
D       it ended with its media server, and the server still lists it
X       the server knows that it is lost, and has not emitted its end
======  ==============================================================
"""

from collections.abc import Mapping

OPEN, KNOWN, LOST = "LBlb", "BEDbed", "Xx"
NOT_EMITTED = "BDX"
"""Known to the server and not ended by an application: its end must be emitted."""


class LostError(Exception):
    """Something happened that must never happen."""


def _table(changes: Mapping[str, str]) -> dict[int, str]:
    """For small letters the same as for their capitals."""
    return str.maketrans({**changes, **{a.lower(): b.lower() for a, b in changes.items()}})


_OBSERVED = _table({"L": "B", "E": ""})
_LINKED = _table({"L": "B", "E": "", "D": "X"})
_CRASHED = _table({"L": "", "B": "D", "E": "D"})
_GONE = _table({"L": "", "B": "X", "E": "X", "D": "X"})
_FORGOTTEN = _table({"B": "L", "E": "", "D": "", "X": ""})
_ENDED = {"L": "", "B": "E"}
_PLAIN = str.maketrans("lbeDd", "LBEEE", "Xx")


def _translated(sessions: str, table: Mapping[int, str | int | None]) -> str:
    return "".join(sorted(sessions.translate(table)))


def count(sessions: str, kinds: str) -> int:
    return sum(each in kinds for each in sessions)


def begun(sessions: str) -> str:
    return "".join(sorted(sessions + "L"))


def ended(sessions: str, kind: str) -> str:
    """One that is open is ended by its application."""
    after = _ENDED[kind.upper()]
    after = after if kind.isupper() else after.lower()
    return "".join(sorted(sessions.replace(kind, after, 1)))


def observed(sessions: str) -> str:
    """The server observes the sessions of the node."""
    return _translated(sessions, _OBSERVED)


def linked(sessions: str) -> str:
    """The same over a new link: if it leads to another process, the old one's are lost."""
    return _translated(sessions, _LINKED)


def crashed(sessions: str) -> str:
    """Their media server is no more."""
    return _translated(sessions, _CRASHED)


def gone(sessions: str) -> str:
    """Their machine is known to be no more."""
    return _translated(sessions, _GONE)


def forgotten(sessions: str) -> str:
    """The server was killed; what it emitted is stored, its observations are not."""
    return _translated(sessions, _FORGOTTEN)


def without(sessions: str, kinds: str) -> str:
    return "".join(each for each in sessions if each not in kinds)


def emitted(sessions: str, kinds: str) -> str:
    """The ends of all of some kinds are emitted."""
    if any(each in kinds.lower() for each in sessions):
        raise LostError("the end of a session was emitted twice")
    return rest_emitted(sessions, kinds)


def rest_emitted(sessions: str, kinds: str) -> str:
    """The ends of all of some kinds are emitted, but of those for which that was done before."""
    return "".join(sorted(each.lower() if each in kinds else each for each in sessions))


def plain(sessions: str) -> str:
    """Only which are open and which the server knows."""
    return _translated(sessions, _PLAIN)
