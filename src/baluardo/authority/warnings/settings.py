"""What an authority is told about warnings, in `warnings.toml` of its own directory.

Without the file nothing can be sent: the desk is there to be looked at, no channel is open.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from baluardo.authority.warnings.feed_settings import FeedSettings, check_feeds, feed_of
from baluardo.emergency.channels import Channel
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import printable, quoted, read_file

FILE: Final = "warnings.toml"
LARGEST_FILE: Final = 65_536
MOST_WAYS: Final = 16
SITES: Final = "sites"
"""Name of the way out to this country's own sites."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}\Z", re.ASCII)
_SENDER = re.compile(r"[^\s,<&]{3,120}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_KEYS: Final = (
    "country",
    "sender",
    "channels",
    "sites",
    "sensor_release",
    "operators",
    "osmo_cbc",
    "feeds",
)


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """A satellite operator's door: it is asked for beams in a signed form (contract)."""

    name: str
    url: str
    channels: frozenset[Channel]
    identity: str
    """Who signs its receipts: spiffe://COMMUNITY/KIND/NAME of its own community."""
    public: str
    """Directory with a copy of that community's public files: roots and revocation lists."""


@dataclass(frozen=True, slots=True)
class OsmoCbcSettings:
    """A cell broadcast centre of one's own (osmo-cbc), which reaches a whole network."""

    name: str
    url: str
    channels: frozenset[Channel]
    whole_network: bool
    """That this is right must be said."""
    gsm: bool
    """Whether its peers are base station controllers."""


@dataclass(frozen=True, slots=True)
class WarningSettings:
    """Everything that may be set about warnings."""

    country: str = "IT"
    """Whose profile holds: ISO 3166-1 alpha-2."""
    sender: str = ""
    """Who speaks in CAP; by default `warnings@` the community."""
    channels: frozenset[Channel] = frozenset()
    """Channels that this authority sends on; the public one must be named like the others."""
    sites: frozenset[Channel] = frozenset()
    """Channels whose warnings stand on the pages and telephones of this country's sites."""
    sensor_release: bool = False
    """Whether sensors may set off what two persons have released beforehand."""
    operators: tuple[OperatorSettings, ...] = ()
    osmo_cbc: tuple[OsmoCbcSettings, ...] = ()
    feeds: tuple[FeedSettings, ...] = ()
    """Others' alerts, which the desk shows and nothing here sends on."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; InvalidInputError names the setting."""
        if not _COUNTRY.match(self.country):
            raise InvalidInputError(f"country {quoted(self.country)}: two capital letters.")
        if self.sender and not _SENDER.match(self.sender):
            raise InvalidInputError(
                f"sender {quoted(self.sender)}: 3 to 120 characters without spaces, commas, < and &"
                " (CAP 1.2, 3.2.1)."
            )
        if not self.sites <= self.channels:
            raise InvalidInputError("sites names a channel that is not among channels.")
        check_feeds(self.feeds)
        ways: list[OperatorSettings | OsmoCbcSettings] = [*self.operators, *self.osmo_cbc]
        if len(ways) > MOST_WAYS:
            raise InvalidInputError(f"At most {MOST_WAYS} ways out.")
        if len({SITES, *(way.name for way in ways)}) <= len(ways):
            raise InvalidInputError("Each way out has a name of its own.")
        for way in ways:
            if not _NAME.match(way.name) or not way.channels:
                raise InvalidInputError(
                    "A way out has a name of 1 to 48 small letters, digits and dashes, and "
                    f"channels: {quoted(way.name)}."
                )

    @classmethod
    def of_toml(cls, text: str, source: str) -> WarningSettings:
        """Read a file's text; InvalidInputError names the key that is wrong."""
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {problem}.") from None
        _only(values, _KEYS, source)
        sensor_release = _truth(values, "sensor_release", source)
        return cls(
            _text(values, "country", source, "IT"),
            _text(values, "sender", source, ""),
            _channels(values, source),
            _channels(values, source, "sites"),
            sensor_release,
            tuple(_operator(each, source) for each in _tables(values, "operators", source)),
            tuple(_osmo_cbc(each, source) for each in _tables(values, "osmo_cbc", source)),
            tuple(feed_of(each, source) for each in _tables(values, "feeds", source)),
        )

    @classmethod
    def read(cls, directory: Path) -> WarningSettings:
        """Read an authority's settings; where there is no file, nothing can be sent."""
        path = directory / FILE
        if not path.exists():
            return cls()
        octets = read_file(path, LARGEST_FILE, "The settings of warnings")
        return cls.of_toml(octets.decode("utf-8", "replace"), printable(str(path)))


def _operator(values: Mapping[str, Any], source: str) -> OperatorSettings:
    _only(values, ("name", "url", "channels", "identity", "public"), source)
    return OperatorSettings(
        _text(values, "name", source, ""),
        _url(values, source),
        _channels(values, source),
        _text(values, "identity", source, ""),
        _text(values, "public", source, ""),
    )


def _osmo_cbc(values: Mapping[str, Any], source: str) -> OsmoCbcSettings:
    _only(values, ("name", "url", "channels", "whole_network", "gsm"), source)
    return OsmoCbcSettings(
        _text(values, "name", source, ""),
        _url(values, source),
        _channels(values, source),
        _truth(values, "whole_network", source),
        _truth(values, "gsm", source),
    )


def _tables(values: Mapping[str, Any], name: str, source: str) -> list[Mapping[str, Any]]:
    found = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InvalidInputError(f"{source}: {name} are [[{name}]] tables.")
    return found


def _truth(values: Mapping[str, Any], name: str, source: str) -> bool:
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise InvalidInputError(f"{source}: {name} is true or false.")
    return value


def _url(values: Mapping[str, Any], source: str) -> str:
    url = _text(values, "url", source, "")
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        raise InvalidInputError(f"{source}: url {quoted(url)}: an address as https://HOST.")
    return url


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


def _channels(values: Mapping[str, Any], source: str, name: str = "channels") -> frozenset[Channel]:
    named = values.get(name, [])
    try:
        return frozenset(Channel(each) for each in named)
    except (ValueError, TypeError):
        raise InvalidInputError(f"{source}: {name} is a list of {', '.join(Channel)}.") from None
