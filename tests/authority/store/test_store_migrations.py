"""From one version of the tables to the next and back, with what stands in them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import insert, inspect, select, text

from baluardo.authority.store import schema
from baluardo.authority.store.database import MIGRATIONS, Database


def move(database: Database, revision: str, *, down: bool = False) -> None:
    """Bring the tables to a version."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def test_tables_of_before_there_were_tunnels_are_taken_along(setting: str, tmp_path: Path) -> None:
    database = Database(setting or f"sqlite:///{tmp_path / 'old.db'}")
    move(database, "0001")
    site = {"identity": "ship/bergamini", "display_name": "Bergamini", "enrolled": 1.0}
    card = {"identity": "ship/bergamini", "changed": 1, "number": 2**53 - 1, "serial": "ab"}
    with database.writing() as connection:
        assert not inspect(connection).has_table("tunnel_card")
        connection.execute(insert(schema.site).values(site))
    database.upgrade()
    with database.writing() as connection:
        connection.execute(insert(schema.tunnel_card).values({**card, "heard": 1.0}))
        row = connection.execute(select(schema.tunnel_card)).one()
        assert (row.number, row.card, row.envelope) == (2**53 - 1, None, None)
        assert connection.execute(select(schema.site)).one().display_name == "Bergamini"
    move(database, "0001", down=True)
    with database.writing() as connection:
        assert not inspect(connection).has_table("tunnel_card")
        version = connection.execute(text("select version_num from alembic_version")).scalar_one()
        assert version == "0001"
        assert connection.execute(select(schema.site)).one().display_name == "Bergamini"
    database.close()


def test_attendances_of_before_moves_were_counted_are_taken_along(
    setting: str, tmp_path: Path
) -> None:
    database = Database(setting or f"sqlite:///{tmp_path / 'old.db'}")
    move(database, "0003")
    kept = ("person/anna.rossi/phone", "office/rome", 5)
    with database.writing() as connection:
        values = dict(zip(("device", "site", "at"), kept, strict=True))
        statement = "insert into mail_attendance (device, site, at) values (:device, :site, :at)"
        connection.execute(text(statement), values)
    database.upgrade()
    with database.writing() as connection:
        assert tuple(connection.execute(select(schema.mail_attendance)).one()) == (*kept, 0)
    move(database, "0003", down=True)
    with database.writing() as connection:
        assert tuple(connection.execute(text("select * from mail_attendance")).one()) == kept
    database.close()
