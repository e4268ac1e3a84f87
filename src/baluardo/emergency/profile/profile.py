"""A country's profile, read from TOML: what is real and what is an exercise cannot share anything.

Message identifiers, beginnings of CAP identifiers, colours and words of the channels must differ,
or the profile is refused: a mistake in a file must not send a drill to everybody.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType
from typing import Any, Final

from baluardo.emergency.channels import Channel
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import quoted
from baluardo.terms import Bilingual

VERSION: Final = 1
LARGEST: Final = 65_536
MOST_LEVELS: Final = 24
MOST_LANGUAGES: Final = 5
"""As many as have message codes of their own (`broadcast.of_alert`)."""
FIRST_IDENTIFIER: Final = 4_370
LAST_IDENTIFIER: Final = 4_399
"""Those that phones take for public warnings (3GPP TS 23.041, 9.4.1.2.2)."""

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}\Z", re.ASCII)
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z", re.ASCII)
_PREFIX: Final = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*-\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2}\Z", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of warnings, as phones tell them apart."""

    id: str
    name: Bilingual
    message_id: int
    message_id_additional: int
    """For languages beyond the first."""
    opt_out: bool
    """Whether people may switch it off."""
    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelLook:
    """By what people and programs tell a channel."""

    prefix: str
    """Beginning of its CAP identifiers."""
    colour_light: str
    colour_dark: str
    words: Mapping[str, str]
    """What stands in front of every text, by language; nothing for what is real."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A country's profile; it was refused unless it is whole."""

    country: str
    name: str
    languages: tuple[str, ...]
    levels: tuple[Level, ...]
    channels: Mapping[Channel, ChannelLook]
    repetition_s: float
    """From one broadcast to the next."""
    maximum_wait_s: int
    """How long a phone may look for its position before it shows a warning all the same."""
    xml_signature: bool
    """Whether CAP that is sent bare bears an XML signature (CAP 1.2, 3.3.4.1)."""

    def __post_init__(self) -> None:
        """Refuse a profile in which channels could be confused."""
        _check_levels(self.levels)
        if len(set(self.languages)) != len(self.languages):
            raise InvalidInputError("A language stands twice.")
        for (one, look), (other, beside) in combinations(self.channels.items(), 2):
            if {look.colour_light, look.colour_dark} & {beside.colour_light, beside.colour_dark}:
                raise InvalidInputError(f"{one} and {other} have a colour in common.")
            if look.prefix.startswith(beside.prefix) or beside.prefix.startswith(look.prefix):
                raise InvalidInputError(f"{one} and {other} have identifiers that begin alike.")
            if _alike(look.words, beside.words):
                raise InvalidInputError(f"{one} and {other} have words that begin alike.")
        for channel, look in self.channels.items():
            told = set(look.words)
            if channel is Channel.PUBLIC and told:
                raise InvalidInputError("Nothing stands in front of what is real.")
            if channel is not Channel.PUBLIC and told != set(self.languages):
                raise InvalidInputError(
                    f"{channel} needs a word in {', '.join(self.languages)}, and in no other."
                )

    def level(self, level: str) -> Level:
        """Return a level; InvalidInputError names those there are."""
        found = next((each for each in self.levels if each.id == level), None)
        if found is None:
            known = ", ".join(each.id for each in self.levels)
            raise InvalidInputError(f"level {quoted(level)} is none of {known}.")
        return found

    def permits(self, channel: Channel, level: str) -> bool:
        """Tell whether a level is sent on a channel."""
        return any(each.id == level and each.channel is channel for each in self.levels)

    def check_release(self, channel: Channel, level: str) -> None:
        """Return if a level is sent on a channel; InvalidInputError if it is another's."""
        found = self.level(level)
        if found.channel is not channel:
            raise InvalidInputError(
                f"{level} belongs to the channel {found.channel.value}, not to {channel.value}."
            )

    def identifiers(self, channel: Channel, level: str) -> tuple[int, int]:
        """Return a level's message identifiers, for the first language and for the others."""
        self.check_release(channel, level)
        found = self.level(level)
        return found.message_id, found.message_id_additional

    def look(self, channel: Channel) -> ChannelLook:
        """Return by what a channel is told."""
        return self.channels[channel]

    def prefix(self, channel: Channel) -> str:
        """Return how a channel's CAP identifiers begin."""
        return self.channels[channel].prefix

    def marked(self, channel: Channel, language: str, text: str) -> str:
        """Return a text as it goes out on a channel: an exercise says so, in front and behind."""
        word = self.channels[channel].words.get(language)
        if word is None or text.startswith(f"{word} "):
            return text
        return f"{word} {word} {text} {word}"

    def check_words(self, channel: Channel, text: str) -> None:
        """Return if a text may go out on a channel; InvalidInputError if another's word begins it.

        What begins as an exercise or a test does is not to be sent as real, nor the other way.
        """
        for other, look in self.channels.items():
            if other is not channel and _begins(text, look.words):
                raise InvalidInputError(
                    f"The text begins as those of the channel {other.value} do, and this is the "
                    f"channel {channel.value}."
                )

    @classmethod
    def load(cls, country: str) -> Profile:
        """Return a country's profile of the package; SourceError if there is none."""
        source = files("baluardo.emergency.profile") / "data" / f"{country.lower()}.toml"
        if not _COUNTRY.match(country) or not source.is_file():
            raise SourceError(f"There is no profile of warnings for {quoted(country)} here.")
        return cls.parse(source.read_bytes(), source.name)

    @classmethod
    def parse(cls, octets: bytes, source: str) -> Profile:
        """Read a profile; InvalidInputError names what is wrong and where."""
        if len(octets) > LARGEST:
            raise InvalidInputError(f"{source} has more than {LARGEST:,} octets.")
        try:
            values = tomllib.loads(octets.decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {quoted(str(problem))}.") from None
        try:
            return _profile(_Keys(values, source))
        except InvalidInputError as problem:
            text = str(problem)
            raise InvalidInputError(
                text if text.startswith(source) else f"{source}: {text}"
            ) from None


class _Keys:
    """A table of which every key is asked for, of the kind that it must be."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise InvalidInputError(f"{where} is no table.")
        self._values, self.where, self._read = values, where, set[str]()

    def take(self, name: str, kind: type, what: str) -> Any:
        """Return a value of a kind; InvalidInputError says what it must be."""
        self._read.add(name)
        value = self._values.get(name)
        right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not right:
            raise InvalidInputError(f"{self.where}: {name} must be {what}.")
        return value

    def text(self, name: str, form: re.Pattern[str] | None = None) -> str:
        """Return a text of a form."""
        value = self.take(name, str, "a text")
        if not value.strip() or len(value) > 200 or (form is not None and not form.match(value)):
            raise InvalidInputError(f"{self.where}: {name} {quoted(value)} is not of its form.")
        return str(value)

    def whole(self, name: str, least: int, most: int) -> int:
        """Return a whole number between bounds."""
        value = self.take(name, int, "a whole number")
        if not least <= value <= most:
            raise InvalidInputError(
                f"{self.where}: {name} {quoted(value)} is not {least} to {most}."
            )
        return int(value)

    def inner(self, name: str) -> _Keys:
        """Return a table within."""
        return _Keys(self.take(name, dict, "a table"), f"{self.where}, {name}")

    def done(self) -> None:
        """Refuse keys that nobody has asked for."""
        for name in self._values:
            if name not in self._read:
                raise InvalidInputError(f"{self.where}: {quoted(name)} is not known here.")


def _profile(keys: _Keys) -> Profile:
    if keys.take("version", int, "a whole number") != VERSION:
        raise InvalidInputError(f"{keys.where}: version must be {VERSION}.")
    languages = keys.take("languages", list, "a list of languages")
    if any(not isinstance(each, str) or not _LANGUAGE.match(each) for each in languages):
        raise InvalidInputError(f"{keys.where}: languages are tags such as it.")
    if not 1 <= len(languages) <= MOST_LANGUAGES:
        raise InvalidInputError(f"{keys.where}: 1 to {MOST_LANGUAGES} languages.")
    listed = keys.take("levels", list, "[[levels]] tables")
    if not 1 <= len(listed) <= MOST_LEVELS:
        raise InvalidInputError(f"{keys.where}: 1 to {MOST_LEVELS} levels.")
    repetition = keys.take("repetition_s", float, "a number with a point")
    if not 1.0 <= repetition <= 3_600.0:
        raise InvalidInputError(f"{keys.where}: repetition_s is 1 to 3,600 s.")
    channels = keys.inner("channels")
    found = Profile(
        country=keys.text("country", _COUNTRY),
        name=keys.text("name"),
        languages=tuple(languages),
        levels=tuple(
            _level(_Keys(each, f"{keys.where}, level {place}"))
            for place, each in enumerate(listed, 1)
        ),
        channels=MappingProxyType({each: _look(channels.inner(each.value)) for each in Channel}),
        repetition_s=float(repetition),
        maximum_wait_s=keys.whole("maximum_wait_s", 0, 255),
        xml_signature=bool(keys.take("xml_signature", bool, "true or false")),
    )
    channels.done()
    keys.done()
    return found


def _level(keys: _Keys) -> Level:
    name, channel = keys.inner("name"), keys.text("channel")
    try:
        belongs = Channel(channel)
    except ValueError:
        raise InvalidInputError(f"{keys.where}: channel is one of {', '.join(Channel)}.") from None
    level = Level(
        keys.text("id", _ID),
        Bilingual(it=name.text("it"), en=name.text("en")),
        keys.whole("message_id", FIRST_IDENTIFIER, LAST_IDENTIFIER),
        keys.whole("message_id_additional", FIRST_IDENTIFIER, LAST_IDENTIFIER),
        bool(keys.take("opt_out", bool, "true or false")),
        belongs,
    )
    name.done()
    keys.done()
    return level


def _look(keys: _Keys) -> ChannelLook:
    words = keys.inner("words")
    table = keys.take("words", dict, "a table")
    for language in table:
        if not _LANGUAGE.match(language):
            raise InvalidInputError(f"{words.where}: {quoted(language)} is no language.")
    look = ChannelLook(
        keys.text("prefix", _PREFIX),
        keys.text("colour_light", _COLOUR),
        keys.text("colour_dark", _COLOUR),
        MappingProxyType({language: words.text(language) for language in table}),
    )
    keys.done()
    return look


def _alike(words: Mapping[str, str], others: Mapping[str, str]) -> bool:
    return any(_begins(word, others) for word in words.values()) or any(
        _begins(word, words) for word in others.values()
    )


def _begins(text: str, words: Mapping[str, str]) -> bool:
    """Tell whether a text begins with one of some words, as a whole word."""
    said = text.casefold().lstrip()
    return any(re.match(rf"{re.escape(word.casefold())}\b", said) for word in words.values())


def _check_levels(levels: tuple[Level, ...]) -> None:
    ids = [each.id for each in levels]
    if len(set(ids)) != len(ids):
        raise InvalidInputError("Two levels have the same id.")
    numbers = [n for each in levels for n in (each.message_id, each.message_id_additional)]
    if len(set(numbers)) != len(numbers):
        raise InvalidInputError("Two levels have a message identifier in common.")
    if {each.channel for each in levels} != set(Channel):
        raise InvalidInputError("Each channel needs a level of its own.")
