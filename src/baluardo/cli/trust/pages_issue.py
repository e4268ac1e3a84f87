"""`baluardo trust pages issue`: grants a request for a certificate that browsers accept."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit
from baluardo.cli.trust.options import (
    add_authority_argument,
    machine_time,
)
from baluardo.foreign_input import read_file
from baluardo.trust.certificates.request import LARGEST_REQUEST
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.pages import issue_page

EXAMPLE = """\
  $ baluardo trust pages issue authority rome.csr --output rome.pem
  rome.baluardo.localhost, until 2027-02-19T09:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "issue", "Grant a request for the names of a site's pages.", EXAMPLE
    )
    add_authority_argument(parser)
    parser.add_argument("request", type=Path, metavar="REQUEST", help="PKCS#10, DER")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the chain, PEM")
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Grant it on the operator's word."""
    request = read_file(args.request, LARGEST_REQUEST, "The request")
    check_target(args.output)
    layout, unlock = Layout(args.authority), Secrets(args).unlock()
    with FileJournal.open(layout, unlock) as journal:
        chain = issue_page(layout, journal, request, unlock, machine_time())
    write_whole(args.output, chain.pem().encode())
    emit(f"{', '.join(chain.leaf.names)}, until {format_time(chain.leaf.not_after)}")
    return 0
