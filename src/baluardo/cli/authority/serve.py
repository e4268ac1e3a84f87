"""`baluardo authority serve`: pages and channels until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.cli.structured_log import log_as_json
from baluardo.cli.trust.options import add_authority_argument
from baluardo.stage.authority import serve_authority

EXAMPLE = """\
  $ baluardo authority serve authority --passphrase-file passphrase
  http://authority.baluardo.localhost:8470/
  serves until Ctrl-C; what it is told stands in authority/authority.toml.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "serve", "Serve pages and channels until Ctrl-C.", EXAMPLE)
    add_authority_argument(parser)
    parser.add_argument(
        "--log-json", action="store_true", help="write the program's log as one JSON text a line"
    )
    add_key_arguments(parser)
    add_unprotected_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Serve; 0 after a signal to stop."""
    talk: Callable[[str], None] = say
    if args.log_json:
        log_as_json()
        talk = logging.getLogger("baluardo.authority").info  # whoever collects it finds JSON alone
    else:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    serve_authority(args.authority, Secrets(args).existing(), _announce, talk)
    return 0


def _announce(address: str) -> None:
    emit(address)
    sys.stdout.flush()
