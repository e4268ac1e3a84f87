"""Commands for two persons as they stand: read, never changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, or_, select

from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.errors import InvalidInputError, TrustError, UnknownError
from baluardo.protocol.dangerous import WARNINGS, rule_for
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.commands.approval import read_proposal
from baluardo.trust.commands.authorisation import read_answer
from baluardo.trust.commands.proposal import Proposal
from baluardo.trust.envelope import Envelope
from baluardo.trust.issuing.register import holder_of

WAITING: Final = "waiting"
EXECUTED: Final = "executed"
REFUSED: Final = "refused"
EXPIRED: Final = "expired"
_READERS: Final = (Role.SECURITY_OFFICER, Role.CUSTODIAN, Role.AUDITOR)
STATES: Final = (WAITING, EXECUTED, REFUSED, EXPIRED)

PAGE: Final = 20
LARGEST_PAGE: Final = 4 << 20
"""Octets of the proposals on one page; the last may go beyond it."""

_table: Final = schema.command


@dataclass(frozen=True, slots=True)
class CommandState:
    """A command, its answers, and what this person may do. Times are POSIX seconds."""

    row: Row[Any]
    answers: tuple[Row[Any], ...]
    state: str
    needed: int
    """Approvals that it takes beside the proposer, by the policy in force."""
    proposal: Envelope
    may_answer: bool

    @property
    def body(self) -> dict[str, object]:
        """What the command asks for."""
        return Proposal.of_payload(self.proposal.payload).body


@dataclass(frozen=True, slots=True)
class CommandPage:
    """Commands, the newest first, and the id of the last if there are more; else empty."""

    commands: tuple[CommandState, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Reading:
    """By what commands are told: who asks, the policy in force, who is revoked, the time."""

    principal: Principal
    policy: Policy
    verifier: Verifier
    now: float


def read_command(connection: Connection, reading: Reading, command: str) -> CommandState:
    """Return one command; RoleError, UnknownError."""
    row = command_row(connection, command)
    if row.kind in WARNINGS:
        reading.principal.require(*_READERS, Role.CIVIL_PROTECTION_OFFICER)
    else:
        reading.principal.require(*_READERS)
    return _told(connection, reading, [row])[0]


def list_commands(connection: Connection, reading: Reading, state: str, after: str) -> CommandPage:
    """Return a page of commands, all or those in one state; RoleError.

    Who may warn and no more is told of warnings alone.
    """
    reading.principal.require(*_READERS, Role.CIVIL_PROTECTION_OFFICER)
    query = select(_table).order_by(_table.c.created.desc(), _table.c.id)
    if not reading.principal.roles & set(_READERS):
        query = query.where(_table.c.kind.in_(sorted(WARNINGS)))
    if state:
        query = query.where(_in_state(state, reading.now))
    if after:
        last = command_row(connection, after)
        older = and_(_table.c.created == last.created, _table.c.id > last.id)
        query = query.where(or_(_table.c.created < last.created, older))
    sizes = query.with_only_columns(_table.c.id, func.length(_table.c.proposal).label("size"))
    wanted: list[str] = []
    octets, more = 0, False
    for found in connection.execute(sizes.limit(PAGE + 1)):
        if len(wanted) == PAGE or octets > LARGEST_PAGE:
            more = True
            break
        wanted.append(found.id)
        octets += found.size
    rows = list(connection.execute(query.where(_table.c.id.in_(wanted))))
    told = _told(connection, reading, rows)
    return CommandPage(tuple(told), wanted[-1] if more else "")


def command_row(connection: Connection, command: str) -> Row[Any]:
    """Return a command as it stands; UnknownError if there is none of that id."""
    row = connection.execute(select(_table).where(_table.c.id == command)).first()
    if row is None:
        raise UnknownError("There is no such command here.")
    return row


def answers_of(connection: Connection, commands: Sequence[str]) -> list[Row[Any]]:
    """Return all answers to some commands, in the order of their times."""
    table = schema.answer
    query = select(table).where(table.c.command.in_(commands)).order_by(table.c.time)
    return list(connection.execute(query))


def state_of(row: Row[Any], now: float) -> str:
    """Tell how a command stands: what waits when its time is over has expired."""
    return EXPIRED if row.state == WAITING and now >= row.expires else str(row.state)


def still_stands(answer: Row[Any], proposal: Envelope, verifier: Verifier, now: float) -> bool:
    """Tell whether an answer that was kept is still somebody's: no device of theirs revoked."""
    try:
        signed = read_proposal(proposal, verifier, now)
        read_answer(Envelope.of_json(bytes(answer.envelope)), signed, verifier, now)
    except TrustError:
        return False
    return True


def _in_state(state: str, now: float) -> Any:
    if state not in STATES:
        raise InvalidInputError(f"state: one of {', '.join(STATES)}.")
    if state == WAITING:
        return and_(_table.c.state == WAITING, _table.c.expires > now)
    if state == EXPIRED:
        return and_(_table.c.state == WAITING, _table.c.expires <= now)
    return _table.c.state == state


def _told(connection: Connection, reading: Reading, rows: Sequence[Row[Any]]) -> list[CommandState]:
    principal, now = reading.principal, reading.now
    answers: dict[str, list[Row[Any]]] = {row.id: [] for row in rows}
    for each in answers_of(connection, list(answers)):
        answers[each.command].append(each)
    found = []
    for row in rows:
        rule, state = rule_for(row.kind, reading.policy), state_of(row, now)
        mine = holder_of(row.proposer) == f"person/{principal.person}"
        permitted = bool(principal.roles & rule.roles) and not principal.break_glass
        proposal = Envelope.of_json(bytes(row.proposal))
        answered = state == WAITING and any(
            each.approver == principal.person
            and still_stands(each, proposal, reading.verifier, now)
            for each in answers[row.id]
        )
        found.append(
            CommandState(
                row=row,
                answers=tuple(answers[row.id]),
                state=state,
                needed=rule.threshold,
                proposal=proposal,
                may_answer=state == WAITING and permitted and not mine and not answered,
            )
        )
    return found
