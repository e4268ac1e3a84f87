"""Which commands were handed out, on disk: each is handed out once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, CannotLockError, Hold, write_durably
from baluardo.errors import CommandError, InvalidInputError, SourceError, TargetError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.commands.proposal import ID_OCTETS
from baluardo.trust.identity import DAY
from baluardo.trust.strict_json import JsonObject, parse_json

KEPT_AFTER_EXPIRY: Final = DAY
"""Seconds: an expired command is refused for its date already; this is for clocks. Our choice."""
MOST_SPENT: Final = 50_000
"""Commands that may be in force at one time. Our choice."""
LARGEST_FILE: Final = MOST_SPENT * 64 + 64


class SpentCommands:
    """Commands in force that were handed out. One process at a time, safe across threads.

    The file is written anew for each command and is on the disk before the command is handed out:
    a crash may lose a command (propose it anew), it never lets one be done twice. Whoever puts an
    older copy of the file back lets commands that have not expired be done again.
    """

    def __init__(self, path: Path, hold: Hold, spent: dict[str, float]) -> None:
        """Use `create` or `open`."""
        self._path = path
        self._hold = hold
        self._spent = spent
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def create(cls, path: Path) -> SpentCommands:
        """Begin an empty list; CommandError if there is one already or it cannot be written."""
        path, hold = _take_hold(path)
        try:
            if path.exists():
                raise CommandError(
                    f"{path} is there already, and was left as it is: open it. An empty one in its "
                    "place would let commands be carried out twice."
                )
            _write(path, {}, replace=False)
        except BaseException:
            hold.release()
            raise
        return cls(path, hold, {})

    @classmethod
    def open(cls, path: Path) -> SpentCommands:
        """Open the file; CommandError if it is missing, damaged, or in use by another process."""
        path, hold = _take_hold(path)
        try:
            return cls(path, hold, _read(path))
        except BaseException:
            hold.release()
            raise

    def spend(self, one_use: bytes, expires: float, now: float) -> None:
        """Note that a command is handed out; CommandError if it has been, or cannot be noted.

        `one_use` is a proposal's, 16 octets; times are POSIX seconds.
        """
        # A process split off shares the lock, but not what was noted since.
        if not (self._closed or self._hold.held):
            raise CommandError(
                "The list of executed commands belongs to another process; nothing was done."
            )
        with self._lock:
            if self._closed:
                raise CommandError("The list of executed commands is closed; nothing was done.")
            if one_use.hex() in self._spent:
                raise CommandError(
                    "This command was carried out before; nothing was done now. If it must be done "
                    "again, propose it anew."
                )
            kept = {
                each: until
                for each, until in self._spent.items()
                if now < until + KEPT_AFTER_EXPIRY
            }
            if len(kept) >= MOST_SPENT:
                raise CommandError(
                    f"{MOST_SPENT:,} commands are in force at once, and no more can be told "
                    "apart; nothing was done. Wait until some have expired."
                )
            kept[one_use.hex()] = expires
            _write(self._path, kept, replace=True)
            self._spent = kept

    def close(self) -> None:
        """Let another process open the file."""
        with self._lock:
            self._closed = True
            self._hold.release()


def _take_hold(path: Path) -> tuple[Path, Hold]:
    """Return the file itself, whatever links lead to it, and the lock beside it, held."""
    try:
        file = path.resolve()
        return file, Hold(file.with_name(f"{file.name}.lock"), OWNER_ALONE)
    except (BlockingIOError, CannotLockError):
        raise CommandError(
            f"{path} is in use by another process. No command is carried out here."
        ) from None
    except (OSError, ValueError, RuntimeError) as problem:  # RuntimeError: links in a circle
        reason = getattr(problem, "strerror", None) or "it cannot be the name of a file"
        raise CommandError(
            f"{printable(str(path))} cannot be opened: {reason}. No command is carried out."
        ) from None


def _write(path: Path, spent: dict[str, float], *, replace: bool) -> None:
    octets = json.dumps({"spent": spent}, separators=(",", ":"), allow_nan=False).encode()
    try:
        write_durably(path, octets, replace=replace)
    except TargetError as problem:
        raise CommandError(
            f"No command was carried out, as it cannot be noted: {problem}"
        ) from None


def _read(path: Path) -> dict[str, float]:
    try:
        octets = read_file(path, LARGEST_FILE, "The list of executed commands")
        value = parse_json(octets, LARGEST_FILE, f"The list of executed commands {path}")
        spent = JsonObject.of(value, str(path)).inner("spent")
        return {_sound(each): spent.number(each) for each in spent.fields}
    except (InvalidInputError, SourceError) as problem:
        raise CommandError(
            f"No command is carried out, as nobody could tell which were before: {problem} Put a "
            "saved copy back, or begin a new list once every command given so far has expired."
        ) from None


def _sound(command: str) -> str:
    try:
        sound = len(command) == 2 * ID_OCTETS and bytes.fromhex(command).hex() == command
    except ValueError:
        sound = False
    if not sound:
        raise InvalidInputError("an id of a command in it is damaged.")
    return command
