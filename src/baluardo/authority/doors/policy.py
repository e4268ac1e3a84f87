"""The policy in force, and every one there was."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from baluardo.authority.acts.policy import (
    StoredPolicy,
    list_policies,
    newest_policy,
    policy_numbered,
)
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, principal_of

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class PolicySummary(BaseModel):
    """A policy without its text. The ceremony's has neither proposer nor approvers."""

    number: int
    executed_at: float
    """When it came into force, POSIX seconds."""
    digest: str
    """SHA-384 of its one written form."""
    proposer: str
    approvers: list[str]

    @classmethod
    def of(cls, stored: StoredPolicy) -> PolicySummary:
        """Tell one policy."""
        return cls(**_summary(stored))


class PolicyAnswer(PolicySummary):
    """A policy, whole."""

    policy: dict[str, Any]

    @classmethod
    def of(cls, stored: StoredPolicy) -> PolicyAnswer:
        """Tell one policy."""
        return cls(**_summary(stored), policy=stored.policy.to_object())


def policy_router(authority: Authority) -> APIRouter:
    """Return the door to the policies: everybody signed in may know who has which role."""
    router = APIRouter(prefix=PREFIX, tags=["policy"])
    store = authority.store

    @router.get("/policy")
    async def policy(request: Request) -> PolicyAnswer:
        principal_of(request)
        return await store.read(lambda c: PolicyAnswer.of(newest_policy(c)))

    @router.get("/policies")
    async def policies(request: Request) -> list[PolicySummary]:
        principal_of(request)
        return await store.read(lambda c: [PolicySummary.of(each) for each in list_policies(c)])

    @router.get("/policies/{number}")
    async def numbered(request: Request, number: Number) -> PolicyAnswer:
        principal_of(request)
        return await store.read(lambda c: PolicyAnswer.of(policy_numbered(c, number)))

    return router


def _summary(stored: StoredPolicy) -> dict[str, Any]:
    proposer, approvers = stored.signers()
    return {
        "number": stored.number,
        "executed_at": stored.executed_at,
        "digest": stored.digest.hex(),
        "proposer": proposer,
        "approvers": list(approvers),
    }
