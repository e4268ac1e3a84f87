"""The policy in force: the ceremony's at first, then what two persons have set.

Whoever decides within a transaction reads the policy there (`policy_in_force`): another authority,
or an act of the same group, may have replaced the one that this process holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select

from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, StoreError, UnknownError
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.commands.approval import Approval
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import Proposal
from baluardo.trust.digest import digest

POLICY_SET: Final = "policy.set"
"""Kind of the log's entry, the ceremony's included."""
_MOST_NAMES: Final = 500
"""Names in one statement: databases bound its parameters."""
MOST_LISTED: Final = 200
"""Policies that are listed: the newest."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy as it stands in the database, and by whose hands it came."""

    number: int
    octets: bytes
    bundle: bytes | None
    executed_at: float
    """POSIX seconds."""

    @property
    def policy(self) -> Policy:
        """The policy itself."""
        return Policy.of_octets(self.octets)

    @property
    def digest(self) -> bytes:
        """SHA-384 of the written form, 48 octets."""
        return digest(self.octets)

    def signers(self) -> tuple[str, tuple[str, ...]]:
        """Return the path of who has proposed it and the names of who approved; none for 1."""
        if self.bundle is None:
            return "", ()
        bundle = CommandBundle.of_json(self.bundle)
        proposer = Proposal.of_payload(bundle.proposal.payload).proposer
        approvers = (Approval.of_payload(each.payload).approver for each in bundle.approvals)
        return proposer.path, tuple(each.name for each in approvers)


def newest_policy(connection: Connection) -> StoredPolicy:
    """Return the policy in force; StoreError before the ceremony has set one."""
    table = schema.policy
    row = connection.execute(select(table).order_by(table.c.number.desc()).limit(1)).first()
    if row is None:
        raise StoreError(
            "This authority has no policy yet, so nobody has any role. `baluardo authority init` "
            "sets the first."
        )
    return _stored(row)


def policy_numbered(connection: Connection, number: int) -> StoredPolicy:
    """Return one policy of all there were; UnknownError if there is none of that number."""
    table = schema.policy
    row = connection.execute(select(table).where(table.c.number == number)).first()
    if row is None:
        raise UnknownError(f"There is no policy {number} here.")
    return _stored(row)


def list_policies(connection: Connection) -> list[StoredPolicy]:
    """Return the newest policies, the newest first."""
    table = schema.policy
    query = select(table).order_by(table.c.number.desc()).limit(MOST_LISTED)
    return [_stored(row) for row in connection.execute(query)]


def policy_in_force(connection: Connection, authority: Authority) -> Policy:
    """Return the policy in force as this transaction sees it."""
    number = connection.execute(select(func.max(schema.policy.c.number))).scalar_one()
    held = authority.policy
    return held if held.number == number else newest_policy(connection).policy


def found_policy(transaction: Transaction, policy: Policy) -> bool:
    """Set the ceremony's policy if there is none yet, and tell whether it was set."""
    there = transaction.connection.execute(select(schema.policy.c.number).limit(1)).first()
    if there is not None:
        return False
    policy.check_mendable()
    set_policy(transaction, policy, None)
    return True


def check_peopled(connection: Connection, policy: Policy) -> None:
    """Refuse a policy that too few enrolled persons could mend; ConflictError says so.

    A name alone proposes and approves nothing.
    """
    officers, needed = policy.people_with(Role.SECURITY_OFFICER), policy.needed_officers
    name, there = schema.person.c.name, 0
    for start in range(0, len(officers), _MOST_NAMES):
        some = officers[start : start + _MOST_NAMES]
        query = select(func.count()).select_from(schema.person).where(name.in_(some))
        there += connection.execute(query).scalar_one()
    if there < needed:
        raise ConflictError(
            f"Of the security officers of policy {policy.number}, {there} are enrolled, and "
            f"{needed} are needed to propose and approve another: nobody could mend it. Let them "
            "enrol first; the policy in force stays."
        )


def set_policy(transaction: Transaction, policy: Policy, bundle: bytes | None) -> None:
    """Put a policy into force. `bundle` is the command that says so; none for the ceremony's."""
    row = {
        "number": policy.number,
        "octets": policy.to_octets(),
        "bundle": bundle,
        "executed": transaction.now,
    }
    transaction.connection.execute(insert(schema.policy).values(row))
    transaction.log(POLICY_SET, {"number": policy.number, "digest": policy.digest.hex()})
    transaction.tell(EventKind.POLICY)


def follow_policy(authority: Authority) -> None:
    """Take over the policy in force, as the database has it: for the writer's thread."""
    _take_over(authority, authority.store.read_blocking(newest_policy))


async def refresh_policy(authority: Authority) -> None:
    """Take over the policy in force, as the database has it."""
    _take_over(authority, await authority.store.read(newest_policy))


def _take_over(authority: Authority, newest: StoredPolicy) -> None:
    if newest.number > authority.policy.number:
        authority.policy = newest.policy


def _stored(row: Row[Any]) -> StoredPolicy:
    bundle = None if row.bundle is None else bytes(row.bundle)
    return StoredPolicy(row.number, bytes(row.octets), bundle, row.executed)
