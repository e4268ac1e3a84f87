"""`baluardo authority invite`: an invitation for a person, an office or a ship."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from baluardo.cli.arguments import parse_hours
from baluardo.cli.authority.officer import Desk, add_officer_arguments, at_desk
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.durable_files import write_durably
from baluardo.errors import TargetError
from baluardo.trust.certificates.dates import shown

EXAMPLE = """\
  $ baluardo authority invite ship/bergamini --keys anna --name "Fregata Bergamini"
  baluardo-invitation:eyJhZGRyZXNzZXMiOlsiaHR0...
  is handed over, and taken on board by: baluardo edge enrol bergamini
  $ baluardo authority invite office/rome --keys anna --output rome.txt
  writes it into a file that you alone can read
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
        "--hours", type=parse_hours, default=None, help="for how long it is good (default: 72)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--output", type=Path, metavar="FILE", help="a new file for it, which you alone can read"
    )
    form.add_argument("--json", action="store_true", help="print all of it as JSON")
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make it; print its text, and for a person the link: secrets, so they are data, not talk."""
    if args.output is not None:
        check_target(args.output)
        if args.output.exists():
            raise TargetError(f"{args.output} is there already and was left as it is.")
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
    lines = [str(made[part]) for part in ("token", "link") if made[part] is not None]
    if args.output is None:
        emit("\n".join(lines))
    else:
        write_durably(args.output, ("\n".join(lines) + "\n").encode(), replace=False)
    say(
        f"For {made['identity']}, good once until {shown(float(str(made['expires'])))}. Hand it "
        "over by a way that nobody else reads."
    )
    if made["link"] is not None:
        say("The second line is a link, for a browser.")
    return 0
