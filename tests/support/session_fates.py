"""What became of the sessions of one node, and what the server knows and has told of it.

Each session is a letter, small once its end was told; those of a node are a sorted text. So two
sessions that are alike are one and the same.

======  ========================================================
L       it lives, and is not in the books
B       it lives, and is in the books
E       its application ended it, and it is still in the books
D       it died with its media server, and is still in the books
X       it is known to be lost, and its end is not told
======  ========================================================
"""

from collections.abc import Mapping

LIVING, BOOKED, LOST = "LBlb", "BEDbed", "Xx"
UNTOLD = "BDX"
"""Known to the server and not ended by an application: the end of such a one is to be told."""


class LostError(Exception):
    """Something that must never happen did."""


def _table(changes: Mapping[str, str]) -> dict[int, str]:
    """For small letters the same as for their capitals."""
    return str.maketrans({**changes, **{a.lower(): b.lower() for a, b in changes.items()}})


_LEARNT = _table({"L": "B", "E": ""})
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
    """One that lives is ended by its application."""
    after = _ENDED[kind.upper()]
    after = after if kind.isupper() else after.lower()
    return "".join(sorted(sessions.replace(kind, after, 1)))


def learnt(sessions: str) -> str:
    """The books follow what the node tells."""
    return _translated(sessions, _LEARNT)


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
    """The server was killed; what it told is stored, its books are not."""
    return _translated(sessions, _FORGOTTEN)


def without(sessions: str, kinds: str) -> str:
    return "".join(each for each in sessions if each not in kinds)


def told(sessions: str, kinds: str) -> str:
    """The ends of all of some kinds are told."""
    if any(each in kinds.lower() for each in sessions):
        raise LostError("the end of a session was told twice")
    return rest_told(sessions, kinds)


def rest_told(sessions: str, kinds: str) -> str:
    """The ends of all of some kinds are told, but of those for which that was done before."""
    return "".join(sorted(each.lower() if each in kinds else each for each in sessions))


def plain(sessions: str) -> str:
    """Only who lives and who is in the books."""
    return _translated(sessions, _PLAIN)
