"""What is delivered at once: one part for each device and thing."""

from __future__ import annotations

from dataclasses import dataclass

from baluardo.protocol.mail_items import ItemKind


@dataclass(frozen=True, slots=True)
class Part:
    """Something for one device."""

    device: str
    kind: ItemKind
    octets: bytes
    notice: bytes | None = None
    """An envelope as JSON."""

    @property
    def size(self) -> int:
        """Octets that it takes up."""
        return len(self.octets) + len(self.notice or b"")
