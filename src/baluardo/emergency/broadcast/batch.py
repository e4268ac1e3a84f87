"""Many texts cut into pages at once: the same octets as `pages` gives, text by text.

Characters are looked up and septets packed by NumPy, over many texts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from baluardo.emergency.broadcast.alphabet import (
    BASIC,
    CARRIAGE_RETURN,
    ESCAPE,
    Alphabet,
    alphabet_of,
    septets_of,
)
from baluardo.emergency.broadcast.message import PAGE_OCTETS, Coding
from baluardo.emergency.broadcast.pages import (
    PAGE_SEPTETS,
    check_breaks,
    check_count,
    pages_of,
    septet_pages,
)

Octets = npt.NDArray[np.uint8]

# 93 septets and three of nothing: twelve groups of eight septets, of which each is seven octets.
_GROUPS: Final = 12
_WIDTH: Final = 8 * _GROUPS
_BLANK: Final = bytes([CARRIAGE_RETURN]) * PAGE_SEPTETS
_END: Final = bytes(_WIDTH - PAGE_SEPTETS)
_TOGETHER: Final = 256
"""Texts whose arrays stay in a processor's cache."""
_LONG_WAY: Final = 0x80
"""Mark of characters that one septet does not write, and of the carriage return."""
_KNOWN: Final = 1 + max(map(ord, BASIC))
_FIRST: Final = np.arange(7, dtype=np.uint8)
_GSM7: Final = Coding.of(Alphabet.GSM7, "")
_UCS2: Final = Coding.of(Alphabet.UCS2, "")


def _table() -> Octets:
    """Return the septet of each character that is known; others have the mark."""
    table = np.full(_KNOWN + 1, _LONG_WAY, dtype=np.uint8)
    for code, character in enumerate(BASIC):
        if code not in (ESCAPE, CARRIAGE_RETURN):
            table[ord(character)] = code
    return table


_TABLE: Final = _table()


def encode_batch(texts: Sequence[str]) -> list[tuple[bytes, ...]]:
    """Return the pages of many texts, each in the shortest alphabet that can write it.

    They are those of `pages_of` under a coding whose pages do not begin with a language, octet by
    octet: 82 of content, then how many are used. InvalidInputError for the first text that is empty
    or too long, as `pages_of` has it.
    """
    return [
        pages
        for start in range(0, len(texts), _TOGETHER)
        for pages in _encode(texts[start : start + _TOGETHER])
    ]


def _encode(texts: Sequence[str]) -> list[tuple[bytes, ...]]:
    cuts: list[list[bytes]] = []
    other: dict[int, tuple[bytes, ...]] = {}
    for number, (text, plain) in enumerate(zip(texts, _plain(texts), strict=True)):
        if plain:
            cut = [plain[i : i + PAGE_SEPTETS] for i in range(0, len(plain), PAGE_SEPTETS)]
        elif text and alphabet_of(text) is Alphabet.GSM7:
            check_breaks(text)
            cut = septet_pages(septets_of(text), PAGE_SEPTETS)
        else:
            other[number], cut = pages_of(text, _UCS2), []
        check_count(len(cut), _GSM7)
        cuts.append(cut)
    pages = _pages([page for cut in cuts for page in cut])
    answers, start = [], 0
    for number, cut in enumerate(cuts):
        end = start + len(cut)
        answers.append(tuple(pages[start:end]) if cut else other[number])
        start = end
    return answers


def _plain(texts: Sequence[str]) -> list[bytes]:
    """Return the septets of each text; nothing for one that must be written the long way."""
    whole = "".join(texts).encode("utf-32-le", "surrogatepass")
    septets = _TABLE[np.minimum(np.frombuffer(whole, dtype="<u4"), _KNOWN)]
    marks = np.flatnonzero(septets & _LONG_WAY)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    marked = set(np.searchsorted(ends, marks, side="right").tolist())
    octets, bounds = septets.tobytes(), [0, *ends.tolist()]
    return [
        b"" if number in marked else octets[bounds[number] : bounds[number + 1]]
        for number in range(len(texts))
    ]


def _pages(cut: list[bytes]) -> list[bytes]:
    """Pack septets of many pages; return each page with the count of its used octets."""
    filled = b"".join([(page + _BLANK)[:PAGE_SEPTETS] + _END for page in cut])
    septets = np.frombuffer(filled, dtype=np.uint8).reshape(len(cut), _GROUPS, 8)
    low = septets[:, :, :7] >> _FIRST
    high = septets[:, :, 1:] << (7 - _FIRST)
    packed: Octets = (low | high).reshape(len(cut), 7 * _GROUPS)
    sizes = np.array([len(page) for page in cut], dtype=np.int64)
    whole = np.empty((len(cut), PAGE_OCTETS + 1), dtype=np.uint8)
    whole[:, :PAGE_OCTETS] = packed[:, :PAGE_OCTETS]
    whole[:, PAGE_OCTETS] = (7 * sizes + 7) // 8
    octets, step = whole.tobytes(), PAGE_OCTETS + 1
    return [octets[i : i + step] for i in range(0, len(octets), step)]
