"""`baluardo authority init`: the ceremony, from nothing to an authority that can be served."""

from __future__ import annotations

import argparse

from baluardo.authority.first_papers import Papers, hand_out_papers
from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.opening import open_authority
from baluardo.authority.settings import LOCAL_DOMAIN, Settings
from baluardo.cli.arguments import parse_port
from baluardo.cli.authority.papers import write_papers
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.cli.output import emit, say
from baluardo.cli.trust.custodians import add_custodian_arguments, custodians_of, sheets_in
from baluardo.cli.trust.options import add_authority_argument, machine_time
from baluardo.errors import InvalidInputError
from baluardo.trust.custody.printing import grouped
from baluardo.trust.suites import PROFILES, profile_named

DEFAULTS = Settings()

EXAMPLE = """\
  $ baluardo authority init authority --community italia.example --domain rete.italia.example \\
      --officer anna.rossi="Anna Rossi" --officer bruno.verdi="Bruno Verdi" --shares papers
  makes the directory authority, and in papers: share-1.txt to share-5.txt for the custodians, an
  invitation for each officer, and two emergency codes.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "init",
        "Hold the ceremony: root, issuer, policy, the first officers' invitations.",
        EXAMPLE,
    )
    add_authority_argument(parser)
    parser.add_argument(
        "--community", required=True, metavar="NAME", help="whose authority, like italia.example"
    )
    parser.add_argument(
        "--officer",
        type=parse_officer,
        action="append",
        required=True,
        metavar="NAME=SHOWN",
        help='one of the first security officers, like anna.rossi="Anna Rossi"; at least two',
    )
    parser.add_argument(
        "--domain",
        default=LOCAL_DOMAIN,
        help=f"the state's domain: pages are at SITE.DOMAIN (default: {LOCAL_DOMAIN})",
    )
    parser.add_argument(
        "--name",
        default=DEFAULTS.name,
        help="of this authority: its pages are at NAME.DOMAIN (default: %(default)s)",
    )
    parser.add_argument(
        "--web-port", type=parse_port, default=DEFAULTS.web_port, help="default: %(default)s"
    )
    parser.add_argument(
        "--channel-port",
        type=parse_port,
        default=DEFAULTS.channel_port,
        help="default: %(default)s",
    )
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default="eu-hybrid",
        help="the suites that everything of this community uses (default: eu-hybrid)",
    )
    add_custodian_arguments(parser)
    add_key_arguments(parser)
    add_unprotected_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Found it; print the root's fingerprint."""
    custodians = custodians_of(args)
    settings = Settings(
        name=args.name,
        domain=args.domain,
        web_port=args.web_port,
        channel_port=args.channel_port,
    )
    profile = profile_named(args.profile)
    founding = Founding(args.community, profile, args.officer, custodians, settings)
    policy = founding.policy
    access = Secrets(args, new=True).access()
    now = machine_time()
    hand_out = sheets_in(args.shares, args.community, custodians, now)
    root = found(args.authority, founding, access, hand_out, now)
    authority = open_authority(args.authority, access, first=policy)
    authority.web_url = settings.own_url
    try:
        papers: Papers = authority.store.act_blocking(
            lambda transaction: hand_out_papers(transaction, authority, founding.officers)
        )
    finally:
        authority.store.close()
    write_papers(args.shares, papers)
    emit(f"{root.subject}  {grouped(root.fingerprint)}")
    say(
        f"The papers are in {args.shares}: a share for each of the {custodians.count} custodians, "
        f"an invitation for each officer, {len(papers.codes)} emergency codes. Print each, hand it "
        f"over, destroy the files. Then: baluardo authority serve {args.authority}."
    )
    return 0


def parse_officer(text: str) -> Officer:
    """Read NAME=SHOWN."""
    name, equals, shown = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f'"{text}" is no officer: NAME="Name to show".')
    try:
        return Officer(name, shown.strip())
    except InvalidInputError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
