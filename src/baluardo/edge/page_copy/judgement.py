"""Whether a list of pages is rightful, and where an edge keeps the one that it hands out.

A list is signed as an update of the program is: one officer proposes, others approve. An edge takes
none that browsers would refuse; they judge it by themselves all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.page_copy.page_list import PageList
from baluardo.edge.updates.judgement import Judge
from baluardo.errors import CommandError, ConflictError, InvalidInputError, SourceError, TrustError
from baluardo.foreign_input import printable, read_file
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.commands.authorisation import review
from baluardo.trust.commands.bundle import LARGEST_BUNDLE, CommandBundle
from baluardo.trust.commands.proposal import Proposal, propose
from baluardo.trust.commands.rule import LONGEST_LIFE, Rule
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Kind

EDGE_PAGES: Final = "edge.pages"
"""The kind of command; a policy may ask for more approvals of it (`approvers`)."""
FILE: Final = "pages.json"

_OFFICERS: Final = frozenset({Role.SECURITY_OFFICER.value})


def pages_rule(approvals: int = 1) -> Rule:
    """Return the rule of pages: an officer proposes, so many others approve."""
    kinds = frozenset({EDGE_PAGES})
    return Rule(EDGE_PAGES, kinds, approvals, _OFFICERS, _OFFICERS, LONGEST_LIFE)


def propose_pages(pages: PageList, credential: Credential, now: float) -> Envelope:
    """Return an officer's signed proposal that browsers keep these pages.

    InvalidInputError if the officer is none of those who may sign the next list.
    """
    if credential.identity.name not in pages.signers:
        raise InvalidInputError(
            f"{credential.identity.name} is not among those whom the list names as its signers."
        )
    return propose(EDGE_PAGES, pages.to_body(), pages_rule(), Kind.AUTHORITY, credential, now)


def claimed_pages(bundle: CommandBundle) -> PageList:
    """Return what a list says, whoever signed it; InvalidInputError if it is none."""
    proposal = Proposal.of_payload(bundle.proposal.payload)
    if proposal.kind != EDGE_PAGES:
        raise InvalidInputError(f"This is a command {proposal.kind}, and no list of pages.")
    return PageList.of_body(dict(proposal.body))


@dataclass(frozen=True, slots=True)
class SignedPages:
    """The list that an edge hands out, kept in a file of its directory."""

    edge: Path

    @property
    def path(self) -> Path:
        """Where it is; whoever reads it need not believe it."""
        return self.edge / FILE

    def octets(self) -> bytes:
        """Return the signed list, empty without one; SourceError if it cannot be read."""
        return read_file(self.path, LARGEST_BUNDLE, "The list") if self.path.exists() else b""

    def take(self, octets: bytes, judge: Judge) -> PageList:
        """Keep a list in the place of the one before, if it is rightful now; return it.

        Errors as `review`; CommandError if it names others than officers, ConflictError if it is
        not newer than the one held, TargetError if the disk does not take it. The one before stays.
        """
        bundle = CommandBundle.of_json(octets)
        pages = judge_pages(bundle, judge)
        held = self._held()
        if held is not None and pages.number <= held.number:
            raise ConflictError(
                f"List {pages.number} is not newer than list {held.number}, which is here: nothing "
                "was changed."
            )
        write_durably(self.path, bundle.to_json(), mode=FOR_ALL)
        return pages

    def _held(self) -> PageList | None:
        octets = self.octets()
        if not octets:
            return None
        try:
            return claimed_pages(CommandBundle.of_json(octets))
        except (InvalidInputError, TrustError) as problem:
            shown = printable(str(self.path))
            raise SourceError(
                f"{shown} was damaged: {problem} Remove it, and take the list again."
            ) from None


def judge_pages(bundle: CommandBundle, judge: Judge) -> PageList:
    """Return a list that two officers have signed, by the policy that an edge holds."""
    if judge.policy is None:
        raise CommandError(
            "This edge holds no policy yet, so nobody may decide what its pages are: nothing was "
            "changed. Let it reach an authority once (`baluardo edge run`)."
        )
    now, approvals = judge.clock(), judge.policy.approvals_for(EDGE_PAGES)
    command = review(
        bundle.proposal,
        bundle.approvals,
        pages_rule(approvals),
        judge.policy.roles_of,
        judge.verifier,
        judge.authority,
        now,
        now,
    )
    pages = PageList.of_body(dict(command.proposal.body))
    officers = judge.policy.people_with(Role.SECURITY_OFFICER)
    others = sorted(set(pages.signers).difference(officers))
    if others:
        raise CommandError(
            f"The list names {others[0]} as a signer of the next one, and by the policy that is no "
            "security officer: nothing was changed."
        )
    if pages.approvals < approvals:
        raise CommandError(
            f"The list asks for {pages.approvals} approvals of the next one, and the policy for "
            f"{approvals}: nothing was changed."
        )
    return pages
