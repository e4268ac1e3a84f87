"""Which program an edge runs: environments side by side, one of them in use.

    versions/3/          an environment (venv), whole before anything names it
    versions/3.json      what was signed for it, and which one was in use before
    versions/3.starts    how often it was started while on trial
    versions/3.healthy   it has proved itself
    versions/current     a link to the one in use; without it the one first installed is

The numbers are those of the decisions (`manifest`), 0 is the program as first installed. Whatever
is cut off at whatever moment, `current` leads to an environment that is whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo import __version__
from baluardo.durable_files import (
    FOR_ALL,
    hold_alone,
    make_directory,
    sync_directory,
    write_durably,
)
from baluardo.edge.updates import launcher
from baluardo.edge.updates.manifest import DIGEST_OCTETS, UpdateManifest, release
from baluardo.errors import ConflictError, InvalidInputError, SourceError, TargetError
from baluardo.foreign_input import printable, read_file
from baluardo.protocol.message_fields import whole
from baluardo.trust.commands.proposal import hexadecimal
from baluardo.trust.strict_json import JsonObject, write_json

_REMOVED: Final = ".removed"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that an edge has, or had."""

    number: int
    version: str
    digest: bytes = b""
    """Of its manifest, 48 octets; empty for the one that was first installed."""
    before: int = 0
    """The number of the one that was in use when it came."""


FIRST: Final = Program(0, __version__)


class Versions:
    """The programs of one edge. Whoever changes them takes hold first."""

    def __init__(self, edge: Path) -> None:
        """Name an edge's directory; nothing is made before an update comes."""
        self.directory = edge / launcher.FOLDER

    @property
    def current(self) -> int:
        """The number of the program in use."""
        return launcher.current(self.directory)

    def place(self, number: int) -> Path:
        """Return where an environment is."""
        return self.directory / str(number)

    def program(self, number: int) -> Program:
        """Return what is known of a program; SourceError if its record was damaged."""
        if number == 0:
            return FIRST
        path = self._record(number)
        octets = read_file(path, launcher.LARGEST_RECORD, "The record")
        try:
            fields = JsonObject.parse(octets, launcher.LARGEST_RECORD, "It")
            fields.only(("number", "version", "digest", "before"))
            version, before = fields.text("version", 32), whole(fields, "before")
            release(version)
            if whole(fields, "number") != number or not 0 <= before < number:
                raise fields.wrong("number", f"{number}, and before less than that")
            return Program(number, version, hexadecimal(fields, "digest", DIGEST_OCTETS), before)
        except InvalidInputError as problem:
            raise SourceError(f"{printable(str(path))} was damaged: {problem}") from None

    def is_proven(self, number: int) -> bool:
        """Tell whether a program has proved itself; the first one always has."""
        return number == 0 or self._mark(number).exists()

    @property
    def newest(self) -> int:
        """The greatest number that was ever taken; 0 for none."""
        return max(self._numbers(".json"), default=0)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other programs from changing anything while inside; TargetError if one does."""
        make_directory(self.directory)
        busy = "Another update is under way here: wait for its end."
        hold = hold_alone(self.directory / "lock", busy)
        try:
            yield
        finally:
            hold.release()

    def check_next(self, manifest: UpdateManifest, *, again: bool = False) -> None:
        """Refuse an update that may not come now; ConflictError says why.

        Its number must be greater than any before, and so its version, unless the officers allow
        an older one. `again` lets the newest one be tried once more after it was taken back.
        """
        in_use, newest = self.program(self.current), self.newest
        if manifest.number == newest and self.program(newest).digest == manifest.digest:
            if newest == in_use.number:
                raise ConflictError(
                    f"Update {newest} (version {in_use.version}) is in use here already."
                )
            if self._starts(newest).exists() and not again:
                raise ConflictError(
                    f"Update {newest} was in use here and was taken back. To try it once more: "
                    "--again."
                )
        elif manifest.number <= newest:
            raise ConflictError(
                f"Update {manifest.number} is not newer than update {newest}, which came before: "
                "nothing was installed."
            )
        if not manifest.allow_older and release(manifest.version) <= release(in_use.version):
            raise ConflictError(
                f"Version {manifest.version} is not newer than {in_use.version}, which is in use, "
                "and its officers do not allow an older one: nothing was installed."
            )

    def clear(self, number: int) -> None:
        """Remove what is left of a program that is not in use, its marks first."""
        for mark in (self._mark(number), self._starts(number)):
            mark.unlink(missing_ok=True)
        sync_directory(self.directory)
        self._remove(self.place(number))

    def take(self, manifest: UpdateManifest) -> None:
        """Put an environment into use that is whole at its place; on the disk when this returns.

        TargetError if the disk does not take it: the one in use stays.
        """
        number = manifest.number
        os.sync()  # thousands of files, and not one may come later than the link
        body = {
            "number": number,
            "version": manifest.version,
            "digest": manifest.digest.hex(),
            "before": self.current,
        }
        write_durably(self._record(number), write_json(body), mode=FOR_ALL)
        self._point(number)

    def roll_back(self) -> Program:
        """Put the program before the one in use back, and return it.

        ConflictError if there is none that could be started.
        """
        number = self.current
        if number == 0:
            raise ConflictError("The program as it was first installed is in use: none is before.")
        former = launcher.before(self.directory, number)
        while former and not os.access(launcher.python_of(self.directory, former), os.X_OK):
            former = launcher.before(self.directory, former)
        if not self._starts(number).exists():  # never started: it must not come back by itself
            write_durably(self._starts(number), b"0", mode=FOR_ALL)
        self._point(former)
        return self.program(former)

    def report_healthy(self, number: int) -> None:
        """Note that a program has proved itself; TargetError if the disk does not take it."""
        if not self.is_proven(number) and self.place(number).is_dir():
            write_durably(self._mark(number), b"", mode=FOR_ALL)

    def running(self, prefix: str = sys.prefix) -> int:
        """Return the number of the program whose interpreter has this prefix; 0 for any other."""
        place = Path(prefix)
        ours = place.parent == self.directory.resolve() or place.parent == self.directory.absolute()
        return int(place.name) if ours and place.name.isdigit() else 0

    def tidy(self) -> None:
        """Remove all environments but the one in use and the one before; what is cut off, later."""
        in_use = self.current
        keep = {in_use, launcher.before(self.directory, in_use)}
        for number in self._numbers(""):
            if number not in keep:
                self._remove(self.place(number))
        for rest in self.directory.glob(f".*{_REMOVED}"):
            shutil.rmtree(rest, ignore_errors=True)

    def _point(self, number: int) -> None:
        try:
            launcher.point(self.directory, number)
        except OSError as problem:
            raise TargetError(
                f"Program {number} could not be put into use: {problem.strerror or problem}. The "
                "one before stays."
            ) from None

    def _remove(self, place: Path) -> None:
        """Remove an environment; half of one never stands at its place."""
        aside = place.with_name(f".{place.name}{_REMOVED}")
        shutil.rmtree(aside, ignore_errors=True)
        if place.exists():
            try:
                place.rename(aside)
                sync_directory(self.directory)
            except OSError as problem:
                shown = printable(str(place))
                raise TargetError(f"{shown} cannot be removed: {problem.strerror}.") from None
            shutil.rmtree(aside, ignore_errors=True)

    def _numbers(self, ending: str) -> Iterator[int]:
        if self.directory.is_dir():
            for each in self.directory.iterdir():
                name = each.name.removesuffix(ending)
                if each.name == f"{name}{ending}" and name.isascii() and name.isdigit():
                    yield int(name)

    def _record(self, number: int) -> Path:
        return self.directory / f"{number}.json"

    def _starts(self, number: int) -> Path:
        return self.directory / f"{number}.starts"

    def _mark(self, number: int) -> Path:
        return self.directory / f"{number}.healthy"
