"""What a proof found: one line a claim, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
