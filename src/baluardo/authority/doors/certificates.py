"""Certificates: who holds which, and taking one holder's back."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from baluardo.authority.acts.revocation import (
    State,
    list_certificates,
    revoke_holder,
)
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, principal_of
from baluardo.errors import InvalidInputError
from baluardo.protocol.dangerous import check_holder
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.identity import LONGEST_URI
from baluardo.trust.issuing.register import Issued, holder_of

REVOKED: Final[State] = "revoked"

Holder = Annotated[str, Query(max_length=LONGEST_URI)]
Page = Annotated[int, Query(ge=0, le=2**53)]


class CertificateAnswer(BaseModel):
    """A certificate as the log tells it. Times are POSIX seconds."""

    serial: str
    identity: str
    """Empty for a person who was erased."""
    issuer: str
    """Key id, as `IssuerAnswer.key_id`."""
    issued: int
    """Index of its entry in the log."""
    not_after: float
    accepted_until: float
    state: State
    key: str
    """SHA-256 of the public key."""

    @classmethod
    def of(cls, issued: Issued, state: State) -> CertificateAnswer:
        """Tell one certificate."""
        return cls(
            serial=f"{issued.serial:x}",
            identity=issued.identity,
            issuer=issued.issuer.hex(),
            issued=issued.index,
            not_after=issued.not_after,
            accepted_until=issued.accepted_until,
            state=state,
            key=issued.key.hex(),
        )


class CertificatesAnswer(BaseModel):
    """A page of certificates, the newest first; `next` is the `after` of the next page."""

    certificates: list[CertificateAnswer]
    next: str | None


class RevocationWanted(Body):
    """Whose certificates are taken back, and why."""

    holder: str = Field(max_length=LONGEST_URI)
    reason: str = Field(max_length=32)


class RevocationAnswer(BaseModel):
    """What was revoked."""

    certificates: list[CertificateAnswer]


class ListsAnswer(BaseModel):
    """The newest list of an issuer."""

    number: int
    next_update: float
    revoked: int


class IssuerAnswer(BaseModel):
    """An issuer in use."""

    name: str
    key_id: str
    not_before: float
    not_after: float
    lists: ListsAnswer | None


def certificates_router(authority: Authority) -> APIRouter:
    """Return the door to certificates and issuers."""
    router = APIRouter(prefix=PREFIX, tags=["certificates"])
    store = authority.store

    @router.get("/certificates")
    async def certificates(
        request: Request, holder: Holder = "", after: Page = 0
    ) -> CertificatesAnswer:
        principal = principal_of(request)
        if holder:
            check_holder(holder_of(holder))
        now = authority.clock()
        page = list_certificates(store.register, principal, holder, after, now)
        found = [CertificateAnswer.of(issued, state) for issued, state in page.found]
        return CertificatesAnswer(certificates=found, next=str(page.next) if page.next else None)

    @router.post("/certificates/revoke")
    async def revoke(request: Request, wanted: RevocationWanted) -> RevocationAnswer:
        principal, reason = principal_of(request), _reason(wanted.reason)
        done = await store.act(
            lambda t: revoke_holder(t, authority, principal, wanted.holder, reason)
        )
        return RevocationAnswer(certificates=[CertificateAnswer.of(each, REVOKED) for each in done])

    @router.get("/issuers")
    async def issuers(request: Request) -> list[IssuerAnswer]:
        principal_of(request)
        lists = store.issuing.verifier().revocations.lists
        answer = []
        for issuer in store.issuing.issuers:
            held, leaf = lists.get(issuer.key_id), issuer.certificate
            told = None
            if held is not None:
                told = ListsAnswer(
                    number=held.number, next_update=held.next_update, revoked=len(held.revoked)
                )
            answer.append(
                IssuerAnswer(
                    name=issuer.name,
                    key_id=issuer.key_id.hex(),
                    not_before=leaf.not_before,
                    not_after=leaf.not_after,
                    lists=told,
                )
            )
        return answer

    return router


def _reason(text: str) -> Reason:
    try:
        return Reason(text)
    except ValueError:
        names = ", ".join(sorted(each.value for each in Reason))
        raise InvalidInputError(f"reason: one of {names}.") from None
