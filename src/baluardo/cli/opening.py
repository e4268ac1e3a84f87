"""The sky that a command is asked about: catalogue and time from its arguments, with notices."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from baluardo.cli.arguments import format_time
from baluardo.cli.output import say
from baluardo.twin.catalogues import (
    age_notices,
    load_catalogue,
    replay_notices,
    sky_time_offset,
)
from baluardo.twin.sky.sky import Sky, SkyOptions


@dataclass(frozen=True, slots=True)
class OpenedSky:
    """A sky, the time that was asked about, and what has to be said with every answer."""

    sky: Sky
    time: float
    """Sky time, POSIX seconds."""
    replay: bool
    """True if the catalogue is too old to show the present: what is shown is its own time."""
    notices: tuple[str, ...]

    def heading(self) -> list[str]:
        """Return the lines that every answer for people begins with."""
        catalogue = self.sky.catalogue
        age = "a pattern without age" if catalogue.ageless else f"of {format_time(catalogue.epoch)}"
        mode = " (REPLAY)" if self.replay else ""
        return [
            f"catalogue: {catalogue.source}, {len(catalogue)} satellites, {age}",
            f"sky time:  {format_time(self.time)}{mode}",
        ]

    def preamble(self) -> dict[str, object]:
        """Return what every JSON answer begins with."""
        catalogue = self.sky.catalogue
        return {
            "catalogue": {
                "source": catalogue.source,
                "epoch": format_time(catalogue.epoch),
                "satellites": len(catalogue),
            },
            "time": format_time(self.time),
            "replay": self.replay,
            "notices": list(self.notices),
        }


def open_sky(args: argparse.Namespace, options: SkyOptions | None = None) -> OpenedSky:
    """Open the sky that `--catalogue` and `--at` name; notices go to stderr at once.

    `args` has what `arguments.add_sky_arguments` declares. Without `--at` the time is now, or the
    catalogue's epoch where the catalogue is more than 14 days away from now.
    """
    wall = time.time()
    loaded = load_catalogue(args.catalogue)
    catalogue = loaded.catalogue
    found = list(loaded.notices)
    offset = sky_time_offset(catalogue, wall)
    if args.at is None:
        moment = wall + offset
        found += replay_notices(catalogue, wall)
    else:
        moment = args.at
    found += age_notices(catalogue, moment)
    notices = tuple(notice.en for notice in found)
    for notice in notices:
        say(notice)
    return OpenedSky(Sky(catalogue, options), moment, offset != 0.0, notices)
