"""The warnings that hold, for the authority's own pages: what its sites' pages show too."""

from __future__ import annotations

from fastapi import APIRouter

from baluardo.authority.channel_warnings import Held, warnings_at_sites
from baluardo.authority.context import Authority
from baluardo.console.warnings_in_force import WarningInForce, in_force_router
from baluardo.emergency.cap.reading import read_alert
from baluardo.protocol.site_warnings import HeldWarning


def warnings_in_force_router(authority: Authority) -> APIRouter:
    """Return the door at which the authority's pages ask what holds."""

    async def holding() -> list[WarningInForce]:
        channels, now = authority.warnings.settings.sites, authority.clock()
        if not channels:
            return []
        held = await authority.store.read(lambda c: warnings_at_sites(c, channels, now))
        return [_told(each) for each in held]

    return in_force_router(holding)


def _told(held: Held) -> WarningInForce:
    digest, channel, octets = held
    warning = HeldWarning(digest, channel, read_alert(octets, "The warning"))
    return WarningInForce.of(channel, warning.alert, warning.until)
