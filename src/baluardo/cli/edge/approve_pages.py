"""`baluardo edge approve-pages`: a second officer's signature on a list of pages."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from baluardo.cli.authority.officer import add_officer_arguments
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.device import at_device
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.console.app import STATIC
from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.page_copy.judgement import claimed_pages
from baluardo.edge.page_copy.of_build import list_of_build
from baluardo.edge.page_copy.page_list import PageList
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import read_file
from baluardo.trust.commands.approval import approve, read_proposal
from baluardo.trust.commands.bundle import LARGEST_BUNDLE, CommandBundle

EXAMPLE = """\
  $ baluardo edge approve-pages pages-3.json --keys bruno
  approved pages 3
  the pages of this program are those that were signed.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "approve-pages",
        "Sign, as a second officer, which pages browsers keep a copy of.",
        EXAMPLE,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the list; it is written anew")
    parser.add_argument(
        "--pages",
        type=Path,
        default=STATIC,
        metavar="FOLDER",
        help="your own build, to compare with (default: the pages of this program)",
    )
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compare what was signed with one's own build, show it, and sign."""
    check_target(args.file)
    bundle = CommandBundle.of_json(read_file(args.file, LARGEST_BUNDLE, "The list"))
    with at_device(args) as device:
        now = device.clock()
        signed = read_proposal(bundle.proposal, device.verifier, now)
        pages = claimed_pages(bundle)
        check_build(pages, args.pages)
        say(
            f"{signed.proposal.kind} by {signed.proposal.proposer}: pages {pages.number}, version "
            f"{pages.version}; the next list by {pages.approvals + 1} of "
            f"{', '.join(pages.signers)}"
        )
        for each in pages.files:
            say(f"{each.digest.hex()}  {each.path}")
        answer = approve(bundle.proposal, device.credential, now)
    bundle = replace(bundle, approvals=(*bundle.approvals, answer))
    write_durably(args.file, bundle.to_json(), mode=FOR_ALL)
    emit(f"approved pages {pages.number}")
    return 0


def check_build(pages: PageList, static: Path) -> None:
    """Refuse a list that is not that of one's own build; InvalidInputError names the first file.

    Two officers who sign the digests that one of them has computed have seen one build, not two.
    """
    own = list_of_build(static, pages.number, pages.signers, pages.approvals)
    if own == pages:
        return
    mine, theirs = ({each.path: each for each in every.files} for every in (own, pages))
    other = sorted(path for path in mine | theirs if mine.get(path) != theirs.get(path))
    what = other[0] if other else "the version, or the headers,"
    raise InvalidInputError(
        f"{what} is not what your own build has: nothing was signed. Build the same version on "
        "both machines, and ask the proposer if it still differs."
    )
