"""Rules of languages: each is named rightly and once, and all say the same about the same places.

Source: OASIS CAP 1.2, section 3.2.2 (language), RFC 5646, section 2.1 (form of a language tag).
That languages must agree is a rule of ours: otherwise some readers would be warned of less. A place
is told by its shape and codes, since its description has a language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from baluardo.emergency.cap.alert import Info
from baluardo.emergency.problem import Problem

Places = frozenset[tuple[object, ...]]
Numbered = tuple[int, Info]
"""A text with its place in the alert."""

_TAG: Final = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}"  # the longer names that RFC 5646 reserves: none was ever given
    r"(-[a-z]{4})?(-([a-z]{2}|\d{3}))?"  # script, region
    r"(?P<variants>(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*)"
    r"(?P<extensions>(-[0-9a-wy-z](-[a-z0-9]{2,8})+)*)"
    r"(-x(-[a-z0-9]{1,8})+)?\Z",
    re.ASCII | re.IGNORECASE,
)
_SAME: Final[tuple[tuple[str, Callable[[Info], object]], ...]] = (
    ("category", lambda info: frozenset(info.categories)),
    ("urgency", lambda info: info.urgency),
    ("severity", lambda info: info.severity),
    ("certainty", lambda info: info.certainty),
    ("expires", lambda info: info.expires),
    ("responseType", lambda info: frozenset(info.responses)),
)


def problems_of_languages(infos: Sequence[Info]) -> Iterator[Problem]:
    """Yield what is wrong with the languages of the texts of an alert."""
    by_language: dict[str, list[Numbered]] = {}
    for place, info in enumerate(infos):
        by_language.setdefault(info.language.lower(), []).append((place, info))
        if not is_language_tag(info.language):
            yield Problem.error(
                "language.form",
                "La lingua va scritta come it o it-IT (RFC 5646).",
                "The language is written as it or it-IT (RFC 5646).",
                f"infos[{place}].language",
                info.language,
            )
    for same in by_language.values():
        yield from _twice(same)
    first, *others = by_language.values() or ([],)
    for other in others:
        yield from _disagreement(first, other)


def is_language_tag(text: str) -> bool:
    """Tell whether a text has the form of a language tag; nothing in it comes twice."""
    found = _TAG.match(text)
    if found is None:
        return False
    variants = found["variants"].lower().split("-")[1:]
    singles = [each for each in found["extensions"].lower().split("-")[1:] if len(each) == 1]
    return all(len(set(each)) == len(each) for each in (variants, singles))


def _twice(same: Sequence[Numbered]) -> Iterator[Problem]:
    seen = set[Places]()
    for place, info in same:
        if _places(info) in seen:
            yield Problem.error(
                "info.language-twice",
                "Due testi hanno la stessa lingua e la stessa area.",
                "Two texts have the same language and the same area.",
                f"infos[{place}].language",
                info.language,
            )
        seen.add(_places(info))


def _disagreement(first: Sequence[Numbered], other: Sequence[Numbered]) -> Iterator[Problem]:
    """Hold the texts of one language against those of the first about the same places."""
    said = {_places(info): info for _, info in first}
    missing = said.keys() - {_places(info) for _, info in other}
    strange = [each for each in other if _places(each[1]) not in said]
    if missing or strange:
        place, info = (strange or other)[0]
        yield Problem.error(
            "info.area-differs",
            "Le lingue non parlano delle stesse aree: ognuna deve avvertire delle stesse.",
            "The languages are not about the same areas: each must warn of the same.",
            f"infos[{place}].areas",
            info.language,
        )
    for place, info in other:
        model = said.get(_places(info))
        for name, value in _SAME:
            if model is not None and value(info) != value(model):
                yield Problem.error(
                    f"info.{name.lower()}-differs",
                    f"{name} differisce tra le lingue: ogni lingua deve dire la stessa cosa.",
                    f"{name} differs between languages: each must say the same.",
                    f"infos[{place}].{name}",
                    info.language,
                )


def _places(info: Info) -> Places:
    return frozenset(
        (
            frozenset(each.polygons),
            frozenset(each.circles),
            frozenset(each.geocodes),
            each.altitude_ft,
            each.ceiling_ft,
        )
        for each in info.areas
    )
