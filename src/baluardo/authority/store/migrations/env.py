"""Alembic's entry: runs the migrations on the connection that the program hands over."""

from __future__ import annotations

from alembic import context

from baluardo.authority.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
