"""Who is there at all."""

from __future__ import annotations

from sqlalchemy import Connection, select

from baluardo.authority.store import schema


def is_in_directory(connection: Connection, name: str) -> bool:
    """Tell whether there is a person of this name."""
    found = select(schema.person.c.name).where(schema.person.c.name == name)
    return connection.execute(found).first() is not None
