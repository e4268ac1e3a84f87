"""`baluardo trust lists`: new revocation lists, numbered one higher."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments
from baluardo.cli.output import emit, say
from baluardo.cli.trust.options import (
    add_authority_argument,
    machine_time,
)
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.authority import IssuingAuthority

WARN_BEFORE = 90 * DAY
"""Seconds before a root's list ends: custodians need time to meet. Our choice."""

EXAMPLE = """\
  $ baluardo trust lists authority
  issuer-2026: list 12, 3 revoked, next by 2026-11-28T09:00:00Z
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "lists", "Publish new revocation lists.", EXAMPLE)
    add_authority_argument(parser)
    add_key_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Publish; do it daily, members refuse lists that are too old."""
    now = machine_time()
    with IssuingAuthority.open(args.authority, Secrets(args).unlock(), now) as authority:
        lists = authority.publish_lists(now)
        for published in lists:
            emit(
                f"{published.issuer}: list {published.number}, {published.revoked} revoked, "
                f"next by {format_time(published.next_update)}"
            )
        root, ends = authority.root_list()
    if not lists:
        say("No issuer is in force, so there is no list to make: baluardo trust issuer create.")
    if ends < now + WARN_BEFORE:
        say(
            f"The list of {root.subject} must be made anew by {format_time(ends)}, or nothing is "
            "accepted any more: baluardo trust root lists."
        )
    return 0
