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

from baluardo.durable_files import make_directory, write_durably
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

DIRECTORY: Final = "warnings"
LARGEST_FILE: Final = 1 << 20

logger: Final = logging.getLogger("baluardo.edge")


class SiteWarnings:
    """The warnings of one site; its methods may be called in any thread."""

    def __init__(self, directory: Path, verifier: Verifier, clock: Callable[[], float]) -> None:
        """Take where they are kept, what judges certificates, and the site's time."""
        self._directory, self._verifier, self._clock = directory, verifier, clock
        self._held: dict[str, HeldWarning] = {}
        self._turn = threading.Lock()

    @classmethod
    def read(cls, home: Path, verifier: Verifier, clock: Callable[[], float]) -> SiteWarnings:
        """Start from a site's directory; what cannot be believed any more is left out."""
        warnings = cls(home / DIRECTORY, verifier, clock)
        for path in sorted(warnings._directory.glob("*.json")):
            try:
                octets = read_file(path, LARGEST_FILE, "The warning")
                warnings._take(Envelope.of_json(octets))
            except BaluardoError as problem:
                logger.warning("A warning that was kept is not shown: %s", problem)
        return warnings

    def hear(self, message: SiteWarning | WarningsHold) -> None:
        """Take what an authority tells; errors as `read_site_warning`: nothing is changed then."""
        with self._turn:
            if isinstance(message, WarningsHold):
                self._drop([d for d in self._held if d not in message.digests])
                return
            now = self._clock()
            self._drop([d for d, held in self._held.items() if now >= held.until])
            taken = self._take(message.envelope)
            if taken is not None:
                logger.warning(
                    "A warning on the channel %s: %s",
                    taken.channel.value,
                    taken.alert.identifier,
                )
                self._keep(taken.digest, message.envelope)

    def holding(self) -> Sequence[HeldWarning]:
        """Return what holds now, the newest first."""
        now = self._clock()
        with self._turn:
            found = [held for held in self._held.values() if now < held.until]
        return sorted(found, key=lambda each: each.alert.sent, reverse=True)

    def _take(self, envelope: Envelope) -> HeldWarning | None:
        """Hold a warning; None if it is held, over, or one too many."""
        now = self._clock()
        warning = read_site_warning(envelope, self._verifier, now)
        if warning.digest in self._held or now >= warning.until or len(self._held) >= MOST_HELD:
            return None
        self._held[warning.digest] = warning
        return warning

    def _keep(self, digest: str, envelope: Envelope) -> None:
        try:
            make_directory(self._directory)
            write_durably(self._file(digest), envelope.to_json())
        except TargetError as problem:  # it is shown all the same
            logger.warning("A warning is not kept for a restart: %s", problem)

    def _drop(self, digests: Sequence[str]) -> None:
        for digest in digests:
            del self._held[digest]
            try:
                self._file(digest).unlink(missing_ok=True)
            except OSError as problem:  # it is read again at the next start, and dropped again
                logger.warning("A warning that is over was not removed: %s", problem)

    def _file(self, digest: str) -> Path:
        return self._directory / f"{digest}.json"
