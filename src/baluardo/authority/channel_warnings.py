"""Which warnings hold, as frames that all sites share: each alert under its channel's key.

What holds is read from the database whenever something changes, so a site that comes later, or to
another authority, is told the same.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Standing:
    """A warning that stands on pages, read once."""

    octets: bytes
    warning: HeldWarning
    shown: WarningInForce


def is_site(guest: Guest) -> bool:
    """Tell whether a guest is a site."""
    return guest.identity.kind in SITES


class StandingWarnings:
    """What stands on pages and telephones now; every page asks, so an alert is read once."""

    def __init__(self, authority: Authority) -> None:
        """Begin without any."""
        self._authority = authority
        self._known: dict[str, Standing] = {}
        """By the warning's id."""

    async def now(self) -> list[Standing]:
        """Return them, the newest first, `MOST_HELD` at most."""
        if not self._authority.warnings.settings.sites:
            return []
        return await self._authority.store.read(self._read)

    async def shown(self) -> list[WarningInForce]:
        """Return the same as pages are told it."""
        return [each.shown for each in await self.now()]

    def _read(self, connection: Connection) -> list[Standing]:
        channels, now = self._authority.warnings.settings.sites, self._authority.clock()
        query = (
            select(*(_table.c[name] for name in _ROW))
            .where(
                _table.c.state == RELEASED,
                _table.c.channel.in_(sorted(channels)),
                (_table.c.expires > now) | (_table.c.released > now - CANCEL_SHOWN),
            )
            .order_by(_table.c.released.desc(), _table.c.id)
            .limit(2 * MOST_HELD)
        )
        rows = [row for row in connection.execute(query) if shown_at_sites(row, now)][:MOST_HELD]
        known = self._known
        self._known = {
            row.id: known.get(row.id) or _standing(connection, row.id, row.channel) for row in rows
        }
        return list(self._known.values())


_ROW: Final = ("id", "channel", "state", "message_type", "released", "expires")


def _standing(connection: Connection, warning: str, channel: str) -> Standing:
    query = select(_table.c.alert).where(_table.c.id == warning)
    octets = bytes(connection.execute(query).scalar_one())
    held = HeldWarning(digest_of(octets), Channel(channel), read_alert(octets, _WHAT))
    return Standing(octets, held, WarningInForce.of(held.channel, held.alert, held.until))


class ChannelWarnings:
    """What sites are told of warnings; each is signed once, and sent to each site once."""

    def __init__(self, authority: Authority, standing: StandingWarnings) -> None:
        """Take what tells which warnings stand."""
        self._authority, self._standing = authority, standing
        self._frames: dict[str, bytes] | None = None
        """By digest; None before it was looked, when nothing may be said to hold no more."""

    async def refresh(self) -> None:
        """Read what holds by now, and sign what is new."""
        standing = await self._standing.now()
        self._frames = await asyncio.to_thread(self._framed, standing)

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

    def _framed(self, standing: list[Standing]) -> dict[str, bytes]:
        found = {}
        for each in standing:
            digest, channel = each.warning.digest, each.warning.channel
            frame = (self._frames or {}).get(digest)
            if frame is None:
                try:
                    credential = self._authority.warnings.keys.of(channel)
                except ConflictError as problem:  # another authority has opened this channel
                    logger.warning("Sites are not told of a warning: %s", problem)
                    continue
                frame = encode(SiteWarning(sign(each.octets, CAP_TYPE, credential)))
            found[digest] = frame
        return found
