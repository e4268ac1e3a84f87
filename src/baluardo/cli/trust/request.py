"""`baluardo trust request`: a key is made here, and a request for its certificate."""

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
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.suites import PROFILES, profile_named

EXAMPLE = """\
  $ baluardo trust request bergamini --community italia.example --identity ship/bergamini \\
      --output bergamini.csr
  the key stays in bergamini; bergamini.csr goes to the authority.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "request",
        "Make a key where it will be used, and ask for its certificate.",
        EXAMPLE,
    )
    add_holder_argument(parser)
    parser.add_argument("--community", required=True, metavar="NAME", help="like italia.example")
    parser.add_argument(
        "--identity",
        required=True,
        metavar="KIND/NAME",
        help="office/NAME, ship/NAME, authority/NAME, auditor/NAME or person/NAME/DEVICE",
    )
    parser.add_argument("--profile", choices=sorted(PROFILES), default="eu-hybrid")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the request")
    add_unprotected_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make the key and write the request (PKCS#10, DER)."""
    identity = Identity.of_path(args.community, args.identity)
    check_target(args.output)
    access = Secrets(args).access()
    request = Holder(args.holder).request(identity, profile_named(args.profile), access)
    write_whole(args.output, request)
    say(f"{args.output} asks for a certificate of {identity}.")
    return 0
