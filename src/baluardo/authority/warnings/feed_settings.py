"""Feeds of others' alerts, as `warnings.toml` names them: [[feeds]] tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from baluardo.emergency.cap.watching import EVERY_S
from baluardo.emergency.ways.posting import Target
from baluardo.errors import InvalidInputError, TrustError
from baluardo.foreign_input import quoted, read_file
from baluardo.trust.certificates.certificate import LARGEST_CERTIFICATE
from baluardo.trust.certificates.pinned import PinnedCertificate

MOST_FEEDS: Final = 16
MOST_SIGNERS: Final = 16
LEAST_EVERY_S: Final = 5.0
MOST_EVERY_S: Final = 86_400.0

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z", re.ASCII)
_KEYS: Final = ("name", "url", "every_s", "private", "signers")


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One feed of others' alerts, Atom or RSS, or the address of a single alert."""

    name: str
    url: str
    every_s: float = EVERY_S
    """Seconds from one look to the next."""
    private: bool = False
    """Whether it may lie in a private network, and be plain http."""
    signers: tuple[str, ...] = ()
    """PEM files below the authority's directory; where there are any, alerts must be signed."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; InvalidInputError names the setting."""
        if not _NAME.match(self.name):
            raise InvalidInputError(
                f"A feed has a name of small letters and dashes: {quoted(self.name)}."
            )
        try:
            self.target  # noqa: B018 - it judges its address
        except InvalidInputError as problem:
            raise InvalidInputError(f"The feed {self.name}: {problem}") from None
        if not LEAST_EVERY_S <= self.every_s <= MOST_EVERY_S:
            raise InvalidInputError(
                f"The feed {self.name}: every_s is {LEAST_EVERY_S:g} to {MOST_EVERY_S:,.0f} "
                "seconds."
            )
        if len(self.signers) > MOST_SIGNERS:
            raise InvalidInputError(f"The feed {self.name}: at most {MOST_SIGNERS} signers.")
        for each in self.signers:
            path = PurePosixPath(each)
            if not each or path.is_absolute() or ".." in path.parts:
                raise InvalidInputError(
                    f"The feed {self.name}: signers are PEM files below the authority's "
                    f"directory; {quoted(each)} is none."
                )

    @property
    def target(self) -> Target:
        """Where it lies, and what is permitted there; InvalidInputError for no address."""
        return Target(self.url, private=self.private)

    def pinned(self, directory: Path | None) -> tuple[PinnedCertificate, ...]:
        """Read who is believed; InvalidInputError names the file that is none, SourceError is for a
        missing one."""
        found = []
        for each in self.signers:
            if directory is None:
                raise InvalidInputError(f"The feed {self.name}: there is no place for signers.")
            what = f"The feed {self.name}: the signer"
            octets = read_file(directory / each, 2 * LARGEST_CERTIFICATE, what)
            try:
                found.append(PinnedCertificate.of_pem(octets))
            except TrustError as problem:
                raise InvalidInputError(f"{what} {quoted(each)}: {problem}") from None
        return tuple(found)


def check_feeds(feeds: Sequence[FeedSettings]) -> None:
    """Refuse too many, and two of one name; InvalidInputError."""
    if len(feeds) > MOST_FEEDS:
        raise InvalidInputError(f"At most {MOST_FEEDS} feeds.")
    if len({feed.name for feed in feeds}) < len(feeds):
        raise InvalidInputError("Each feed has a name of its own.")


def feed_of(values: Mapping[str, Any], source: str) -> FeedSettings:
    """Return what one table says; InvalidInputError names the key that is wrong."""
    for name in values:
        if name not in _KEYS:
            raise InvalidInputError(
                f"{source}: {quoted(name)} is no setting of a feed: {', '.join(_KEYS)}."
            )
    every_s, private = values.get("every_s", EVERY_S), values.get("private", False)
    signers = values.get("signers", [])
    if isinstance(every_s, bool) or not isinstance(every_s, int | float):
        raise InvalidInputError(f"{source}: every_s of a feed is a number of seconds.")
    if not isinstance(private, bool):
        raise InvalidInputError(f"{source}: private of a feed is true or false.")
    if not isinstance(signers, list) or not all(isinstance(each, str) for each in signers):
        raise InvalidInputError(f"{source}: signers of a feed is a list of PEM files.")
    name, url = values.get("name", ""), values.get("url", "")
    if not isinstance(name, str) or not isinstance(url, str):
        raise InvalidInputError(f"{source}: name and url of a feed are texts.")
    return FeedSettings(name, url, every_s, private, tuple(signers))
