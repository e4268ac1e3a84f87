"""What an authority is told about warnings, in `warnings.toml` of its own directory.

Without the file nothing can be sent: the desk is there to be looked at, no channel is open.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from baluardo.emergency.channels import Channel
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import printable, quoted, read_file

FILE: Final = "warnings.toml"
LARGEST_FILE: Final = 65_536
MOST_WAYS: Final = 16

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z", re.ASCII)
_SENDER = re.compile(r"[^\s,<&]{3,120}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_WAYS: Final = ("operator", "osmo-cbc", "webhooks")


@dataclass(frozen=True, slots=True)
class WaySettings:
    """One way out: what it is, where it leads, and for which channels."""

    name: str
    kind: str
    url: str
    channels: frozenset[Channel]

    def __post_init__(self) -> None:
        """Refuse what cannot work; InvalidInputError names the setting."""
        if not _NAME.match(self.name):
            raise InvalidInputError(f"ways: name {quoted(self.name)}: small letters and dashes.")
        if self.kind not in _WAYS:
            raise InvalidInputError(f"ways: kind {quoted(self.kind)}: one of {', '.join(_WAYS)}.")
        if not self.channels:
            raise InvalidInputError(f"ways: {self.name} serves no channel.")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInputError(f"ways: url {quoted(self.url)}: an address as https://HOST.")


@dataclass(frozen=True, slots=True)
class WarningSettings:
    """Everything that may be set about warnings."""

    country: str = "IT"
    """Whose profile holds: ISO 3166-1 alpha-2."""
    sender: str = ""
    """Who speaks in CAP; by default `warnings@` the community."""
    channels: frozenset[Channel] = frozenset()
    """Channels that this authority sends on; the public one must be named like the others."""
    sensor_release: bool = False
    """Whether sensors may set off what two persons have released beforehand."""
    ways: tuple[WaySettings, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse what cannot work; InvalidInputError names the setting."""
        if not _COUNTRY.match(self.country):
            raise InvalidInputError(f"country {quoted(self.country)}: two capital letters.")
        if self.sender and not _SENDER.match(self.sender):
            raise InvalidInputError(
                f"sender {quoted(self.sender)}: 3 to 120 characters without spaces, commas, < and &"
                " (CAP 1.2, 3.2.1)."
            )
        if len(self.ways) > MOST_WAYS:
            raise InvalidInputError(f"At most {MOST_WAYS} ways out.")
        names = [way.name for way in self.ways]
        if len(set(names)) != len(names):
            raise InvalidInputError("Each way out has a name of its own.")

    @classmethod
    def of_toml(cls, text: str, source: str) -> WarningSettings:
        """Read a file's text; InvalidInputError names the key that is wrong."""
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {problem}.") from None
        _only(values, ("country", "sender", "channels", "sensor_release", "ways"), source)
        sensor_release = values.get("sensor_release", False)
        if not isinstance(sensor_release, bool):
            raise InvalidInputError(f"{source}: sensor_release is true or false.")
        ways = values.get("ways", [])
        if not isinstance(ways, list) or not all(isinstance(each, dict) for each in ways):
            raise InvalidInputError(f"{source}: ways are [[ways]] tables.")
        return cls(
            _text(values, "country", source, "IT"),
            _text(values, "sender", source, ""),
            _channels(values, source),
            sensor_release,
            tuple(_way(each, source) for each in ways),
        )

    @classmethod
    def read(cls, directory: Path) -> WarningSettings:
        """Read an authority's settings; where there is no file, nothing can be sent."""
        path = directory / FILE
        if not path.exists():
            return cls()
        octets = read_file(path, LARGEST_FILE, "The settings of warnings")
        return cls.of_toml(octets.decode("utf-8", "replace"), printable(str(path)))


def _way(values: Mapping[str, Any], source: str) -> WaySettings:
    _only(values, ("name", "kind", "url", "channels"), source)
    return WaySettings(
        _text(values, "name", source, ""),
        _text(values, "kind", source, ""),
        _text(values, "url", source, ""),
        _channels(values, source),
    )


def _only(values: Mapping[str, Any], known: tuple[str, ...], source: str) -> None:
    for name in values:
        if name not in known:
            raise InvalidInputError(
                f"{source}: {quoted(name)} is no setting here: {', '.join(known)}."
            )


def _text(values: Mapping[str, Any], name: str, source: str, default: str) -> str:
    value = values.get(name, default)
    if not isinstance(value, str):
        raise InvalidInputError(f"{source}: {name} is a text.")
    return value


def _channels(values: Mapping[str, Any], source: str) -> frozenset[Channel]:
    named = values.get("channels", [])
    try:
        return frozenset(Channel(each) for each in named)
    except (ValueError, TypeError):
        raise InvalidInputError(f"{source}: channels is a list of {', '.join(Channel)}.") from None
