"""Which language a text is in, by its commonest words, and where people speak another one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final, Protocol

_COMMON: Final[Mapping[str, str]] = {
    "it": "il lo gli del della dei delle dal dalla dalle non è per con alle alla nel nella che "
    "sono di chi subito più dopo questo sei vai chiama può se la le un in da si ne so bo sem ti",
    "en": "the of and to from at not is are you your by who with there this may was go holds "
    "until will if on be in so do me an",
    "de": "der die das und nicht ist ein eine im sie bis von mit auf zu wenn dem uhr ab um kann "
    "wird sind den gehen in so am an",
    "fr": "les des du et pas est une au aux vous dans pour sur jusqu ce votre où êtes ont depuis "
    "suivez avec il sont la le un se si ne",
    "sl": "je ob ali na od se pri za po v ki če ce do naj bo so kot vam lahko ne ni da si sem",
}
"""Ours. A word that two languages share counts for neither."""

_OWNERS: Final = Counter(word for words in _COMMON.values() for word in set(words.split()))
_TELLING: Final = {
    language: frozenset(word for word in words.split() if _OWNERS[word] == 1)
    for language, words in _COMMON.items()
}

_SPOKEN: Final = (
    *(("de", 46.498, 11.354), ("de", 46.671, 11.160), ("de", 46.715, 11.657)),
    *(("de", 46.796, 11.936), ("de", 46.623, 10.770), ("de", 46.896, 11.432)),
    *(("fr", 45.737, 7.320), ("fr", 45.797, 6.969), ("fr", 45.669, 7.690), ("fr", 45.745, 7.611)),
    *(("sl", 45.941, 13.622), ("sl", 45.719, 13.795), ("sl", 46.089, 13.541)),
)
"""Towns of Italy where law gives a second language its place, degrees north and east: South Tyrol
(DPR 670/1972), the Aosta Valley (constitutional law 4/1948), the border with Slovenia (law
38/2001)."""


class Ground(Protocol):
    """An area that knows what is in it."""

    def contains(self, lat_deg: float, lon_deg: float) -> bool:
        """Tell whether a place is inside."""


def spoken_in(area: Ground) -> tuple[str, ...]:
    """Return the languages beside Italian that people of an area speak by right, in order."""
    found = {language for language, lat, lon in _SPOKEN if area.contains(lat, lon)}
    return tuple(sorted(found))


def telling_words(text: str) -> dict[str, int]:
    """Return how many words of a text tell each known language."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return {
        language: sum(word in telling for word in words) for language, telling in _TELLING.items()
    }
