"""`baluardo edge approve-update`: a second officer's signature on what edges are to run."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from baluardo.cli.authority.officer import add_officer_arguments
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.edge.device import at_device
from baluardo.cli.files import check_target
from baluardo.cli.output import emit, say
from baluardo.edge.updates.judgement import EDGE_UPDATE
from baluardo.edge.updates.manifest import UpdateManifest
from baluardo.edge.updates.package import open_update, read_header, read_wheels, write_update
from baluardo.errors import InvalidInputError
from baluardo.trust.commands.approval import approve, read_proposal
from baluardo.trust.commands.proposal import Proposal

EXAMPLE = """\
  $ baluardo edge approve-update baluardo-0.2.0.update --keys bruno
  approved update 7
  what was signed is shown; edges install it from now on.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "approve-update", "Sign, as a second officer, what edges are to run.", EXAMPLE
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the update; it is written anew")
    add_officer_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show what the signed octets say, check every wheel against them, and sign."""
    check_target(args.file)
    with open_update(args.file) as package:
        header = read_header(package.read)
        with at_device(args) as device:
            now, bundle = device.clock(), header.bundle
            signed = read_proposal(bundle.proposal, device.verifier, now)
            manifest = _manifest(signed.proposal)
            wheels = {each.name: octets for each, octets in read_wheels(package.read, manifest)}
            _show(signed.proposal, manifest)
            answer = approve(bundle.proposal, device.credential, now)
    bundle = replace(bundle, approvals=(*bundle.approvals, answer))
    write_update(args.file, bundle, wheels, replace=True)
    emit(f"approved update {manifest.number}")
    return 0


def _manifest(proposal: Proposal) -> UpdateManifest:
    if proposal.kind != EDGE_UPDATE:
        raise InvalidInputError(f"This is a command {proposal.kind}, and no update.")
    return UpdateManifest.of_body(dict(proposal.body))


def _show(proposal: Proposal, manifest: UpdateManifest) -> None:
    older = ", also in the place of a newer one" if manifest.allow_older else ""
    say(
        f"{proposal.kind} by {proposal.proposer}: update {manifest.number}, version "
        f"{manifest.version} for Python {manifest.python}{older}"
    )
    for wheel in manifest.wheels:
        say(f"{wheel.digest.hex()}  {wheel.name}")
