"""SQLite or PostgreSQL behind one URL, migrated before it is used.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a pulled plug. There,
writing begins with BEGIN IMMEDIATE; on PostgreSQL it takes the row of `log_head`. Either way one
transaction writes at a time, of however many authorities.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from alembic import command as alembic_command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError as AlembicError
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from baluardo.authority.store import schema
from baluardo.durable_files import OWNER_ALONE
from baluardo.errors import InvalidInputError, StoreError

MIGRATIONS: Final = Path(__file__).with_name("migrations")
BUSY_MS: Final = 10_000
"""How long SQLite waits for another process (a backup, say) before it gives up."""
READERS: Final = 8
CONNECT_SECONDS: Final = 5
LOST_SECONDS: Final = 20
"""After so long without a sign of life a connection to PostgreSQL is given up, at either end."""
IDLE_SECONDS: Final = 30
"""PostgreSQL ends a transaction whose authority has fallen silent: it would hold up the others."""
MIGRATION_LOCK: Final = 0x62616C7561726430
"""Any number that nobody else takes: authorities that start together migrate one by one."""
DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class Database:
    """Two engines on one database: one connection that writes, several that read."""

    def __init__(self, url: str) -> None:
        """Prepare; InvalidInputError for a URL of neither kind. Nothing is opened yet."""
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer = self._engine(pool_size=1, read_only=False)
        self._reader = self._engine(pool_size=READERS, read_only=True)

    def upgrade(self) -> None:
        """Bring the tables to this program's version; StoreError if they are of a newer one."""
        self._make_private()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with told("migrated"), self._writer.connect() as connection:
            known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
            present = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            if present is not None and present not in known:
                raise StoreError(
                    f"The database is of a newer version of this program ({present}); it was left "
                    "as it is. Start the newer program."
                )
            if not self.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            alembic_command.upgrade(config, "head")
            if connection.execute(select(schema.log_head.c.id)).first() is None:
                connection.execute(insert(schema.log_head).values(id=1, size=0))
            connection.commit()

    def _make_private(self) -> None:
        """Let a new SQLite file be its owner's alone, as SQLite's files beside it then are."""
        name = self.url.database
        if self.is_sqlite and name and name != ":memory:":
            with suppress(OSError):  # SQLite itself will say what is wrong with it
                os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ALONE))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Be the one that writes: commits at the end, rolls back on any error."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See one state of the database; StoreError if it cannot be reached."""
        with told("read"), self._reader.connect() as connection:
            try:
                yield connection
            finally:
                connection.rollback()

    def head(self, connection: Connection) -> int:
        """Return how many entries the log has, and hold its end until the transaction is over."""
        query = select(schema.log_head.c.size).where(schema.log_head.c.id == 1)
        if not self.is_sqlite:
            query = query.with_for_update()
        return int(connection.execute(query).scalar_one())

    def close(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._reader.dispose()

    def _engine(self, *, pool_size: int, read_only: bool) -> Engine:
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": BUSY_MS / 1000, "check_same_thread": False}
        else:
            options |= {"pool_pre_ping": True, "connect_args": _postgresql()}
            if read_only:  # one state for all that is looked up together
                options["isolation_level"] = "REPEATABLE READ"
                options["execution_options"] = {"postgresql_readonly": True}
        engine = create_engine(self.url, hide_parameters=True, **options)
        if self.is_sqlite:
            begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
            if read_only:
                event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
        return engine


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn the database's own errors into sentences."""
    try:
        yield
    except AlembicError as problem:
        raise StoreError(f"The database could not be {what}: {problem}.") from None
    except SQLAlchemyError as problem:
        raise StoreError(
            f"The database could not be {what}: {first_line(problem)}. Nothing was changed by "
            "this; try again, and look at the database if it goes on."
        ) from None


def first_line(problem: SQLAlchemyError) -> str:
    """Return what the driver said, in one line, without the statement and its values."""
    text = str(problem.orig) if isinstance(problem, DBAPIError) else type(problem).__name__
    return text.strip().split("\n")[0][:200].rstrip(".")


def _checked(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise InvalidInputError(
            "The database's URL is none: sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from None
    driver = DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise InvalidInputError(
            f"{url.get_backend_name()} is no database that an authority uses: sqlite or postgresql."
        )
    return url.set(drivername=driver)


def _postgresql() -> dict[str, Any]:
    """Return what keeps a lost machine, at either end, from holding up everybody."""
    limits = f"-c lock_timeout={BUSY_MS} -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
    return {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": LOST_SECONDS // 2,
        "keepalives_interval": LOST_SECONDS // 4,
        "keepalives_count": 2,
        "tcp_user_timeout": LOST_SECONDS * 1000,
        "options": limits,
    }


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us, not by the driver
    run: Callable[[str], object] = connection.execute
    run("PRAGMA journal_mode=WAL")
    run("PRAGMA synchronous=FULL")
    run("PRAGMA foreign_keys=ON")
