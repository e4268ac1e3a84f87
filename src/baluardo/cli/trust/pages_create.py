"""`baluardo trust pages create`: the browser authority, for the pages of sites."""

from __future__ import annotations

import argparse

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit, say
from baluardo.cli.trust.options import (
    add_authority_argument,
    machine_time,
)
from baluardo.trust.custody.printing import grouped
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.pages import create_pages_root

EXAMPLE = """\
  $ baluardo trust pages create authority --domain baluardo.localhost
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "create",
        "Create the browser authority; its root goes into the browsers.",
        EXAMPLE,
    )
    add_authority_argument(parser)
    parser.add_argument(
        "--domain",
        action="append",
        required=True,
        metavar="NAME",
        help="it certifies names in this domain only; more than one may be given",
    )
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Create it; print its root's fingerprint."""
    layout, access = Layout(args.authority), Secrets(args).access()
    with FileJournal.open(layout, access.unlock) as journal:
        root = create_pages_root(layout, journal, args.domain, access.protection, machine_time())
    emit(f"{root.subject}  {grouped(root.fingerprint)}")
    say(f"Install {layout.public.pages} in the browsers of the community, and in no others.")
    return 0
