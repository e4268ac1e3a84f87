"""Names and bounds that every request and answer about written messages keeps to."""

from __future__ import annotations

import re
from typing import Final

from baluardo.calls.bodies import check_device, person_of
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import texts
from baluardo.trust.identity import LONGEST_URI, Kind
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject

LARGEST_ITEM: Final = 512 << 10
"""Octets of one message, commit or welcome."""
LARGEST_REQUEST: Final = 768 << 10
"""Octets of a request's JSON: what a browser may say at once."""
LARGEST_PACKAGE: Final = 64 << 10
"""Octets of a key package (as `MOST_OCTETS` of the pages)."""
LARGEST_COLLECTED: Final = 256 << 10
"""Octets of JSON of the items that are handed out at once; never less than one item."""
MOST_ITEMS: Final = 2_000
"""In one mailbox, and so of one answer."""
PACKAGES_AT_ONCE: Final = 16
MOST_PACKAGES: Final = 32
"""One-time packages that are kept of one device."""
MOST_DEVICES: Final = 16
"""In one conversation: eight of each of two people."""
MOST_KNOWN: Final = 512
"""Devices of two people that one answer tells of."""
MESSAGE_ID_OCTETS: Final = 16
GROUP_ID_OCTETS: Final = 32
DIGEST_OCTETS: Final = 32
CHALLENGE_OCTETS: Final = 32
LONGEST_KIND: Final = 16
LONGEST_EPOCH: Final = 16
"""Decimal digits: epochs go up to 2^53 - 1, which takes longer than anybody lives."""

_EPOCH = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_PERSON = re.compile(r"person/[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


def check_hex(field: str, text: str, octets: int) -> None:
    """Refuse what is not so many octets in small hexadecimal digits; InvalidInputError."""
    if len(text) != 2 * octets or not _HEX.fullmatch(text):
        raise InvalidInputError(f"{field} {quoted(text)}: {2 * octets} small hexadecimal digits.")


def check_group(field: str, group: str) -> None:
    """Refuse what is no group's identifier; InvalidInputError."""
    check_hex(field, group, GROUP_ID_OCTETS)


def check_challenge(challenge: str) -> None:
    """Refuse what no authority draws; InvalidInputError."""
    check_hex("challenge", challenge, CHALLENGE_OCTETS)


def check_person(field: str, person: str) -> None:
    """Refuse what is no person: `person/NAME`; InvalidInputError."""
    if not _PERSON.fullmatch(person):
        raise InvalidInputError(f"{field} {quoted(person)} is no person: person/NAME.")


def check_devices(field: str, devices: tuple[str, ...], most: int = MOST_DEVICES) -> None:
    """Refuse what are no devices, and the same one twice; InvalidInputError."""
    for each in devices:
        check_device(field, each)
    if len(devices) > most or len(set(devices)) != len(devices):
        raise InvalidInputError(f"{field}: at most {most} devices, each once.")


def check_people(field: str, devices: tuple[str, ...], most: int) -> None:
    """Refuse devices of more people than that; InvalidInputError."""
    if len({person_of(each) for each in devices}) > most:
        raise InvalidInputError(f"{field}: devices of at most {most} people.")


def check_orderer(uri: str) -> None:
    """Refuse what is no SPIFFE URI of an authority; InvalidInputError."""
    if len(uri) > LONGEST_URI or f"/{Kind.AUTHORITY.value}/" not in uri:
        raise InvalidInputError(f"orderer {quoted(uri)} is no authority.")


def check_octets(field: str, octets: bytes, most: int, least: int = 1) -> None:
    """Refuse what is empty or too long; InvalidInputError, which never shows them."""
    if not least <= len(octets) <= most:
        raise InvalidInputError(f"{field}: {least} to {most:,} octets, not {len(octets):,}.")


def check_epoch(epoch: int) -> None:
    """Refuse what is no epoch; InvalidInputError."""
    if not 0 <= epoch <= LARGEST_NUMBER:
        raise InvalidInputError(f"epoch {quoted(epoch)}: from 0 to {LARGEST_NUMBER}.")


def epoch_of(fields: JsonObject) -> int:
    """Return the field `epoch`, written in decimal digits as text."""
    text = fields.text("epoch", LONGEST_EPOCH)
    if not _EPOCH.fullmatch(text):
        raise fields.wrong("epoch", "a whole number in decimal digits, as text")
    return int(text)


def ciphertext(fields: JsonObject, name: str, most: int) -> bytes:
    """Return octets in base64; no sentence shows them."""
    try:
        return fields.octets(name, most)
    except InvalidInputError:
        raise InvalidInputError(
            f"{fields.what}: {name} must be base64 of at most {most:,} octets."
        ) from None


def paths(fields: JsonObject, name: str, most: int) -> tuple[str, ...]:
    """Return a list of names; what they name is checked by whoever takes them."""
    return texts(fields, name, most)


def truth(fields: JsonObject, name: str) -> bool:
    """Return a truth value."""
    value = fields.fields.get(name)
    if not isinstance(value, bool):
        raise fields.wrong(name, "true or false")
    return value
