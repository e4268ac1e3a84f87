"""`baluardo trust renew`: asks for the next certificate with the present one."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import say
from baluardo.cli.trust.options import (
    add_holder_argument,
)
from baluardo.trust.issuing.holder import Holder

EXAMPLE = """\
  $ baluardo trust renew bergamini --output bergamini-renewal.json
  $ baluardo trust issue authority bergamini-renewal.json --output bergamini-2.pem
  $ baluardo trust install bergamini bergamini-2.pem --public authority/public
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "renew", "Ask for the next certificate with the present one.", EXAMPLE
    )
    add_holder_argument(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the renewal")
    add_unprotected_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make the next key and write the request, signed with the present key."""
    check_target(args.output)
    holder = Holder(args.holder)
    write_whole(args.output, holder.renew(Secrets(args).access()).to_json())
    say(f"{args.output} goes to the authority, which needs nobody's decision for it.")
    return 0
