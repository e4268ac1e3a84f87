"""Carrying out what two persons have commanded: every check before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from baluardo.authority.acts.invitations import InvitationMade
from baluardo.authority.acts.policy import set_policy
from baluardo.authority.acts.recovery import check_person, recover_person
from baluardo.authority.acts.revocation import in_force, order, take_back
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import judge_release, prepare
from baluardo.authority.warnings.standing import (
    check_standing,
    judge_beforehand,
    keep_standing,
)
from baluardo.errors import CommandError, ConflictError, InvalidInputError
from baluardo.protocol.authority_messages import LARGEST_POLICY_BUNDLE
from baluardo.protocol.dangerous import (
    IssuerAdoption,
    MassRevocation,
    PolicyChange,
    Recovery,
    read_body,
)
from baluardo.protocol.policy import Policy
from baluardo.protocol.warnings import StandingWarning, WarningRelease
from baluardo.trust.commands.authorisation import authorise
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.rule import Rule
from baluardo.trust.commands.spent import KEPT_AFTER_EXPIRY

CarriedOut = tuple[str, InvitationMade | None]
"""A sentence that tells the outcome, and what a recovery has made."""


@dataclass(frozen=True, slots=True)
class SpentTable:
    """The commands that were carried out, in this transaction's database: one for all authorities.

    The transaction holds the one lock of those that write, so nobody spends in between.
    """

    transaction: Transaction

    def spend(self, one_use: bytes, expires: float, now: float) -> None:
        """Note that a command is handed out; CommandError if it has been."""
        table, connection = schema.spent, self.transaction.connection
        connection.execute(delete(table).where(table.c.expires < now - KEPT_AFTER_EXPIRY))
        there = select(table.c.expires).where(table.c.one_use == one_use)
        if connection.execute(there).first() is not None:
            raise CommandError(
                "This command was carried out before; nothing was done now. If it must be done "
                "again, propose it anew."
            )
        connection.execute(insert(table).values(one_use=one_use, expires=expires))


@dataclass(frozen=True, slots=True)
class Execution:
    """A command that was authorised, and will be carried out once."""

    carry_out: Callable[[str], CarriedOut]
    """Takes the name of the person whose answer has completed the command."""


def execute(
    transaction: Transaction,
    authority: Authority,
    bundle: CommandBundle,
    rule: Rule,
    policy: Policy,
) -> Execution:
    """Authorise a command, check that it can be carried out now, and return what does it.

    Nothing is in the log by then. Errors as `authorise`; InvalidInputError, ConflictError or
    UnknownError if it does not fit what stands now.
    """
    command = authorise(
        bundle.proposal,
        bundle.approvals,
        rule,
        policy.roles_of,
        transaction.issuing.verifier(),
        transaction.now,
        authority.identity,
        SpentTable(transaction),
    )
    body = read_body(command.proposal.kind, command.proposal.body)
    if isinstance(body, PolicyChange):
        return _policy(transaction, body, policy, bundle)
    if isinstance(body, MassRevocation):
        return _revocation(transaction, body, command.digest.hex())
    if isinstance(body, Recovery):
        return _recovery(transaction, authority, body)
    if isinstance(body, WarningRelease | StandingWarning):
        people = [peer.identity.name for peer in (command.proposer, *command.approvers)]
        return _warning(transaction, authority, body, policy, command.digest.hex(), people)
    return _adoption(transaction, authority, body)


def _policy(
    transaction: Transaction, change: PolicyChange, policy: Policy, bundle: CommandBundle
) -> Execution:
    policy.check_successor(change.policy)
    octets = bundle.to_json()
    if len(octets) > LARGEST_POLICY_BUNDLE:
        raise InvalidInputError(
            f"A policy's command has at most {LARGEST_POLICY_BUNDLE:,} octets with its approvals: "
            "edges could not take this one. Make the policy smaller."
        )

    def carry_out(_by: str) -> CarriedOut:
        set_policy(transaction, change.policy, octets)
        return f"Policy {change.policy.number} is in force.", None

    return Execution(carry_out)


def _revocation(transaction: Transaction, body: MassRevocation, command: str) -> Execution:
    held = [each for holder in body.holders for each in in_force(transaction, holder)]
    if not held:
        raise ConflictError("None of these holders has a certificate in force any more.")

    def carry_out(by: str) -> CarriedOut:
        order(transaction, body.reason, by, command=command)
        done = take_back(transaction, body.holders, held, body.reason)
        return (
            f"{len(done):,} certificates of {len(body.holders):,} holders were revoked, in one "
            "list of each issuer.",
            None,
        )

    return Execution(carry_out)


def _recovery(transaction: Transaction, authority: Authority, body: Recovery) -> Execution:
    check_person(transaction.connection, body.person)

    def carry_out(by: str) -> CarriedOut:
        made = recover_person(transaction, authority, by, body.person)
        return f"Invitation {made.id} was made: with it {body.person} makes a new passkey.", made

    return Execution(carry_out)


def _warning(
    transaction: Transaction,
    authority: Authority,
    body: WarningRelease | StandingWarning,
    policy: Policy,
    command: str,
    people: Sequence[str],
) -> Execution:
    if isinstance(body, StandingWarning):
        judge_beforehand(authority, body, policy, people, transaction.now)
        check_standing(transaction, authority, body)

        def let_stand(_by: str) -> CarriedOut:
            keep_standing(transaction, body, command, people)
            return "Sensors may release this warning from now on, once.", None

        return Execution(let_stand)
    found = judge_release(authority, body, policy, people, transaction.now)
    prepared = prepare(transaction.connection, authority, found, transaction.now)

    def carry_out(_by: str) -> CarriedOut:
        warning = prepared.keep(transaction, command, people)
        return f"Warning {found.alert.identifier} is released: {warning}.", None

    return Execution(carry_out)


def _adoption(transaction: Transaction, authority: Authority, body: IssuerAdoption) -> Execution:
    issuing = transaction.issuing
    if body.name in {issuer.name for issuer in issuing.issuers}:
        raise ConflictError(f"This authority signs with issuer {body.name} already.")
    if not authority.layout.public.has_issuer(body.name):
        raise ConflictError(
            f"There is no issuer {body.name} in this authority's directory: the custodians of the "
            "root certify it first."
        )

    def carry_out(by: str) -> CarriedOut:
        adopted = issuing.adopt_issuers(authority.access.unlock, transaction.now)
        if body.name not in adopted:
            raise ConflictError(
                f"Issuer {body.name} is not in force: revoked, out of its dates, or under no root "
                "that is trusted now. The issuers in use stay."
            )
        transaction.log("issuer.adopted", {"issuers": adopted}, by=by)
        transaction.tell(EventKind.LISTS)
        return f"This authority signs with issuer {body.name} from now on.", None

    return Execution(carry_out)
