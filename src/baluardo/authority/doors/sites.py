"""The sites of the country: which are connected, and what they have applied."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from baluardo.authority.acts.sites import SiteState, list_sites
from baluardo.authority.context import Authority
from baluardo.authority.doors.certificates import CertificateAnswer
from baluardo.authority.doors.door import PREFIX, principal_of
from baluardo.network.tunnel.addresses import site_network
from baluardo.network.tunnel.card import TunnelCard


class TunnelCardAnswer(BaseModel):
    """How other sites reach one, as it has signed."""

    number: int
    made_at: float
    """When it was signed, and when it came here; POSIX seconds."""
    heard: float
    network: str
    """Its own, which follows from its name."""
    networks: list[str]
    """Further ones that it announces."""
    endpoints: list[str]
    """`ADDRESS:PORT` of its bearers, in its order."""

    @classmethod
    def of(cls, octets: bytes, heard: float) -> TunnelCardAnswer:
        """Tell a card that was verified when it came."""
        card = TunnelCard.of_payload(octets)
        return cls(
            number=card.number,
            made_at=card.made_at,
            heard=heard,
            network=str(site_network(card.identity)),
            networks=[str(each) for each in card.networks],
            endpoints=[str(each) for each in card.endpoints],
        )


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
    tunnel: TunnelCardAnswer | None
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
            tunnel=None if site.tunnel is None else TunnelCardAnswer.of(*site.tunnel),
            enrolled=site.enrolled,
        )


def sites_router(authority: Authority) -> APIRouter:
    """Return the door to the sites."""
    router = APIRouter(prefix=PREFIX, tags=["sites"])
    store = authority.store

    @router.get("/sites")
    async def sites(request: Request) -> list[SiteAnswer]:
        principal, now = principal_of(request), authority.clock()
        policy = authority.policy
        found = await store.read(lambda c: list_sites(c, store.register, policy, principal, now))
        return [SiteAnswer.of(each) for each in found]

    return router
