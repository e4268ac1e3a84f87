"""All platforms of a log or a receiver, each followed by its own reports. Pure."""

from __future__ import annotations

from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.estimate import Estimator
from baluardo.fleet.tracks.report import PositionReport
from baluardo.fleet.tracks.verdicts import Taken

MOST_PLATFORMS = 20_000
"""With more, the one that was silent longest is forgotten: identities cost a forger nothing."""


class Followed:
    """An estimator for each identity that reports."""

    def __init__(self) -> None:
        """Follow nobody yet."""
        self._estimators: dict[str, Estimator] = {}

    def __len__(self) -> int:
        """Tell how many are followed."""
        return len(self._estimators)

    def take(
        self,
        report: PositionReport,
        kind: PlatformKind = PlatformKind.SHIP,
        now: float | None = None,
    ) -> Taken:
        """Believe a report, or say why not; `kind` counts from an identity's first report on."""
        estimator = self._estimators.pop(report.platform, None) or Estimator(kind)
        # The one that reported last stands last.
        self._estimators[report.platform] = estimator
        if len(self._estimators) > MOST_PLATFORMS:
            del self._estimators[next(iter(self._estimators))]
        return estimator.take(report, now)

    def estimator(self, platform: str) -> Estimator | None:
        """Return who follows a platform; None for one that has not reported."""
        return self._estimators.get(platform)
