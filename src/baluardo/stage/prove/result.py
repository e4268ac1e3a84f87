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

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "claim": self.claim,
            "measured": self.measured,
            "limit": self.limit,
            "holds": self.holds,
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
    rows += [(f.claim, f.measured, f.limit, "holds" if f.holds else "FAILS") for f in findings]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(text.ljust(width) for text, width in zip(row[:3], widths, strict=True)), row[3]]
        ).rstrip()
        for row in rows
    )
