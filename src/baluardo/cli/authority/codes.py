"""`baluardo authority codes`: new emergency codes, while the authority stands still."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.authority.acts.break_glass import replace_codes
from baluardo.authority.first_papers import new_codes
from baluardo.authority.opening import open_authority
from baluardo.cli.authority.papers import write_code_papers
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.cli.trust.options import add_authority_argument
from baluardo.durable_files import make_directory

EXAMPLE = """\
  $ baluardo authority codes authority --papers papers --passphrase-file passphrase
  2 emergency codes are new, 1 before them open nothing any more
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "codes", "Make new emergency codes, in the place of those not used.", EXAMPLE
    )
    add_authority_argument(parser)
    parser.add_argument(
        "--papers",
        type=Path,
        required=True,
        metavar="DIRECTORY",
        help="where the codes are written, each into a file to print, seal and destroy",
    )
    add_key_arguments(parser)
    add_unprotected_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Make them; the papers first, so that no code is in use that nobody has."""
    access = Secrets(args).existing()
    authority = open_authority(args.authority, access)
    try:
        codes = new_codes()
        make_directory(args.papers)
        write_code_papers(args.papers, codes)
        digests = [code.digest for code in codes]
        ended = authority.store.act_blocking(
            lambda transaction: replace_codes(transaction, digests)
        )
    finally:
        authority.store.close()
    emit(f"{len(codes)} emergency codes are new, {ended} before them open nothing any more")
    say(f"The papers are in {args.papers}: print each, seal it, destroy the files.")
    return 0
