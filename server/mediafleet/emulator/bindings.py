"""Which connection speaks for which session: one each way, and the last use wins."""

from __future__ import annotations

from typing import Generic, TypeVar

C = TypeVar("C")


class Bindings(Generic[C]):
    """A one-to-one relation between sessions and connections."""

    __slots__ = ("_connections", "_sessions")

    def __init__(self) -> None:
        self._connections: dict[str, C] = {}
        self._sessions: dict[C, str] = {}

    def bind(self, session_id: str, connection: C) -> None:
        """Give a session to a connection; both lose whom they were bound to."""
        previous = self._connections.get(session_id)
        if previous is not None and previous != connection:
            self._sessions.pop(previous, None)
        old_session = self._sessions.get(connection)
        if old_session is not None and old_session != session_id:
            self._connections.pop(old_session, None)
        self._connections[session_id] = connection
        self._sessions[connection] = session_id

    def forget(self, connection: C) -> None:
        """The connection is closed; its session goes on without one."""
        session_id = self._sessions.pop(connection, None)
        if session_id is not None:
            self._connections.pop(session_id, None)

    def session_of(self, connection: C) -> str:
        """The session of a connection; "" if it has none."""
        return self._sessions.get(connection, "")

    def connection_of(self, session_id: str) -> C | None:
        """Where the events of a session go; None: they are lost."""
        return self._connections.get(session_id)

    def sessions(self) -> list[str]:
        """All sessions with an open connection."""
        return list(self._connections)
