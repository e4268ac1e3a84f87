"""Who an edge is, and where it finds authorities: learnt once, told anew by every authority."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.protocol.message_fields import LONGEST_NAME, texts
from baluardo.protocol.whereabouts import MOST_ADDRESSES, StatedWhereabouts, check_places
from baluardo.trust.identity import LONGEST_URI, Identity
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_FILE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Who an edge is, and where it finds authorities."""

    identity: Identity
    domain: str
    """Of the state's pages."""
    told_web: tuple[str, ...]
    """Web addresses of authorities, as they say now."""
    channels: tuple[str, ...]
    """`HOST:PORT` of their channel doors."""
    invited: tuple[str, ...] = ()
    """Web addresses of the invitation: for ever the last to be asked."""

    @property
    def web(self) -> tuple[str, ...]:
        """Every web address of authorities, in the order in which they are asked."""
        return tuple(dict.fromkeys((*self.told_web, *self.invited)))

    @property
    def host(self) -> str:
        """The one name under which this edge has pages."""
        return f"{self.identity.name}.{self.domain}"

    def told(self, stated: StatedWhereabouts) -> Whereabouts:
        """Return what an authority states of where authorities are; silence changes nothing."""
        return replace(
            self,
            domain=stated.domain,
            told_web=stated.addresses or self.told_web,
            channels=stated.channels or self.channels,
        )

    def write(self, directory: Path) -> None:
        """Write it; TargetError if that cannot be."""
        body = {
            "community": self.identity.community,
            "identity": self.identity.path,
            "domain": self.domain,
            "web": list(self.told_web),
            "invited": list(self.invited),
            "channels": list(self.channels),
        }
        write_durably(directory / "edge.json", write_json(body) + b"\n", mode=FOR_ALL)

    @classmethod
    def read(cls, directory: Path) -> Whereabouts:
        """Read it; SourceError if this is no edge's directory."""
        path = directory / "edge.json"
        if not path.exists():
            raise SourceError(
                f"{printable(str(directory))} is no edge's directory, or was never enrolled. "
                "`baluardo edge enrol` takes an invitation."
            )
        octets = read_file(path, LARGEST_FILE, "The edge's file")
        try:
            fields = JsonObject.parse(octets, LARGEST_FILE, "It")
            fields.only(("community", "identity", "domain", "web", "invited", "channels"))
            web, channels = (texts(fields, name, MOST_ADDRESSES) for name in ("web", "channels"))
            # An edge that was enrolled by an older program has not kept them.
            kept = "invited" in fields.fields
            invited = texts(fields, "invited", MOST_ADDRESSES) if kept else ()
            domain = fields.text("domain", LONGEST_NAME)
            for addresses in (web, invited):
                check_places(addresses, channels, domain)
            identity = Identity.of_path(
                fields.text("community", LONGEST_URI), fields.text("identity", LONGEST_URI)
            )
        except InvalidInputError as problem:
            raise SourceError(f"{printable(str(path))} cannot be used: {problem}") from None
        return cls(identity, domain, web, channels, invited)
