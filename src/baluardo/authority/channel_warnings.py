"""Which warnings hold, as frames that all sites share: each alert under its channel's key.

What holds is read from the database whenever something changes, so a site that comes later, or to
another authority, is told the same.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sqlalchemy import Connection, select

from baluardo.authority.channel_guest import Guest
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.warnings.releasing import RELEASED, shown_at_sites
from baluardo.console.warnings_in_force import WarningInForce
from baluardo.emergency.cap.alert import CAP_TYPE
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.errors import ConflictError
from baluardo.protocol.messages import SiteWarning, WarningsHold, encode
from baluardo.protocol.network_policy import SITES
from baluardo.protocol.site_warnings import CANCEL_SHOWN, MOST_HELD, HeldWarning, digest_of
from baluardo.trust.envelope import sign

logger: Final = logging.getLogger("baluardo.authority.channel")

_table: Final = schema.warning
_WHAT: Final = "The warning"

Held = tuple[str, Channel, bytes]
"""Digest, channel and octets of an alert."""


def is_site(guest: Guest) -> bool:
    """Tell whether a guest is a site."""
    return guest.identity.kind in SITES


def warnings_at_sites(
    connection: Connection, channels: frozenset[Channel], now: float
) -> list[Held]:
    """Return what stands on sites' pages now, the newest first, `MOST_HELD` at most."""
    query = (
        select(_table)
        .where(
            _table.c.state == RELEASED,
            _table.c.channel.in_(sorted(channels)),
            (_table.c.expires > now) | (_table.c.released > now - CANCEL_SHOWN),
        )
        .order_by(_table.c.released.desc(), _table.c.id)
        .limit(2 * MOST_HELD)
    )
    rows = [row for row in connection.execute(query) if shown_at_sites(row, now)]
    alerts = ((Channel(row.channel), bytes(row.alert)) for row in rows[:MOST_HELD])
    return [(digest_of(alert), channel, alert) for channel, alert in alerts]


async def warnings_in_force(authority: Authority) -> list[WarningInForce]:
    """Return the same for the authority's own pages."""
    channels, now = authority.warnings.settings.sites, authority.clock()
    if not channels:
        return []
    held = await authority.store.read(lambda c: warnings_at_sites(c, channels, now))
    read = [HeldWarning(each, channel, read_alert(octets, _WHAT)) for each, channel, octets in held]
    return [WarningInForce.of(each.channel, each.alert, each.until) for each in read]


class ChannelWarnings:
    """What sites are told of warnings; each is signed once, and sent to each site once."""

    def __init__(self, authority: Authority) -> None:
        """Begin without any."""
        self._authority = authority
        self._frames: dict[str, bytes] | None = None
        """By digest; None before it was looked, when nothing may be said to hold no more."""

    async def refresh(self) -> None:
        """Read what holds by now, and sign what is new."""
        authority = self._authority
        channels, now = authority.warnings.settings.sites, authority.clock()
        held: list[Held] = []
        if channels:
            held = await authority.store.read(lambda c: warnings_at_sites(c, channels, now))
        self._frames = await asyncio.to_thread(self._framed, held)

    def inform(self, guest: Guest) -> None:
        """Send a site what it lacks, then which warnings hold."""
        frames = self._frames
        if frames is None or not is_site(guest) or guest.told_warnings == (held := tuple(frames)):
            return
        for digest, frame in frames.items():
            if digest not in (guest.told_warnings or ()):
                guest.outbox.post(frame)
        guest.send(WarningsHold(held))
        guest.told_warnings = held

    def _framed(self, held: list[Held]) -> dict[str, bytes]:
        found = {}
        for digest, channel, alert in held:
            frame = (self._frames or {}).get(digest)
            if frame is None:
                try:
                    credential = self._authority.warnings.keys.of(channel)
                except ConflictError as problem:  # another authority has opened this channel
                    logger.warning("Sites are not told of a warning: %s", problem)
                    continue
                frame = encode(SiteWarning(sign(alert, CAP_TYPE, credential)))
            found[digest] = frame
        return found
