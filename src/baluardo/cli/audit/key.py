"""`baluardo audit key`: a witness's key, and the word by which others know it."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.witness import new_witness_key
from baluardo.trust.custody.keyfile import read_key, write_key
from baluardo.trust.suites import PROFILES, profile_named

EXAMPLE = """\
  $ baluardo audit key navy.key --name witness.example/navy --create > navy.vkey
  makes the key; navy.vkey goes to everybody who verifies logs.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "key", "Make a witness's key, or show the verifier key of one.", EXAMPLE
    )
    parser.add_argument("key", type=Path, metavar="KEYFILE", help="the witness's sealed key")
    parser.add_argument(
        "--name", required=True, metavar="NAME", help="the witness's, like witness.example/navy"
    )
    parser.add_argument("--create", action="store_true", help="make a new key first")
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default="eu-hybrid",
        help="the suites of the community whose logs are witnessed (default: eu-hybrid)",
    )
    add_unprotected_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the verifier key."""
    if args.create:
        key = new_witness_key(profile_named(args.profile))
        verifier = VerifierKey(args.name, key.public)
        write_key(args.key, key, Secrets(args, new=True).access().protection)
    else:
        key = read_key(args.key, Secrets(args).unlock())
        verifier = VerifierKey(args.name, key.public)
    emit(verifier.text)
    return 0
