"""Which members' links lead to which media server process, so that nobody looks at all of them."""

from __future__ import annotations


class Processes:
    """Media server processes by the members that know them."""

    def __init__(self) -> None:
        self._process: dict[str, str] = {}
        self._members: dict[str, set[str]] = {}

    def note(self, node_id: str, server_id: str | None) -> None:
        """Take in where the link of a member leads; ``None``: nowhere any more."""
        old = self._process.get(node_id)
        if old == server_id:
            return
        if old is not None:
            del self._process[node_id]
            self._members[old].discard(node_id)
            if not self._members[old]:
                del self._members[old]
        if server_id is not None:
            self._process[node_id] = server_id
            self._members.setdefault(server_id, set()).add(node_id)

    def shared_by(self, node_id: str) -> frozenset[str]:
        """The member and all others that know the same process; empty if it knows none."""
        server_id = self._process.get(node_id)
        return frozenset() if server_id is None else frozenset(self._members[server_id])
