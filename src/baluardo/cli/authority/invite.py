"""`baluardo authority invite`: an invitation for a person, an office or a ship."""

from __future__ import annotations

import argparse
import json

from baluardo.cli.authority.officer import Desk, add_officer_arguments, at_desk
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.trust.certificates.dates import shown

EXAMPLE = """\
  $ baluardo authority invite ship/bergamini --keys anna --name "Fregata Bergamini"
  baluardo-invitation:eyJhZGRyZXNzZXMiOlsiaHR0...
  is handed over, and taken on board by: baluardo edge enrol bergamini
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(subparsers, "invite", "Invite a person, an office or a ship.", EXAMPLE)
    parser.add_argument(
        "identity",
        metavar="IDENTITY",
        help="who they are to be: person/NAME/DEVICE, office/NAME or ship/NAME",
    )
    parser.add_argument("--name", default="", metavar="SHOWN", help="the name that others see")
    parser.add_argument(
        "--language", action="append", default=[], metavar="TAG", help="such as it; may be repeated"
    )
    parser.add_argument(
        "--hours", type=float, default=None, help="for how long it is good (default: 72)"
    )
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make it; print its text."""
    body: dict[str, object] = {"identity": args.identity}
    if args.name:
        body["display_name"] = args.name
    if args.language:
        body["languages"] = args.language
    if args.hours is not None:
        body["hours"] = args.hours

    async def invite(desk: Desk) -> dict[str, object]:
        made: dict[str, object] = await desk.post("/invitations", body)
        return made

    made = at_desk(args, invite)
    if args.json:
        emit(json.dumps(made))
        return 0
    emit(str(made["token"]))
    say(
        f"For {made['identity']}, good once until {shown(float(str(made['expires'])))}. Hand it "
        "over by a way that nobody else reads."
    )
    if made["link"] is not None:
        say(f"In a browser: {made['link']}")
    return 0
