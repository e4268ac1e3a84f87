"""What an authority is told once, in `authority.toml` of its own directory.

The file is its owner's alone: the database's URL may hold a password.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Set
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from baluardo.durable_files import OWNER_ALONE, write_durably
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.protocol.web_address import host_port

FILE: Final = "authority.toml"
LARGEST_FILE: Final = 65_536
MOST_ADDRESSES: Final = 16
LOCAL_DOMAIN: Final = "baluardo.localhost"
"""Resolves to this machine in every browser, and may be a relying party where `localhost` may not
(RFC 6761, WebAuthn section 5.1.2)."""

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\Z", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may be set; the defaults serve one machine."""

    name: str = "authority"
    """Of this authority among those of the country; its pages are at NAME.DOMAIN."""
    domain: str = LOCAL_DOMAIN
    """The state's domain: pages are at SITE.DOMAIN, and passkeys belong to it."""
    web_host: str = "127.0.0.1"
    web_port: int = 8470
    channel_host: str = "127.0.0.1"
    channel_port: int = 8471
    web: tuple[str, ...] = ()
    """Addresses of pages that devices are told (https://NAME.DOMAIN); by default this one's."""
    channels: tuple[str, ...] = ()
    """Where edges find authorities (HOST:PORT), this one's first; by default this one's."""
    database: str = ""
    """sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; by default a file beside this one."""
    events: str = ""
    """nats://HOST:PORT where several authorities serve one country; by default in process."""
    proxy: bool = False
    """Whether pages stand behind a proxy with TLS, which tells who asks; nobody else may ask."""
    demonstration: bool = False
    """Whether all of it is for show: own root, invented people, entering without a passkey."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; InvalidInputError names the setting."""
        if not _NAME.match(self.name):
            raise InvalidInputError(f"name {quoted(self.name)}: small letters, digits and dashes.")
        if len(self.domain) > 200 or not _DOMAIN.match(self.domain):
            raise InvalidInputError(
                f"domain {quoted(self.domain)}: a name with at least one dot, such as "
                f"rete.example or {LOCAL_DOMAIN}."
            )
        for port in ("web_port", "channel_port"):
            if not 0 <= getattr(self, port) <= 65_535:
                raise InvalidInputError(f"{port} {getattr(self, port)}: from 0 to 65535.")
        for address in self.web:
            if not _is_url(address, {"http", "https"}):
                raise InvalidInputError(f"web {quoted(address)}: an address as https://HOST.")
        for address in self.channels:
            host_port(address)
        if max(len(self.web), len(self.channels)) > MOST_ADDRESSES:
            raise InvalidInputError(f"At most {MOST_ADDRESSES} addresses of each kind.")
        if self.events and not _is_url(self.events, {"nats", "tls"}):
            raise InvalidInputError("events: nats://HOST:PORT, or tls://HOST:PORT.")
        if self.demonstration and (self.proxy or self.web):
            raise InvalidInputError(
                "demonstration lets anybody be anybody, so it is for this machine alone: it goes "
                "neither with proxy nor with web."
            )

    @property
    def own_url(self) -> str:
        """Where this authority's own pages are, as far as the settings tell."""
        return self.url_at(self.web_port)

    def url_at(self, port: int) -> str:
        """Return where this authority's own pages are if they listen at a port."""
        if self.web:
            return self.web[0]
        if self.proxy:
            return f"https://{self.name}.{self.domain}"
        return f"http://{self.name}.{self.domain}:{port}"

    @property
    def page_hosts(self) -> tuple[str, ...]:
        """The names under which pages of authorities answer, this one's first."""
        named = (urlsplit(address).hostname or "" for address in self.web)
        return (f"{self.name}.{self.domain}", *named)

    def to_toml(self) -> str:
        """Return the file's text, every setting in it."""
        lines = ["# What this authority was told; see docs/authority.md.", ""]
        for each in fields(self):
            value = getattr(self, each.name)
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{each.name} = {json.dumps(shown, ensure_ascii=False)}")
        text = "\n".join(lines) + "\n"
        return text.replace("\x7f", "\\u007f")  # as itself in JSON's texts, not in TOML's

    @classmethod
    def of_toml(cls, text: str, source: str) -> Settings:
        """Read a file's text; InvalidInputError names the key that is wrong."""
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {problem}.") from None
        known = {each.name: each for each in fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise InvalidInputError(
                    f"{source}: {quoted(name)} is no setting: {', '.join(known)}."
                )
            values[name] = _typed(name, value, source)
        return cls(**values)

    @classmethod
    def read(cls, directory: Path) -> Settings:
        """Read an authority's settings; SourceError if there are none."""
        path = directory / FILE
        if not path.exists():
            raise SourceError(
                f"{printable(str(directory))} holds no {FILE}: it is not set up for serving. "
                "`baluardo authority init` makes an authority."
            )
        octets = read_file(path, LARGEST_FILE, "The settings")
        if len(octets) > LARGEST_FILE:
            raise InvalidInputError(f"{printable(str(path))} is larger than any settings.")
        return cls.of_toml(octets.decode("utf-8", "replace"), printable(str(path)))

    def write(self, directory: Path, *, replace: bool = False) -> None:
        """Write the settings, for their owner alone; TargetError if that cannot be."""
        text = self.to_toml().encode()
        write_durably(directory / FILE, text, mode=OWNER_ALONE, replace=replace)


def _is_url(address: str, schemes: Set[str]) -> bool:
    """Tell whether an address is of one of these schemes and leads to a machine."""
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is none
        return False


def _typed(name: str, value: object, source: str) -> object:
    default = next(each.default for each in fields(Settings) if each.name == name)
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise InvalidInputError(f"{source}: {name} is a list of texts.")
    if type(value) is not type(default):
        what = {str: "a text", int: "a whole number", bool: "true or false"}[type(default)]
        raise InvalidInputError(f"{source}: {name} is {what}.")
    return value
