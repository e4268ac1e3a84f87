"""The sites of the country: which are connected, and what they have applied."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from baluardo.authority.acts.sites import SiteState, list_sites
from baluardo.authority.context import Authority
from baluardo.authority.doors.certificates import CertificateAnswer
from baluardo.authority.doors.door import PREFIX, principal_of


class SiteAnswer(BaseModel):
    """A site. Times are POSIX seconds; what was never known is null."""

    identity: str
    display_name: str
    connected: bool
    authority: str | None
    address: str | None
    since: float | None
    """Since when it is connected, or when it left."""
    lists: dict[str, int]
    """Number of the list it has applied, by key id of the issuer."""
    policy: int | None
    certificate: CertificateAnswer | None
    enrolled: float

    @classmethod
    def of(cls, site: SiteState) -> SiteAnswer:
        """Tell one site."""
        held = site.certificate
        return cls(
            identity=site.identity,
            display_name=site.display_name,
            connected=site.connected,
            authority=site.authority,
            address=site.address,
            since=site.since,
            lists=dict(site.lists),
            policy=site.policy,
            certificate=None if held is None else CertificateAnswer.of(*held),
            enrolled=site.enrolled,
        )


def sites_router(authority: Authority) -> APIRouter:
    """Return the door to the sites."""
    router = APIRouter(prefix=PREFIX, tags=["sites"])
    store = authority.store

    @router.get("/sites")
    async def sites(request: Request) -> list[SiteAnswer]:
        principal, now = principal_of(request), authority.clock()
        found = await store.read(lambda c: list_sites(c, store.register, principal, now))
        return [SiteAnswer.of(each) for each in found]

    return router
