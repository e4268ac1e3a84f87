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
  $ baluardo authority restore 2026-11-22.tar authority --heard bergamini --heard milano/public
  italia.example: 1204 entries of the log, 37 people
  3 certificates are known to be revoked
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
        "--heard",
        type=Path,
        metavar="DIRECTORY",
        action="append",
        default=[],
        help=(
            "an edge's directory, or a copy of an authority's public one: what its lists name as "
            "revoked since the backup is revoked again; may be given several times"
        ),
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
    done = restore_backup(args.file, args.authority, url, args.heard)
    backup, ended = done.backup, done.mark.dropped
    emit(f"{backup.community}: {backup.entries} entries of the log, {backup.people} people")
    if args.heard:
        emit(f"{len(done.mark.revoked)} certificates are known to be revoked")
    say(
        "What was done after the backup is lost, and witnesses of the log will say so: make it "
        f"known before they ask. Ended, as nobody knows what became of them: {ended['sessions']} "
        f"sessions, {ended['invitations']} open invitations, {ended['codes']} emergency codes. "
        f"Make new codes: baluardo authority codes {args.authority} --papers DIRECTORY. Then start "
        f"it: baluardo authority serve {args.authority}."
    )
    if not args.heard:
        say(
            "No member's lists were given (--heard): whoever was revoked after the backup must be "
            "revoked again. Sites that know of it go on refusing them, and say so on their pages."
        )
    return 0
