"""Who an edge is, and where it finds authorities: learnt once, told anew by every authority."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.protocol.messages import Welcome
from baluardo.trust.identity import LONGEST_URI, Identity
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_FILE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Who an edge is, and where it finds authorities."""

    identity: Identity
    domain: str
    """Of the state's pages."""
    web: tuple[str, ...]
    """Web addresses of authorities."""
    channels: tuple[str, ...]
    """`HOST:PORT` of their channel doors."""

    @property
    def host(self) -> str:
        """The one name under which this edge has pages."""
        return f"{self.identity.name}.{self.domain}"

    def told(self, welcome: Welcome) -> Whereabouts:
        """Return what an authority says of where authorities are; silence changes nothing."""
        return replace(
            self,
            domain=welcome.domain,
            web=welcome.addresses or self.web,
            channels=welcome.channels or self.channels,
        )

    def write(self, directory: Path) -> None:
        """Write it; TargetError if that cannot be."""
        body = {
            "community": self.identity.community,
            "identity": self.identity.path,
            "domain": self.domain,
            "web": list(self.web),
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
            fields.only(("community", "identity", "domain", "web", "channels"))
            # The checks of a welcome are those of what it once brought.
            checked = Welcome.of_fields(
                JsonObject(
                    {
                        "addresses": fields.fields.get("web"),
                        "channels": fields.fields.get("channels"),
                        "domain": fields.fields.get("domain"),
                        "now": 0,
                    },
                    "It",
                )
            )
            identity = Identity.of_path(
                fields.text("community", LONGEST_URI), fields.text("identity", LONGEST_URI)
            )
        except InvalidInputError as problem:
            raise SourceError(f"{printable(str(path))} cannot be used: {problem}") from None
        return cls(identity, checked.domain, checked.addresses, checked.channels)
