"""`baluardo authority backup`: everything in one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.authority.backup import write_backup
from baluardo.authority.settings import Settings
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.cli.trust.options import add_authority_argument
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.issuing.layout import Layout

EXAMPLE = """\
  $ baluardo authority backup authority 2026-11-22.tar
  italia.example: 1204 entries of the log, 37 people
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "backup",
        "Write everything into one file, also while the authority serves.",
        EXAMPLE,
    )
    add_authority_argument(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="the new file")


def run(args: argparse.Namespace) -> int:
    """Write it; print what it holds."""
    settings = Settings.read(args.authority)
    community = Anchors.read(Layout(args.authority).public.anchors).community
    backup = write_backup(args.authority, settings, community, args.file)
    emit(f"{backup.community}: {backup.entries} entries of the log, {backup.people} people")
    say(
        "The keys in it are sealed as they were; the directory of people is open to whoever reads "
        "the file. Keep it where the authority is not."
    )
    return 0
