"""Texts cut into pages of cell broadcast (3GPP TS 23.041, 9.4.2.2.5).

A page has 82 octets of content: 93 characters of GSM 7 bit or 41 of UCS-2. What a text does not
fill is padded with carriage returns (TS 23.038, 6.1.2.2.1), which phones take off again; in UCS-2
too, for phones of the second generation, which are not told how much is used. All others are:
behind each page stands how many of its octets are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from baluardo.emergency.broadcast.alphabet import (
    CARRIAGE_RETURN,
    ESCAPE,
    Alphabet,
    packed,
    septets_of,
    text_of_septets,
    text_of_ucs2,
    ucs2_of,
    unpacked,
)
from baluardo.emergency.broadcast.message import MOST_PAGES as MOST_PAGES  # noqa: PLC0414
from baluardo.emergency.broadcast.message import PAGE_OCTETS, Coding
from baluardo.errors import InvalidInputError

PAGE_SEPTETS: Final = 93
"""With the language, where a page begins with it."""
MOST_GSM7: Final = PAGE_SEPTETS * MOST_PAGES
MOST_UCS2: Final = PAGE_OCTETS // 2 * MOST_PAGES
_FILLER: Final = bytes([CARRIAGE_RETURN])
_UCS2_FILLER: Final = "\r".encode("utf-16-be")


def pages_of(text: str, coding: Coding, language: str = "") -> tuple[bytes, ...]:
    """Return a text's pages, 83 octets each; InvalidInputError if it is empty or too long.

    language: two letters, for a coding whose pages begin with it.
    """
    if not text:
        raise InvalidInputError("A message without a text is not broadcast.")
    check_breaks(text)
    begin = _beginning(coding, language)
    if coding.alphabet is Alphabet.GSM7:
        cut = septet_pages(septets_of(text), coding.page_characters)
        check_count(len(cut), coding)
        return tuple(_gsm7_page(begin + each) for each in cut)
    octets, room = ucs2_of(text), 2 * coding.page_characters
    check_count(-(-len(octets) // room), coding)
    return tuple(
        _page(begin + octets[start : start + room], _UCS2_FILLER)
        for start in range(0, len(octets), room)
    )


def text_of_pages(pages: Sequence[bytes], coding: Coding) -> tuple[str, str]:
    """Return the text of pages and the language they begin with, empty if they name none.

    InvalidInputError if they are no pages.
    """
    if not 1 <= len(pages) <= MOST_PAGES:
        raise InvalidInputError(f"A message has 1 to {MOST_PAGES} pages, not {len(pages)}.")
    gsm7 = coding.alphabet is Alphabet.GSM7
    texts, language = [], ""
    for page in pages:
        used = _used(page)
        if gsm7:
            septets = unpacked(used, 8 * len(used) // 7)
            if coding.indicated:
                language, septets = text_of_septets(septets[:2]), septets[3:]
            # Where a page ends with seven bits too many, they are a filler: the count of octets
            # cannot tell them from a character.
            texts.append(text_of_septets(septets.rstrip(_FILLER)))
        else:
            if coding.indicated:
                letters, used = used[:2], used[2:]
                language = text_of_septets(unpacked(letters, len(letters)))
            texts.append(text_of_ucs2(used).rstrip("\r"))
    return "".join(texts), _named(language)


def count_pages(text: str, coding: Coding) -> tuple[int, int]:
    """Return the pages that a text takes, and the characters left on the last.

    Texts that are too long are counted as well. InvalidInputError if the coding cannot write it.
    """
    room = coding.page_characters
    if coding.alphabet is Alphabet.UCS2:
        pages = max(1, -(-len(text) // room))
        return pages, pages * room - len(text)
    cut = septet_pages(septets_of(text), room) or [b""]
    return len(cut), room - len(cut[-1])


def cb_data(pages: Sequence[bytes]) -> bytes:
    """Return the CB data element: how many pages, then each with its count (9.4.2.2.5)."""
    if not 1 <= len(pages) <= MOST_PAGES or any(len(page) != PAGE_OCTETS + 1 for page in pages):
        raise InvalidInputError(
            f"CB data hold 1 to {MOST_PAGES} pages of {PAGE_OCTETS + 1} octets."
        )
    return bytes([len(pages)]) + b"".join(pages)


def read_cb_data(octets: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Return the pages of a CB data element and what stands behind it; InvalidInputError."""
    count = octets[0] if octets else 0
    end = 1 + count * (PAGE_OCTETS + 1)
    if not 1 <= count <= MOST_PAGES or len(octets) < end:
        raise InvalidInputError("CB data are cut off, or hold no possible number of pages.")
    step = PAGE_OCTETS + 1
    pages = tuple(octets[start : start + step] for start in range(1, end, step))
    for page in pages:
        _used(page)
    return pages, octets[end:]


def septet_pages(septets: bytes, room: int) -> list[bytes]:
    """Cut septets into pages; an escape and what it escapes stay together."""
    pages, start = [], 0
    while start < len(septets):
        end = min(start + room, len(septets))
        # None of our escapes escapes an escape, so the last septet tells.
        if septets[end - 1] == ESCAPE:
            end -= 1
        pages.append(septets[start:end])
        start = end
    return pages


def check_breaks(text: str) -> None:
    """Refuse carriage returns, which phones take for filler."""
    if "\r" in text:
        raise InvalidInputError("Lines of a broadcast text end with a line feed alone.")


def check_count(pages: int, coding: Coding) -> None:
    """Refuse more pages than there may be; the sentence says the limit."""
    if pages > MOST_PAGES:
        most = coding.page_characters * MOST_PAGES
        raise InvalidInputError(
            f"The text takes {pages} pages, and {MOST_PAGES} are the most: {most:,} characters in "
            f"{coding.name_shown}. Shorten it."
        )


def _beginning(coding: Coding, language: str) -> bytes:
    if not coding.indicated:
        return b""
    if len(language) != 2 or not (language.isascii() and language.isalpha()):
        raise InvalidInputError("A page begins with a language of two letters (ISO 639-1).")
    letters = septets_of(language.lower())
    return letters + _FILLER if coding.alphabet is Alphabet.GSM7 else packed(letters)


def _named(language: str) -> str:
    plain = language.lower()
    return plain if len(plain) == 2 and plain.isascii() and plain.isalpha() else ""


def _gsm7_page(septets: bytes) -> bytes:
    used = (7 * len(septets) + 7) // 8
    return packed(septets.ljust(PAGE_SEPTETS, _FILLER)) + bytes([used])


def _page(octets: bytes, filler: bytes) -> bytes:
    return (octets + filler * PAGE_OCTETS)[:PAGE_OCTETS] + bytes([len(octets)])


def _used(page: bytes) -> bytes:
    if len(page) != PAGE_OCTETS + 1 or page[-1] > PAGE_OCTETS:
        raise InvalidInputError(
            f"A page has {PAGE_OCTETS} octets and one that counts those used, "
            f"{PAGE_OCTETS} at most."
        )
    return page[: page[-1]]
