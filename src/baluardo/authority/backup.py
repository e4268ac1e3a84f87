"""One file with everything an authority is, and an authority made from it on an empty machine.

An archive (see `archive`): the directory (sealed keys, anchors, issuers, lists, settings) and every
table in one state of the database, row by row, so that what was SQLite may become PostgreSQL. The
log's entries are among the rows; the first start after a restore makes the tiles again, the same to
the octet. Nothing is restored unless all of it is there and as it was.

What the authority did after the backup is lost (`lost_time`). Members may hold revocation lists of
that time: the first start leaves their numbers free, and revokes again what those name that were
handed to the restore (`store.restored`).

The keys in it are sealed as in the directory; the rest is not: whoever has a backup reads the
directory of people.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, LargeBinary, Table, func, insert, select

from baluardo.authority.archive import SEAL, ArchiveWriter, Member, read_members
from baluardo.authority.lost_time import (
    end_what_was_open,
    heard_revocations,
    take_newer_root_lists,
)
from baluardo.authority.settings import FILE as SETTINGS_FILE
from baluardo.authority.settings import Settings
from baluardo.authority.store import schema
from baluardo.authority.store.database import Database, told
from baluardo.authority.store.opening import database_url
from baluardo.authority.store.restored import RESTORED, Mark
from baluardo.authority.store.rows import log_size
from baluardo.authority.store.served import FILE as SERVED_FILE
from baluardo.durable_files import FOR_ALL, OWNER_ALONE, sync_directory, write_durably
from baluardo.errors import BaluardoError, InvalidInputError, SourceError, TargetError
from baluardo.foreign_input import printable
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.digest import digest
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.strict_json import JsonObject, write_json

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
LARGEST_MANIFEST: Final = 1 << 28
TABLES: Final = "tables"
FILES: Final = "directory"
PAGE: Final = 2_000
LARGEST_ROW: Final = 1 << 26
OMITTED: Final = frozenset(
    {"authority.db", "authority.db-wal", "authority.db-shm", RESTORED, SERVED_FILE}
)
LOG: Final = "public/log/"
"""The database and the log go in as rows; marks of this machine's own stay."""
PASSING: Final = frozenset({schema.mail_item, schema.mail_package, schema.mail_sent})
"""Messages that wait, and key packages: no backup holds them, as it would keep for years what is to
leave after thirty days, and give out again what was given out. Conversations are in it."""
PRIVATE: Final = 0o700
OPEN: Final = 0o755


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    community: str
    entries: int
    """Entries of the audit log."""
    people: int
    files: int


def write_backup(directory: Path, settings: Settings, community: str, target: Path) -> Backup:
    """Write everything into a new file, also while the authority serves.

    TargetError if the file is there, lies in the directory itself, or cannot be written: nothing is
    left of it then.
    """
    if target.exists():
        raise TargetError(f"{printable(str(target))} is there already and was left as it is.")
    if target.absolute().is_relative_to(directory.absolute()):
        raise TargetError("A backup belongs on another disk, not into what it is a backup of.")
    partial = target.with_name(f".{target.name}.partial")
    database = Database(database_url(directory, settings.database))
    try:
        with database.reading() as connection:
            backup = _write(directory, connection, community, partial)
        partial.rename(target)
        sync_directory(target.absolute().parent)
    except OSError as error:
        raise TargetError(
            f"{printable(str(target))} cannot be written: {error.strerror or error}."
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        database.close()
    return backup


def _write(directory: Path, connection: Connection, community: str, partial: Path) -> Backup:
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ALONE)
    with os.fdopen(descriptor, "wb") as file:
        archive = ArchiveWriter(file)
        for member in _files(directory):
            archive.add(member)
        for table in schema.metadata.sorted_tables:
            if table in PASSING:
                continue
            for page, octets in enumerate(_pages(connection, table)):
                archive.add(Member(f"{TABLES}/{table.name}/{page:06d}.jsonl", octets))
        entries = log_size(connection)
        people = _count(connection, schema.person)
        backup = Backup(community, entries, people, len(archive.digests))
        manifest = {
            "version": VERSION,
            "community": community,
            "entries": entries,
            "people": people,
            "files": dict(archive.digests),
        }
        archive.seal(Member(MANIFEST, write_json(manifest)))
        file.flush()
        os.fsync(file.fileno())
    return backup


def _files(directory: Path) -> Iterator[Member]:
    """Yield every file that is not in the tables too, nor of this machine alone."""
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if name in OMITTED or name.startswith(LOG) or path.name.startswith("."):
            continue  # what begins with a dot is half written
        with suppress(FileNotFoundError):  # another program has just put a newer one in its place
            if path.is_file() and not path.is_symlink():
                for_all = bool(path.stat().st_mode & 0o004)
                yield Member(f"{FILES}/{name}", path.read_bytes(), for_all)


def _pages(connection: Connection, table: Table) -> Iterator[bytes]:
    binary = _binary(table)
    result = connection.execution_options(yield_per=PAGE).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    for rows in result.mappings().partitions(PAGE):
        yield b"".join(write_json(_plain(row, binary)) + b"\n" for row in rows)


def _plain(row: Mapping[Any, Any], binary: set[str]) -> dict[str, Any]:
    return {
        name: to_base64(bytes(value)) if name in binary and value is not None else value
        for name, value in row.items()
    }


def _binary(table: Table) -> set[str]:
    return {column.name for column in table.columns if isinstance(column.type, LargeBinary)}


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def read_backup(source: Path) -> Backup:
    """Return what a backup holds, every file compared.

    SourceError if it cannot be read, is not whole, or was altered.
    """
    with _opened(source) as file:
        return _checked(file, source)[1]


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise SourceError(f"{printable(str(source))} cannot be read: {error.strerror}.") from None


def _checked(file: BinaryIO, source: Path) -> tuple[dict[str, object], Backup]:
    """Return the digests in the manifest, and what it says; SourceError if it does not fit."""
    seen: dict[str, str] = {}
    manifest = b""
    try:
        for member in read_members(file):
            if member.name == MANIFEST:
                manifest = member.octets
            elif member.name != SEAL:
                if member.name in seen or member.name.split("/")[0] not in {FILES, TABLES}:
                    raise InvalidInputError("a file in it does not belong there")
                seen[member.name] = digest(member.octets).hex()
        fields = JsonObject.parse(manifest, LARGEST_MANIFEST, "its manifest")
        fields.only(("version", "community", "entries", "people", "files"))
        if fields.number("version") != VERSION:
            raise InvalidInputError("it is of another version of this program")
        digests = fields.inner("files").fields
        if digests != seen:
            raise InvalidInputError("files are missing, altered or added")
        counts = int(fields.number("entries")), int(fields.number("people"))
        return digests, Backup(fields.text("community", 255), *counts, len(seen))
    except (InvalidInputError, OSError) as problem:
        raise SourceError(
            f"{printable(str(source))} is no backup, or not what was written: "
            f"{printable(str(problem)).rstrip('.')}. Nothing was restored. Use another copy."
        ) from None


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a restore has brought back, and what it has ended."""

    backup: Backup
    mark: Mark
    """What is done again, or ended, as nobody knows what became of it since the backup."""


def restore_backup(
    source: Path, directory: Path, database: str = "", heard: Sequence[Path] = ()
) -> Restoration:
    """Make an authority in a new directory, and its tables in an empty database.

    `database` is the URL of another database than the backed-up settings name; where they name
    none, the tables go into the directory. `heard` are members' directories, or copies of a public
    half: what their genuine lists name is revoked again at the first start. TargetError if
    directory or database is in use: nothing is changed. Errors else as `heard_revocations`.
    After any failure nothing is left in the directory, and nothing in the tables.
    """
    with _opened(source) as file:
        digests, backup = _checked(file, source)
        files = _Files(file, source, digests)
        settings = _settings(files, database)
        made = not directory.exists()
        try:
            if not made and any(directory.iterdir()):
                raise TargetError(f"{printable(str(directory))} is not empty; name a new one.")
            directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise TargetError(
                f"{printable(str(directory))} cannot be made: {error.strerror}."
            ) from None
        try:
            mark = _restore(files, directory, settings, backup, heard)
        except BaseException as problem:
            _empty(directory, remove=made)
            if isinstance(problem, OSError) and not isinstance(problem, BaluardoError):
                raise TargetError(
                    f"{printable(str(directory))} cannot be written: {problem.strerror}."
                ) from None
            raise
    return Restoration(backup, mark)


@dataclass(frozen=True, slots=True)
class _Files:
    """The archive once it was found whole; it is compared again, should somebody exchange it."""

    file: BinaryIO
    source: Path
    digests: Mapping[str, object]

    def under(self, top: str) -> Iterator[tuple[tuple[str, ...], Member]]:
        """Yield the files below a name, with the parts of their names below it."""
        for member in read_members(self.file):
            parts = tuple(member.name.split("/"))
            if parts[0] == top:
                if digest(member.octets).hex() != self.digests.get(member.name):
                    raise SourceError(f"{printable(str(self.source))} was altered meanwhile.")
                yield parts[1:], member


def _settings(files: _Files, database: str) -> Settings:
    for parts, member in files.under(FILES):
        if parts == (SETTINGS_FILE,):
            text = member.octets.decode("utf-8", "replace")
            settings = Settings.of_toml(text, SETTINGS_FILE)
            return replace(settings, database=database) if database else settings
    raise SourceError(f"{printable(str(files.source))} holds no {SETTINGS_FILE}: nothing was done.")


def _restore(
    files: _Files, directory: Path, settings: Settings, backup: Backup, heard: Sequence[Path]
) -> Mark:
    """Fill directory and tables; the tables are committed last of all."""
    target = Database(database_url(directory, settings.database))
    try:
        target.upgrade()
        with told("written"), target.writing() as connection:
            _refuse_used(connection)
            _fill(files, connection)
            if _count(connection, schema.log_entry) != backup.entries:
                raise SourceError(f"{printable(str(files.source))} lacks entries of the log.")
            _unpack(files, directory)
            settings.write(directory, replace=True)
            public = Layout(directory).public
            mark = Mark(end_what_was_open(connection), heard_revocations(public, heard))
            take_newer_root_lists(public, connection, heard)
            mark.write(directory)
    finally:
        target.close()
    return mark


def _empty(directory: Path, *, remove: bool) -> None:
    """Take away what a failure left: nobody may take it for an authority."""
    with suppress(OSError):
        for each in directory.iterdir():
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink()
        if remove:
            directory.rmdir()


def _refuse_used(connection: Connection) -> None:
    for table in schema.metadata.sorted_tables:
        rows = _count(connection, table)
        if rows and table is not schema.log_head:
            raise TargetError(
                f"The database holds an authority already ({rows} rows in {table.name}); it was "
                "left as it is. Name an empty one."
            )


def _fill(files: _Files, connection: Connection) -> None:
    connection.execute(schema.log_head.delete())
    for parts, member in files.under(TABLES):
        table = schema.metadata.tables.get(parts[0])
        if table is None:
            raise SourceError(f"{printable(str(files.source))} holds a table of a newer program.")
        binary, names = _binary(table), {column.name for column in table.columns}
        rows = [_row(line, binary, names) for line in member.octets.splitlines()]
        connection.execute(insert(table), rows)


def _row(line: bytes, binary: set[str], names: set[str]) -> dict[str, Any]:
    fields = JsonObject.parse(line, LARGEST_ROW, "A row of the backup")
    fields.only(names)
    return {
        name: of_base64(str(value)) if name in binary and value is not None else value
        for name, value in fields.fields.items()
    }


def _unpack(files: _Files, directory: Path) -> None:
    public = ("public/issuers", "public/lists", "public/links")
    for name in ("public", *public, "keys", "openings"):
        (directory / name).mkdir(mode=OPEN if name.startswith("public") else PRIVATE)
    for parts, member in files.under(FILES):
        path = directory.joinpath(*parts)
        for above in reversed(path.relative_to(directory).parents):
            mode = OPEN if parts[0] == "public" else PRIVATE
            (directory / above).mkdir(mode=mode, exist_ok=True)
        write_durably(path, member.octets, mode=FOR_ALL if member.for_all else OWNER_ALONE)
    for each in (directory, *(path for path in directory.rglob("*") if path.is_dir())):
        sync_directory(each)
