"""`baluardo edge sign-pages`: an officer proposes which pages browsers keep a copy of."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.authority.officer import add_officer_arguments
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.device import at_device
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.console.app import STATIC
from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.page_copy.judgement import propose_pages
from baluardo.edge.page_copy.of_build import list_of_build
from baluardo.trust.certificates.dates import shown
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import Proposal

EXAMPLE = """\
  $ baluardo edge sign-pages pages-3.json --number 3 --signer anna.rossi \\
      --signer bruno.verdi --keys anna
  pages 3: version 0.2.0, 64 files
  waits for a second officer: baluardo edge approve-pages
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "sign-pages",
        "Propose, as an officer, which pages browsers keep a copy of.",
        EXAMPLE,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file for the signed list")
    parser.add_argument(
        "--number",
        type=int,
        required=True,
        metavar="N",
        help="of this decision: greater than that of any list before",
    )
    parser.add_argument(
        "--signer",
        action="append",
        required=True,
        metavar="NAME",
        help="an officer who may sign the next list; once for each, you among them",
    )
    parser.add_argument(
        "--approvals",
        type=int,
        default=1,
        metavar="N",
        help="how many of them must approve the next list (default: 1)",
    )
    parser.add_argument(
        "--pages",
        type=Path,
        default=STATIC,
        metavar="FOLDER",
        help="where the pages were built (default: those of this program)",
    )
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Sign the list of what was built, and write it into a file."""
    check_target(args.file)
    pages = list_of_build(args.pages, args.number, args.signer, args.approvals)
    with at_device(args) as device:
        proposal = propose_pages(pages, device.credential, device.clock())
    octets = CommandBundle(proposal, ()).to_json()
    write_durably(args.file, octets, mode=FOR_ALL, replace=False)
    emit(f"pages {pages.number}: version {pages.version}, {len(pages.files)} files")
    expires = shown(Proposal.of_payload(proposal.payload).expires)
    say(f"It waits until {expires} for a second officer: baluardo edge approve-pages.")
    return 0
