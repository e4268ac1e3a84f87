"""What every act about warnings shares: the country's profile, its places, the ways out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from baluardo.authority.warnings.foreign_alerts import ForeignAlerts
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.authority.warnings.sky import WarningSky
from baluardo.authority.warnings.ways import SenderKeys
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.ways.way import WayOut
from baluardo.emergency.writing.templates import Templates
from baluardo.foreign_input import printable, read_file
from baluardo.geo.geojson import MAX_BYTES
from baluardo.terms import Bilingual

BOUNDARIES: Final = "boundaries"
"""Folder of GeoJSON files with official outlines, beside the settings."""
TEMPLATES: Final = "templates"
"""Folder of further templates (TOML), which replace any of the same id."""


@dataclass
class WarningDesk:
    """Passed with the authority; what is large is read when it is first needed."""

    settings: WarningSettings
    community: str
    demonstration: bool
    directory: Path | None = None
    """Where official boundaries and further templates lie, if there are any."""
    carriers: dict[str, WayOut] = field(default_factory=dict)
    """The ways out that are there, by name."""
    keys: SenderKeys = field(default_factory=SenderKeys)
    """Of the channels that are open here."""
    count_sites: Callable[[], int] = field(default=int)
    """Tells how many sites have a channel here now."""
    sky: WarningSky | None = None
    foreign: ForeignAlerts = field(default_factory=ForeignAlerts)
    """What feeds of others tell."""
    refused: deque[float] = field(default_factory=deque)
    """When something was refused lately, POSIX s."""

    @cached_property
    def profile(self) -> Profile:
        """The country's profile."""
        return Profile.load(self.settings.country)

    @cached_property
    def atlas(self) -> Atlas:
        """The country's places and zones, with the state's own outlines where it gives them."""
        atlas = Atlas.load(self.settings.country)
        for path in self._files(BOUNDARIES, "*.geojson"):
            octets = read_file(path, MAX_BYTES, "The boundaries")
            atlas = atlas.with_boundaries(octets, printable(str(path)))
        return atlas

    @cached_property
    def templates(self) -> Templates:
        """What warnings are written from: the country's, and the state's own in their place."""
        templates = Templates.load(self.settings.country)
        own = None if self.directory is None else self.directory / TEMPLATES
        return templates if own is None or not own.is_dir() else templates.with_folder(own)

    def check(self) -> None:
        """Read what the state has put beside the settings; InvalidInputError names what is wrong.

        Found when the authority starts, not when somebody must warn.
        """
        if self._files(BOUNDARIES, "*"):
            self.atlas  # noqa: B018 - read and kept
        if self._files(TEMPLATES, "*"):
            self.templates  # noqa: B018
        for feed in self.settings.feeds:
            feed.pinned(self.directory)

    def _files(self, folder: str, pattern: str) -> list[Path]:
        return [] if self.directory is None else sorted((self.directory / folder).glob(pattern))

    @property
    def sender(self) -> str:
        """Who speaks in CAP."""
        return self.settings.sender or f"warnings@{self.community}"

    def ways_for(self, channel: Channel) -> tuple[str, ...]:
        """Return the names of the ways out of a channel, in order."""
        return tuple(sorted(n for n, way in self.carriers.items() if channel in way.channels))

    def why_not(self, channel: Channel) -> Bilingual | None:
        """Return why nothing can be sent on a channel; None if it can."""
        if channel is Channel.PUBLIC and self.demonstration:
            return Bilingual(
                it="Questo è uno stato dimostrativo: non ha alcuna chiave di un canale reale.",
                en="This is a demonstration state: it has no key of any real channel.",
            )
        if channel not in self.settings.channels:
            return Bilingual(
                it=f"Questa autorità non trasmette sul canale {_NAMES[channel].it}.",
                en=f"This authority does not send on the channel {_NAMES[channel].en}.",
            )
        if not self.ways_for(channel):
            return Bilingual(
                it=f"Il canale {_NAMES[channel].it} non ha alcuna via di uscita.",
                en=f"The channel {_NAMES[channel].en} has no way out.",
            )
        return None


_NAMES: Mapping[Channel, Bilingual] = {
    Channel.PUBLIC: Bilingual(it="reale", en="public"),
    Channel.EXERCISE: Bilingual(it="esercitazione", en="exercise"),
    Channel.TEST: Bilingual(it="prova", en="test"),
}


def channel_name(channel: Channel) -> Bilingual:
    """Return what people call a channel."""
    return _NAMES[channel]
