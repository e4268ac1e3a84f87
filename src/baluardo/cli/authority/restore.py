"""`baluardo authority restore`: an authority from a backup, on an empty machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.authority.backup import restore_backup
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import read_file

LARGEST_URL = 4_096

EXAMPLE = """\
  $ baluardo authority restore 2026-11-22.tar authority
  italia.example: 1204 entries of the log, 37 people
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "restore", "Make an authority from a backup, on an empty machine.", EXAMPLE
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup")
    parser.add_argument(
        "authority", type=Path, metavar="AUTHORITY", help="the new directory of the authority"
    )
    parser.add_argument(
        "--database-file",
        type=Path,
        metavar="FILE",
        help=(
            "read the URL of an empty database here (it may hold a password), instead of the "
            "database that the backup's settings name"
        ),
    )


def run(args: argparse.Namespace) -> int:
    """Restore it; print what came back."""
    url = ""
    if args.database_file is not None:
        octets = read_file(args.database_file, LARGEST_URL, "The database's URL")
        try:
            url = octets.decode("ascii").strip()
        except UnicodeDecodeError:
            raise InvalidInputError("The database's URL is plain ASCII text.") from None
    backup = restore_backup(args.file, args.authority, url)
    emit(f"{backup.community}: {backup.entries} entries of the log, {backup.people} people")
    say(
        f"Start it: baluardo authority serve {args.authority}. What was done after the backup is "
        "lost, and witnesses of the log will say so: make it known before they ask."
    )
    return 0
