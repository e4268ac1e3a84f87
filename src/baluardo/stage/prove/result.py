"""What a proof found: one line a claim, and whether it holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from baluardo.errors import BaluardoError


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim with what was measured."""

    claim: str
    measured: str
    limit: str
    holds: bool
    shown: bool = True
    """False: this machine cannot show it, and nothing is said of whether it holds."""

    @classmethod
    def not_shown(cls, claim: str, why: str) -> Finding:
        """Return what a table says of a claim that cannot be measured here."""
        return cls(claim, why, "", holds=False, shown=False)

    @property
    def verdict(self) -> str:
        """What a table says of it."""
        if not self.shown:
            return "not shown here"
        return "holds" if self.holds else "FAILS"

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "claim": self.claim,
            "measured": self.measured,
            "limit": self.limit,
            "holds": self.holds if self.shown else None,
        }


async def findings_of(
    steps: Iterable[Callable[[], Awaitable[list[Finding]]]], say: Callable[[str], None]
) -> list[Finding]:
    """Take the steps of a proof one after the other; each is announced by its first line.

    One that breaks off is a claim that does not hold, and keeps no other from being taken.
    """
    findings: list[Finding] = []
    for step in steps:
        say(f"{(step.__doc__ or '').splitlines()[0].rstrip('.')} ...")
        try:
            findings += await step()
        except BaluardoError as problem:
            claim = getattr(step, "__name__", "a step").replace("_", " ")
            findings.append(Finding(claim, str(problem), "", False))
    return findings


def table(findings: list[Finding]) -> str:
    """Return a table that people read; columns as wide as they need."""
    rows = [("claim", "measured", "limit", "")]
    rows += [(f.claim, f.measured, f.limit, f.verdict) for f in findings]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(text.ljust(width) for text, width in zip(row[:3], widths, strict=True)), row[3]]
        ).rstrip()
        for row in rows
    )
