"""Commands for two persons: proposed by one, answered by others, all of it signed by them."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel
from sqlalchemy import Connection

from baluardo.authority.acts.command_state import (
    CommandState,
    Reading,
    command_row,
    list_commands,
    read_command,
)
from baluardo.authority.acts.commands import answer, propose, screen
from baluardo.authority.acts.policy import refresh_policy
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import InvitationAnswer
from baluardo.authority.doors.door import PREFIX, Body, principal_of
from baluardo.authority.doors.rationing import rationed_changes
from baluardo.authority.principal import Principal
from baluardo.authority.warnings.refusals import logged_refusals
from baluardo.errors import InvalidInputError
from baluardo.protocol.dangerous import WARNINGS
from baluardo.trust.commands.proposal import Proposal
from baluardo.trust.envelope import Envelope

CommandId = Annotated[str, Path(max_length=96)]
State = Annotated[str, Query(max_length=16)]
After = Annotated[str, Query(max_length=96)]


class Proposed(Body):
    """A signed proposal (`trust.commands`), as an envelope."""

    proposal: dict[str, Any]


class Answer(Body):
    """A signed answer to a proposal, as an envelope."""

    answer: dict[str, Any]


class AnswerGiven(BaseModel):
    """One person's answer."""

    approver: str
    decision: str
    time: float
    reason: str


class CommandAnswer(BaseModel):
    """A command as it stands. Times are POSIX seconds."""

    id: str
    kind: str
    body: dict[str, Any]
    proposer: str
    created: float
    expires: float
    state: str
    needed: int
    answers: list[AnswerGiven]
    outcome: str
    proposal: dict[str, Any]
    may_answer: bool


class AnsweredCommand(CommandAnswer):
    """A command after an answer, and what that has made for somebody else."""

    invitation: InvitationAnswer | None


class CommandsAnswer(BaseModel):
    """A page of commands, the newest first; `next` is the `after` of the next page."""

    commands: list[CommandAnswer]
    next: str | None


def commands_router(authority: Authority) -> APIRouter:
    """Return the door to commands for two persons."""
    changes = Depends(rationed_changes(authority.clock, 30, 4.0))
    router = APIRouter(prefix=PREFIX, tags=["commands"], dependencies=[changes])
    store = authority.store

    async def told(principal: Principal, command: str) -> dict[str, Any]:
        reading = _reading(authority, principal)
        return await store.read(lambda c: _fields(read_command(c, reading, command)))

    @router.get("/commands")
    async def commands(request: Request, state: State = "", after: After = "") -> CommandsAnswer:
        reading = _reading(authority, principal_of(request))

        def read(connection: Connection) -> CommandsAnswer:
            page = list_commands(connection, reading, state, after)
            found = [CommandAnswer(**_fields(each)) for each in page.commands]
            return CommandsAnswer(commands=found, next=page.next or None)

        return await store.read(read)

    @router.post("/commands")
    async def make(request: Request, proposed: Proposed) -> CommandAnswer:
        principal, envelope = principal_of(request), Envelope.of_object(proposed.proposal)
        verifier, now = store.issuing.verifier(), authority.clock()
        async with _watched(authority, envelope, principal):
            await asyncio.to_thread(screen, principal, authority.policy, envelope, verifier, now)
            command = await store.act(lambda t: propose(t, authority, principal, envelope))
        return CommandAnswer(**await told(principal, command))

    @router.get("/commands/{command}")
    async def one(request: Request, command: CommandId) -> CommandAnswer:
        return CommandAnswer(**await told(principal_of(request), command))

    @router.post("/commands/{command}/answers")
    async def give(request: Request, command: CommandId, given: Answer) -> AnsweredCommand:
        principal, envelope = principal_of(request), Envelope.of_object(given.answer)
        proposal = await store.read(
            lambda c: Envelope.of_json(bytes(command_row(c, command).proposal))
        )
        async with _watched(authority, proposal, principal):
            done = await store.act(lambda t: answer(t, authority, principal, command, envelope))
        if done.policy_set:
            await refresh_policy(authority)
        made = done.recovered
        return AnsweredCommand(
            **await told(principal, command),
            invitation=None if made is None else InvitationAnswer.of(made),
        )

    return router


def _watched(
    authority: Authority, proposal: Envelope, principal: Principal
) -> AbstractAsyncContextManager[None]:
    """Log what is refused about warnings; of other commands refusals are told to who asks alone."""
    try:
        kind = Proposal.of_payload(proposal.payload).kind
    except InvalidInputError:
        kind = ""
    if kind in WARNINGS:
        return logged_refusals(authority, kind, principal.person)
    return nullcontext()


def _reading(authority: Authority, principal: Principal) -> Reading:
    verifier = authority.store.issuing.verifier()
    return Reading(principal, authority.policy, verifier, authority.clock())


def _fields(command: CommandState) -> dict[str, Any]:
    row = command.row
    return {
        "id": row.id,
        "kind": row.kind,
        "body": command.body,
        "proposer": row.proposer,
        "created": row.created,
        "expires": row.expires,
        "state": command.state,
        "needed": command.needed,
        "answers": [
            AnswerGiven(
                approver=each.approver, decision=each.decision, time=each.time, reason=each.reason
            )
            for each in command.answers
        ],
        "outcome": row.outcome,
        "proposal": command.proposal.to_object(),
        "may_answer": command.may_answer,
    }
