"""Public warnings that hold, as this site's pages and telephones show them.

Also without a way to an authority, and after a restart.
What comes is judged before it is kept: an alert is its channel's sender's, or nobody sees it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from baluardo.durable_files import write_durably
from baluardo.errors import BaluardoError, TargetError
from baluardo.foreign_input import read_file
from baluardo.protocol.site_warnings import (
    MOST_HELD,
    HeldWarning,
    SiteWarning,
    WarningsHold,
    read_site_warning,
)
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject, write_json

FILE: Final = "warnings.json"
LARGEST_FILE: Final = MOST_HELD * (512 << 10)

logger: Final = logging.getLogger("baluardo.edge")


class SiteWarnings:
    """The warnings of one site; its methods may be called in any thread."""

    def __init__(self, path: Path, verifier: Verifier, clock: Callable[[], float]) -> None:
        """Take where they are kept, what judges certificates, and the site's time."""
        self._path, self._verifier, self._clock = path, verifier, clock
        self._held: dict[str, tuple[Envelope, HeldWarning]] = {}
        self._kept: set[str] = set()
        """Digests of those in the file."""
        self._turn = threading.Lock()

    @classmethod
    def read(cls, directory: Path, verifier: Verifier, clock: Callable[[], float]) -> SiteWarnings:
        """Start from a site's directory; what cannot be believed any more is left out."""
        warnings = cls(directory / FILE, verifier, clock)
        try:
            if warnings._path.exists():
                octets = read_file(warnings._path, LARGEST_FILE, "The warnings")
                fields = JsonObject.parse(octets, LARGEST_FILE, "The warnings")
                for each in fields.items("warnings", MOST_HELD):
                    warnings._take(Envelope.of_object(each))
        except BaluardoError as problem:
            logger.warning("Warnings that were kept are not shown: %s", problem)
        warnings._kept = set(warnings._held)
        return warnings

    def hear(self, message: SiteWarning | WarningsHold) -> None:
        """Take what an authority tells; errors as `read_site_warning`: nothing is changed then."""
        with self._turn:
            if isinstance(message, SiteWarning):
                self._take(message.envelope)  # kept with the word of what holds, which follows
                return
            self._held = {d: self._held[d] for d in message.digests if d in self._held}
            if set(self._held) != self._kept:
                self._keep()

    def holding(self) -> Sequence[HeldWarning]:
        """Return what holds now, the newest first."""
        now = self._clock()
        with self._turn:
            found = [warning for _, warning in self._held.values() if now < warning.until]
        return sorted(found, key=lambda each: each.alert.sent, reverse=True)

    def _take(self, envelope: Envelope) -> None:
        now = self._clock()
        warning = read_site_warning(envelope, self._verifier, now)
        known = warning.digest in self._held
        self._held = {d: kept for d, kept in self._held.items() if now < kept[1].until}
        if now >= warning.until or known or len(self._held) >= MOST_HELD:
            return
        self._held[warning.digest] = (envelope, warning)
        logger.warning(
            "A warning on the channel %s: %s", warning.channel.value, warning.alert.identifier
        )

    def _keep(self) -> None:
        listed = [envelope.to_object() for envelope, _ in self._held.values()]
        try:
            write_durably(self._path, write_json({"warnings": listed}))
        except TargetError as problem:  # it is shown all the same
            logger.warning("Warnings are not kept for a restart: %s", problem)
        else:
            self._kept = set(self._held)
