"""Many texts cut into pages at once: the same octets as `pages` gives, text by text.

The loop over characters is the interpreter's own (`codecs`), the packing of septets is NumPy's over
all pages of the batch.
"""

from __future__ import annotations

import codecs
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
# One octet for each character of the default alphabet; anything else raises an error, and is
# written the long way. The escape is none of its characters.
_TABLE: Final = codecs.charmap_build(
    BASIC.replace("\x1b", "\ufffe") + "\ufffe" * (256 - len(BASIC))
)
_FIRST: Final = np.arange(7, dtype=np.uint8)
_GSM7: Final = Coding.of(Alphabet.GSM7, "")
_UCS2: Final = Coding.of(Alphabet.UCS2, "")


def encode_batch(texts: Sequence[str]) -> list[tuple[bytes, ...]]:
    """Return the pages of many texts, each in the shortest alphabet that can write it.

    They are those of `pages_of` under a coding whose pages do not begin with a language, octet by
    octet: 82 of content, then how many are used. InvalidInputError for the first text that is empty
    or too long, as `pages_of` has it.
    """
    cuts: list[list[bytes]] = []
    other: dict[int, tuple[bytes, ...]] = {}
    for number, text in enumerate(texts):
        septets = _septets(text)
        if not septets:
            other[number] = pages_of(text, _UCS2)
            cuts.append([])
            continue
        check_breaks(text)
        cut = (
            septet_pages(septets, PAGE_SEPTETS)
            if ESCAPE in septets
            else [septets[i : i + PAGE_SEPTETS] for i in range(0, len(septets), PAGE_SEPTETS)]
        )
        check_count(len(cut), _GSM7)
        cuts.append(cut)
    pages = _pages([page for cut in cuts for page in cut])
    answers, start = [], 0
    for number, cut in enumerate(cuts):
        end = start + len(cut)
        answers.append(tuple(pages[start:end]) if cut else other[number])
        start = end
    return answers


def _septets(text: str) -> bytes | None:
    """Return a text in septets, None if GSM 7 bit cannot write it."""
    try:
        return codecs.charmap_encode(text, "strict", _TABLE)[0]
    except UnicodeEncodeError:
        return septets_of(text) if alphabet_of(text) is Alphabet.GSM7 else None


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
