"""`baluardo authority approve`: what waits for an officer, and the answer to it."""

from __future__ import annotations

import argparse
import json
from typing import Any

from baluardo.cli.authority.officer import Desk, add_officer_arguments, at_desk
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.output import emit, say
from baluardo.errors import CommandError, InvalidInputError
from baluardo.foreign_input import printable
from baluardo.trust.certificates.dates import shown
from baluardo.trust.commands.approval import Decision, approve, read_proposal
from baluardo.trust.envelope import Envelope

LEAST_PREFIX = 6

EXAMPLE = """\
  $ baluardo authority approve --keys bruno
  request 5b2c41  ship/bergamini, key 9f31c2..., invited by anna.rossi
  command 0c77aa  policy.set by person/anna.rossi/first, until 2026-11-29 10:00 UTC
  $ baluardo authority approve 5b2c41 --keys bruno
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "approve", "See what waits, and approve or refuse it.", EXAMPLE
    )
    parser.add_argument(
        "id",
        nargs="?",
        default="",
        metavar="ID",
        help="of a request or a command, or its beginning; without it, all that waits is listed",
    )
    parser.add_argument("--refuse", metavar="REASON", help="refuse it instead, and say why")
    parser.add_argument("--json", action="store_true", help="list as JSON")
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """List what waits, or answer one of it."""
    return at_desk(args, lambda desk: _list(desk, args) if not args.id else _answer(desk, args))


async def _waiting(desk: Desk) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    requests = [each for each in await desk.get("/requests") if each["state"] == "waiting"]
    commands = (await desk.get("/commands", "state=waiting"))["commands"]
    return requests, commands


async def _list(desk: Desk, args: argparse.Namespace) -> int:
    requests, commands = await _waiting(desk)
    if args.json:
        emit(json.dumps({"requests": requests, "commands": commands}))
        return 0
    for each in requests:
        emit(
            f"request {each['id'][:12]}  {printable(each['identity'])}, key {each['key'][:16]}..., "
            f"invited by {printable(each['by'] or 'the ceremony')}"
        )
    for each in commands:
        emit(
            f"command {each['id'][:12]}  {printable(each['kind'])} by "
            f"{printable(each['proposer'])}, until {shown(each['expires'])}"
        )
    if not requests and not commands:
        say("Nothing waits.")
    return 0


async def _answer(desk: Desk, args: argparse.Namespace) -> int:
    if len(args.id) < LEAST_PREFIX:
        raise InvalidInputError(f"An id is told apart by at least {LEAST_PREFIX} characters.")
    requests, commands = await _waiting(desk)
    found = [("request", each) for each in requests if each["id"].startswith(args.id)]
    found += [("command", each) for each in commands if each["id"].startswith(args.id)]
    if len(found) != 1:
        how_many = f"{len(found)} of what waits have" if found else "Nothing that waits has"
        raise InvalidInputError(
            f"{how_many} an id that begins so. Look: baluardo authority approve --keys DIRECTORY."
        )
    what, each = found[0]
    if what == "request":
        await _decide(desk, args, each)
    else:
        await _sign(desk, args, each)
    return 0


async def _decide(desk: Desk, args: argparse.Namespace, request: dict[str, Any]) -> None:
    if args.refuse is not None:
        await desk.post(f"/requests/{request['id']}/refuse", {"reason": args.refuse})
        emit(f"refused {printable(request['identity'])}")
        return
    await desk.post(f"/requests/{request['id']}/approve", {})
    emit(f"approved {printable(request['identity'])} with key {request['key']}")


async def _sign(desk: Desk, args: argparse.Namespace, command: dict[str, Any]) -> None:
    """Show what the signed octets say, not what the server says beside them, and answer that."""
    envelope = Envelope.of_object(command["proposal"])
    signed = read_proposal(envelope, desk.state.verifier, desk.now)
    if signed.digest.hex() != command["id"]:
        raise CommandError("The authority shows another proposal under this id: nothing was done.")
    stated = signed.proposal
    say(f"{stated.kind} by {stated.proposer}: {json.dumps(stated.body, sort_keys=True)}")
    decision = Decision.APPROVE if args.refuse is None else Decision.REFUSE
    answer = approve(envelope, desk.state.credential, desk.now, decision, args.refuse or "")
    done = await desk.post(f"/commands/{command['id']}/answers", {"answer": answer.to_object()})
    emit(f"{done['state']} {printable(stated.kind)}")
    if done["outcome"]:
        say(printable(done["outcome"]))
    if done.get("invitation") is not None:
        emit(str(done["invitation"]["token"]))
