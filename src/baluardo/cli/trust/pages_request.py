"""`baluardo trust pages request`: a web server's key, and a request for its certificate."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.output import say
from baluardo.trust.custody.keyfile import Unprotected
from baluardo.trust.issuing.pages import request_page

EXAMPLE = """\
  $ baluardo trust pages request rome.baluardo.localhost --key rome.key --output rome.csr
  rome.key stays with the web server; rome.csr goes to the authority.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "request", "Make a web server's key, and ask for its certificate.", EXAMPLE
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help="a DNS name of the pages")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="the key, PEM, for its owner alone"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the request")


def run(args: argparse.Namespace) -> int:
    """Make the key and write the request (PKCS#10, DER)."""
    check_target(args.output)
    write_whole(args.output, request_page(args.key, args.names, Unprotected()))
    say(f"{args.output} asks for a certificate of {', '.join(args.names)}.")
    return 0
