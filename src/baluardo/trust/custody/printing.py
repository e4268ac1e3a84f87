"""A share on paper: one page of plain text, A4, that a custodian can read back in twenty years.

72 columns and fewer than 60 lines, ASCII only, so that any printer and typewriter font will do. The
page can also be read back whole (`read_page`), from a file or a scan that a person has corrected.
"""

from __future__ import annotations

import re
import textwrap
import time
from dataclasses import dataclass
from typing import Final

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.trust.custody.shares import (
    FIRST_LINE,
    LAST_LINE,
    MOST_CHARACTERS,
    MOST_CUSTODIANS,
    Share,
)

COLUMNS: Final = 72
FINGERPRINT_OCTETS: Final = 32
"""SHA-256 of the root's certificate."""

_WORDS_IN_ROW = 4
_TITLE = "BALUARDO: SHARE OF A ROOT KEY"
_ADVICE = (
    "This paper is secret. Whoever has {threshold} of the {custodians} papers of this set can "
    "issue certificates in the name of {community}, and nobody can tell.",
    "",
    "Keep it in a sealed envelope, in a place of your own, dry and locked.",
    "Never photograph it, copy it, or type it into a machine with a network.",
    "If the paper is lost, or the envelope was opened, say so at once: the others make a new root "
    "while there still are {threshold} of them.",
    "",
    "To use it, bring it to the ceremony. The words are typed in the order of their numbers; "
    "capitals and spaces do not matter. Compare the fingerprint that the machine shows with the "
    "one above: if they differ, stop and sign nothing. If a passphrase was set at the ceremony, "
    "it is needed too; it is not on this paper.",
    "",
    "The words follow SLIP-39 (SatoshiLabs), which other programs know too.",
)

_FIELDS: Final = {
    "community": r"Community +(\S+)",
    "number": r"Share +([0-9]{1,2}) of ",
    "custodians": r"Share +[0-9]{1,2} of ([0-9]{1,2}),",
    "threshold": r"any ([0-9]{1,2}) of them give",
    "set": r"Set +([0-9]{1,5})\b",
    "made": r"Made +([0-9]{4}-[0-9]{2}-[0-9]{2}) ",
}
_FINGERPRINT: Final = re.compile(r"Fingerprint((?:\s+[0-9a-f]{4}){16})\s")


@dataclass(frozen=True, slots=True)
class Page:
    """What a printed page says."""

    share: Share
    root_fingerprint: bytes
    """SHA-256 of the root's certificate."""
    community: str
    custodians: int
    """How many shares the set has."""
    made: str
    """The day, ISO 8601, UTC."""


def printable_share(
    share: Share, root_fingerprint: bytes, community: str, custodians: int, made_at: float
) -> str:
    """Return the page of one custodian; `made_at` is POSIX seconds.

    Refuses what cannot be the page of a set: InvalidInputError.
    """
    if len(root_fingerprint) != FINGERPRINT_OCTETS:
        raise InvalidInputError(f"A fingerprint has {FINGERPRINT_OCTETS} octets (SHA-256).")
    if not max(share.number, share.threshold) <= custodians <= MOST_CUSTODIANS:
        raise InvalidInputError(f"Share {share.number} cannot be one of {custodians}.")
    rule = "=" * COLUMNS
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(made_at))
    lines = [
        rule,
        f"{_TITLE}{'SECRET':>{COLUMNS - len(_TITLE)}}",
        rule,
        "",
        f"Community    {community}",
        f"Share        {share.number} of {custodians}, any {share.threshold} of them give the key",
        f"Set          {share.set_id}",
        f"Made         {made}",
        *_fingerprint_lines(root_fingerprint),
        "",
        FIRST_LINE,
        *_word_lines(share.word_list()),
        LAST_LINE,
        "",
        *_advice(share.threshold, custodians, community),
        "",
        "Custodian    ___________________________     Signature ________________",
        rule,
    ]
    return "\n".join(lines) + "\n"


def read_page(text: str) -> Page:
    """Read a page back; CustodyError names what is missing, or does not go with the words."""
    if len(text) > MOST_CHARACTERS or FIRST_LINE not in text or LAST_LINE not in text:
        raise CustodyError("It is no printed page of a share, or a part of it is missing.")
    share = Share.of_text(text)
    fields = {name: _field(text, name, pattern) for name, pattern in _FIELDS.items()}
    printed = tuple(int(fields[name]) for name in ("number", "threshold", "set"))
    if printed != (share.number, share.threshold, share.set_id):
        raise CustodyError(
            f"The words are those of share {share.number} of set {share.set_id}, the page says "
            f"share {fields['number']} of set {fields['set']}: two papers were mixed."
        )
    groups = _FINGERPRINT.search(text)
    if groups is None:
        raise CustodyError("The page has no fingerprint of 16 groups of 4 hexadecimal digits.")
    fingerprint = bytes.fromhex("".join(groups.group(1).split()))
    return Page(share, fingerprint, fields["community"], int(fields["custodians"]), fields["made"])


def grouped(fingerprint: bytes) -> str:
    """Return a fingerprint as people compare it: small hexadecimal digits in groups of four."""
    return fingerprint.hex(" ", 2)


def _fingerprint_lines(fingerprint: bytes) -> tuple[str, str]:
    half = len(fingerprint) // 2
    return (
        f"Fingerprint  {grouped(fingerprint[:half])}",
        f"{'':11}  {grouped(fingerprint[half:])}",
    )


def _advice(threshold: int, custodians: int, community: str) -> list[str]:
    lines: list[str] = []
    for paragraph in _ADVICE:
        text = paragraph.format(threshold=threshold, custodians=custodians, community=community)
        lines += textwrap.wrap(text, COLUMNS) or [""]
    return lines


def _word_lines(words: tuple[str, ...]) -> list[str]:
    width = COLUMNS // _WORDS_IN_ROW
    cells = [f"{place:3}. {word}".ljust(width) for place, word in enumerate(words, start=1)]
    rows = range(0, len(cells), _WORDS_IN_ROW)
    return ["".join(cells[row : row + _WORDS_IN_ROW]).rstrip() for row in rows]


def _field(text: str, name: str, pattern: str) -> str:
    found = re.search(pattern, text, re.ASCII)
    if found is None:
        raise CustodyError(f"The page does not tell: {name}.")
    return found.group(1)
