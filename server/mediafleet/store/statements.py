"""The statements that change the store; each runs in the transaction of its caller."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import BigInteger, Integer, bindparam, delete, exists, insert, select, update

from mediafleet.domain.errors import StaleMediaNodeError
from mediafleet.store.errors import StoreReplacedError, SupersededError
from mediafleet.store.rows import EVENT_COLUMNS, NODE_COLUMNS
from mediafleet.store.standing import Position
from mediafleet.store.tables import events, facts, journal, media_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from mediafleet.store.rows import Step, Values


# The number of an event is told by how many of its transaction come after it. No statement then
# needs an answer of the one before, which would be another trip to the database for each commit.
_SEQUENCE = select(journal.c.last_sequence).scalar_subquery() - bindparam("behind", type_=Integer)

STORE_ID = "store_id"
"""The key under which a store has an id of its own; a copy has the same."""

_ID = select(facts.c.value).where(facts.c.key == STORE_ID)
_CLAIM = (
    update(journal)
    .where(
        journal.c.term == bindparam("its_term"),
        journal.c.last_sequence == bindparam("known"),
        exists().where(facts.c.key == STORE_ID, facts.c.value == bindparam("its_id")),
    )
    .values(last_sequence=journal.c.last_sequence + bindparam("count", type_=BigInteger))
)

_APPEND = insert(events).values(
    {"sequence": _SEQUENCE} | {name: bindparam(name) for name in EVENT_COLUMNS}
)

_JOIN = insert(media_nodes).from_select(
    ["joined_sequence", *NODE_COLUMNS],
    select(
        _SEQUENCE, *(bindparam(name, type_=media_nodes.c[name].type) for name in NODE_COLUMNS)
    ).where(~exists().where(media_nodes.c.id == bindparam("id"))),
)


async def begin_term(connection: AsyncConnection) -> Position:
    """Make this server the one that may write, and every earlier one stop; tells what is there."""
    await connection.execute(update(journal).values(term=journal.c.term + 1))
    store_id = await remember_fact(connection, STORE_ID, lambda: uuid4().hex)
    row = (await connection.execute(select(journal.c.term, journal.c.last_sequence))).one()
    return Position(store_id, int(row.term), int(row.last_sequence))


async def append_steps(connection: AsyncConnection, steps: Sequence[Step]) -> None:
    """Save the nodes and append the events, in order, under numbers that were claimed.

    Raises:
        StaleMediaNodeError: A stored node is not one version behind.
    """
    for behind, step in zip(reversed(range(len(steps))), steps, strict=True):
        if step.node is not None:
            await _save_node(connection, step.node, behind, leaves=step.leaves)
        await connection.execute(_APPEND, {"behind": behind, **step.event})


async def claim(connection: AsyncConnection, position: Position, count: int) -> None:
    """Take the next numbers of events; the last of them is then ``journal.last_sequence``.

    Every writing transaction begins with this, also one without events: the row it changes is
    what keeps a server out that was superseded without noticing, or whose store is another one
    now, or an older copy of its own.

    Raises:
        SupersededError: Another server has opened the store.
        StoreReplacedError: It is not the store as this server left it.
    """
    claimed = await connection.execute(
        _CLAIM,
        {
            "its_id": position.store_id,
            "its_term": position.term,
            "known": position.last_sequence,
            "count": count,
        },
    )
    if claimed.rowcount != 0:
        return
    found = await connection.scalar(_ID)
    row = (await connection.execute(select(journal.c.term, journal.c.last_sequence))).one_or_none()
    if found == position.store_id and row is not None and row.term > position.term:
        raise SupersededError
    if found != position.store_id or row is None:
        raise StoreReplacedError("it is another store than the one that this server opened")
    raise StoreReplacedError(
        f"it is another copy of the store: its last event has number {row.last_sequence}, and "
        f"this server knows of {position.last_sequence}"
    )


async def remember_fact(connection: AsyncConnection, key: str, make: Callable[[], str]) -> str:
    """The value under the key, made and kept if there is none."""
    known = await connection.scalar(select(facts.c.value).where(facts.c.key == key))
    if known is not None:
        return str(known)
    value = make()
    await connection.execute(insert(facts), {"key": key, "value": value})
    return value


async def keep_fact(connection: AsyncConnection, key: str, value: str) -> str:
    """Put a value under the key, whatever was there before; tells the value."""
    changed = await connection.execute(update(facts).where(facts.c.key == key).values(value=value))
    if changed.rowcount == 0:
        await connection.execute(insert(facts), {"key": key, "value": value})
    return value


async def _save_node(
    connection: AsyncConnection, node: Values, behind: int, *, leaves: bool
) -> None:
    if node["version"] == 1:
        saved = await connection.execute(_JOIN, {"behind": behind, **node})
    else:
        before = (media_nodes.c.id == node["id"]) & (media_nodes.c.version == node["version"] - 1)
        saved = await connection.execute(
            delete(media_nodes).where(before)
            if leaves
            else update(media_nodes).where(before).values(node)
        )
    if saved.rowcount == 0:
        raise StaleMediaNodeError(node["id"])
