"""Who is sent warnings as CAP over HTTP, read from TOML. Pure.

    [[subscribers]]
    name = "radio-uno"
    url = "https://cap.radio.example/in"
    channels = ["public"]

Nobody is sent a channel that is not named: who listens for real warnings hears no exercise unless
it asks for them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.posting import Target
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import printable, quoted

LARGEST_FILE: Final = 65_536
MOST_SUBSCRIBERS: Final = 256

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}\Z", re.ASCII)
_KEYS: Final = ("name", "url", "channels", "form", "private")


class Form(StrEnum):
    """What a subscriber is sent."""

    CAP = "cap"
    """The CAP alert as `application/cap+xml`, with an XML signature where the profile asks for it.

    That is another document than the one the officers have signed: it holds the same alert.
    """
    ENVELOPE = "envelope"
    """A signed envelope with the alert's very octets as its payload."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One address, and what it asks for."""

    name: str
    target: Target
    channels: frozenset[Channel]
    form: Form = Form.ENVELOPE

    def __post_init__(self) -> None:
        """Refuse names that are none, and who asks for nothing."""
        if not _NAME.match(self.name):
            raise InvalidInputError(
                f"name {quoted(self.name)}: 1 to 48 small letters, digits and dashes."
            )
        if not self.channels:
            raise InvalidInputError(f"{self.name} names no channel: it would never be sent any.")


def read_subscribers(octets: bytes, source: str) -> tuple[Subscriber, ...]:
    """Read a file's octets; InvalidInputError names the subscriber and the key that is wrong."""
    if len(octets) > LARGEST_FILE:
        raise InvalidInputError(f"{source} is larger than {LARGEST_FILE:,} octets.")
    try:
        values = tomllib.loads(octets.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise InvalidInputError(f"{source} is not TOML: {printable(str(problem))}.") from None
    _only(values, ("subscribers",), source)
    tables = values.get("subscribers", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise InvalidInputError(f"{source}: subscribers are [[subscribers]] tables.")
    if len(tables) > MOST_SUBSCRIBERS:
        raise InvalidInputError(f"{source}: at most {MOST_SUBSCRIBERS} subscribers.")
    found = tuple(
        _subscriber(each, f"{source}, subscriber {number}")
        for number, each in enumerate(tables, start=1)
    )
    if len({each.name for each in found}) < len(found):
        raise InvalidInputError(f"{source}: each subscriber has a name of its own.")
    return found


def _subscriber(values: Mapping[str, Any], place: str) -> Subscriber:
    _only(values, _KEYS, place)
    private = values.get("private", False)
    if not isinstance(private, bool):
        raise InvalidInputError(f"{place}: private is true or false.")
    try:
        target = Target(_text(values, "url"), private=private)
        return Subscriber(
            _text(values, "name"), target, _channels(values), _form(values.get("form", "envelope"))
        )
    except InvalidInputError as problem:
        raise InvalidInputError(f"{place}: {problem}") from None


def _channels(values: Mapping[str, Any]) -> frozenset[Channel]:
    named = values.get("channels")
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise InvalidInputError(f"channels is a list of {', '.join(Channel)}.")
    try:
        return frozenset(Channel(each) for each in named)
    except ValueError:
        raise InvalidInputError(f"channels is a list of {', '.join(Channel)}.") from None


def _form(value: object) -> Form:
    try:
        return Form(value)  # type: ignore[arg-type]
    except ValueError:
        raise InvalidInputError(f"form {quoted(value)}: one of {', '.join(Form)}.") from None


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} is missing, or no text.")
    return value


def _only(values: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in values:
        if name not in known:
            raise InvalidInputError(
                f"{place}: {quoted(name)} is no setting here: {', '.join(known)}."
            )
