"""What is refused when directory and database are brought to agree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text, update

from authority.store.kept import Kept, issue, note
from baluardo.authority.store import schema
from baluardo.authority.store.database import Database
from baluardo.errors import InvalidInputError, LogError, StoreError
from postgres import PostgresServer


def older_copy(kept: Kept, directory: Path, request: pytest.FixtureRequest) -> str:
    """Return the URL of a copy of the database as of now."""
    if kept.url.startswith("sqlite"):
        return kept.database_copy(directory)
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.copy_database(kept.url)


def test_older_copy_of_the_database_is_refused(
    kept: Kept, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with kept.opened() as store:
        store.act_blocking(note(1))
    older = older_copy(kept, tmp_path / "copy", request)
    with kept.opened() as store:
        store.act_blocking(note(2))
    genuine, kept.url = kept.url, older
    with pytest.raises(LogError, match="older copy"):
        kept.open()
    kept.url = genuine
    with kept.opened() as store:
        store.act_blocking(note(3))
    kept.verify()


def test_older_copy_is_refused_after_a_crash_too(
    kept: Kept, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with kept.opened() as store:
        store.act_blocking(note(1))
    older = older_copy(kept, tmp_path / "copy", request)
    with kept.opened() as store:
        store.act_blocking(issue("ship/bergamini"))
        mark = (kept.land.directory / "served").read_bytes()
    (kept.land.directory / "served").write_bytes(mark)  # nobody has stopped it properly
    kept.url = older
    with pytest.raises(LogError, match="older copy"):
        kept.open()


def test_database_that_is_exchanged_at_work_is_refused(
    kept: Kept, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with kept.opened() as store:
        store.act_blocking(note(1))
    older = older_copy(kept, tmp_path / "copy", request)
    with kept.opened() as store:
        store.act_blocking(note(2))
        size, genuine = store.size, store.database
        other = Database(older)
        store._committer.database = other  # where the same address now leads to
        for number in (3, 4):  # not even after all was forgotten
            with pytest.raises(StoreError, match="not the one it was"):
                store.act_blocking(note(number))
            store._committer._journal.forget()
        # Somebody else has gone on with the older one, further than we were.
        with other.writing() as connection:
            rows = [{"index": i, "octets": kept.rows()[0]} for i in range(size - 1, size + 3)]
            connection.execute(schema.log_entry.insert(), rows)
            connection.execute(update(schema.log_head).values(size=size + 3))
        with pytest.raises(StoreError, match="another history"):
            store.act_blocking(note(5))
        assert store.size == size
        store._committer.database = genuine
        other.close()
        assert store.act_blocking(note(6)) == size
    kept.verify()


def test_head_smaller_than_what_was_acknowledged_is_refused(kept: Kept) -> None:
    with kept.opened() as store:
        store.act_blocking(note(1))
        with store.database._reader.engine.connect() as probe:
            assert probe.execute(text("SELECT 1")).scalar_one() == 1
        meddler = Database(kept.url)
        with meddler.writing() as connection:
            connection.execute(update(schema.log_head).values(size=store.size - 1))
        with pytest.raises(StoreError, match="fewer than"):
            store.act_blocking(note(2))
        with meddler.writing() as connection:
            connection.execute(update(schema.log_head).values(size=store.size))
        meddler.close()
        store.act_blocking(note(3))
    kept.verify()


def test_forked_directory_is_refused(kept: Kept, tmp_path: Path) -> None:
    shutil.copytree(kept.land.directory, tmp_path / "forked")
    with kept.opened() as store:
        store.act_blocking(note(1))
    forked = Kept(kept.land.copy(tmp_path / "other"), kept.url)
    shutil.rmtree(forked.land.directory)
    (tmp_path / "forked").rename(forked.land.directory)
    forked.calendar.now += 5.0
    with forked.land.open():  # it goes on by itself: its own first list, its own time
        pass
    with pytest.raises(LogError, match="different histories"):
        forked.open()
    with kept.opened() as store:
        store.act_blocking(note(2))
    kept.verify()


def test_altered_row_is_refused(kept: Kept) -> None:
    with kept.opened() as store:
        index = store.act_blocking(note(1_234))
    database = Database(kept.url)
    with database.writing() as connection:
        table = schema.log_entry
        row = connection.execute(table.select().where(table.c.index == index)).one()
        changed = bytes(row.octets).replace(b"1234", b"4321")
        connection.execute(table.update().where(table.c.index == index).values(octets=changed))
    database.close()
    with pytest.raises(LogError, match="different histories"):
        kept.open()


def test_missing_row_is_refused(kept: Kept) -> None:
    with kept.opened() as store:
        store.act_blocking(note(1))
    database = Database(kept.url)
    with database.writing() as connection:
        connection.execute(schema.log_entry.delete().where(schema.log_entry.c.index == 2))
    database.close()
    with pytest.raises(LogError):
        kept.open()


def test_migrations_make_the_schema_that_the_program_knows(setting: str, tmp_path: Path) -> None:
    database = Database(setting or f"sqlite:///{tmp_path / 'empty.db'}")
    database.upgrade()
    database.upgrade()  # nothing is left to do
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    database.close()


def test_database_of_a_newer_program_is_left_alone(kept: Kept) -> None:
    with kept.opened():
        pass
    database = Database(kept.url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match="newer version"):
        kept.open()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "sqlite:////nowhere/x.db"])
def test_url_of_no_database_is_refused(url: str) -> None:
    with pytest.raises((InvalidInputError, StoreError)):
        Database(url).upgrade()


def test_database_that_is_away_is_said_without_its_password(tmp_path: Path) -> None:
    database = Database(f"postgresql://anna:geheim@/x?host={tmp_path}")
    with pytest.raises(StoreError) as told:
        database.upgrade()
    assert "geheim" not in str(told.value)
    database.close()
