"""What may be wrong with the words of a warning: left empty, contradicting, in a wrong language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from baluardo.emergency.broadcast.of_alert import words_of
from baluardo.emergency.cap.alert import Alert, Info, Response
from baluardo.emergency.problem import Problem
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.wording.linter import lint
from baluardo.emergency.writing.draft import Draft
from baluardo.emergency.writing.found import stops, warns
from baluardo.emergency.writing.languages import telling_words

LONGEST_HEADLINE: Final = 160
"""Characters that some phones and signs show (CAP 1.2, 3.2.2 headline)."""
LEAST_TELLING: Final = 4
"""Words of another language from which a text is probably in it. Our choice."""

_GAP: Final = re.compile(r"\{[^{}]*\}|[{}]|\[[A-Z_ ]{3,}\]|_{3,}|\bXX+\b|\bTODO\b")
_LINK: Final = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d+")
_NOT: Final = re.compile(r"\b(?:non|not|don't|never|nicht|kein\w*|ne|n')\s*(?:\w+\s+)?\Z")
_LEAVE: Final = re.compile(
    r"\bevacua\w*|\blascia(?:te)? (?:subito )?(?:la zona|l'area|la casa|le case)|"
    r"\babbandona(?:te|re)? (?:subito )?(?:la zona|l'area|la casa|le case)|"
    r"\bleave (?:the area|the zone|your homes?)|\bevakuier\w*|"
    r"\bverlassen sie (?:sofort )?(?:das gebiet|die zone|ihr haus)|\bévacue\w*|"
    r"\bquittez (?:tout de suite )?(?:la zone|votre maison)|\bevakuira\w*|"
    r"\bzapustite (?:obmo[cč]je|domove)"
)
_STAY: Final = re.compile(
    r"\b(?:resta(?:te)?|riman(?:i|ete)) (?:al chiuso|in casa)|"
    r"\bstay (?:indoors|inside|at home)|\bshelter in place|"
    r"\bbleiben sie (?:im haus|drinnen|zu hause)|\bim haus bleiben|"
    r"\brestez (?:à l'intérieur|chez vous)|\bostanite (?:v zaprt\w*|doma)"
)
_PERMITTED: Final = {
    "IT": (
        *("gov.it", "protezionecivile.it", "ingv.it", "isinucleare.it", "europa.eu"),
        *("provincia.bz.it", "provincia.tn.it", "vda.it", "fvg.it"),
    )
}
"""Whose links people may trust: the state, its institutes, provinces and regions of their own
name. Others are asked about."""


def problems_of_words(draft: Draft, alert: Alert, profile: Profile) -> Iterator[Problem]:
    """Yield what is wrong with the texts of an alert and of the draft it was made of."""
    for place, (written, info) in enumerate(zip(draft.infos, alert.infos, strict=True)):
        where = f"infos[{place}]"
        additional = info.language != profile.languages[0]
        yield from _of_air(draft, written.broadcast_words, info, where, additional=additional)
        yield from _of_parts(draft, info, where)
        yield from _of_response(draft.response, info, where)
        yield from _of_tongue(info, where)
    yield from _of_gaps(draft)
    yield from _of_web(draft, alert, profile)
    yield from _between(alert)


def _of_air(
    draft: Draft, written: str, info: Info, where: str, *, additional: bool
) -> Iterator[Problem]:
    """Lint what is sent; what a channel's words make of its end is no fault of the writer."""
    ends = written.rstrip().endswith((".", "!", "?"))
    linted = lint(words_of(info), info.language, draft.channel, additional=additional)
    for each in linted.problems:
        if not (each.code == "text.unfinished" and ends):
            yield Problem(each.code, each.gravity, each.text, f"{where}.broadcast", info.language)


def _of_parts(draft: Draft, info: Info, where: str) -> Iterator[Problem]:
    language = info.language
    if not info.headline:
        yield stops(
            "text.no-headline",
            "Manca il titolo: scrivi in una riga che cosa succede e dove.",
            "The headline is missing: write in one line what happens and where.",
            f"{where}.headline",
            language,
        )
    elif len(info.headline) > LONGEST_HEADLINE:
        yield warns(
            "text.long-headline",
            f"Il titolo supera {LONGEST_HEADLINE} caratteri: alcuni schermi lo tagliano.",
            f"The headline has more than {LONGEST_HEADLINE} characters: some screens cut it.",
            f"{where}.headline",
            language,
        )
    if not info.description:
        yield warns(
            "text.no-description",
            "Manca la descrizione: chi legge la pagina intera non saprà che cosa è successo.",
            "The description is missing: readers of the whole page cannot tell what happened.",
            f"{where}.description",
            language,
        )
    if not info.instruction and draft.response not in (Response.ALL_CLEAR, Response.NONE):
        yield stops(
            "text.no-instruction",
            "Il testo non dice che cosa fare: scrivilo in frasi brevi.",
            "The text does not say what to do: write it in short sentences.",
            f"{where}.instruction",
            language,
        )


def _of_response(response: Response, info: Info, where: str) -> Iterator[Problem]:
    said = f"{info.instruction or ''} {words_of(info)}".casefold()
    leave, stay = _asked(_LEAVE, said), _asked(_STAY, said)
    against = (
        (response is Response.SHELTER and leave)
        or (response is Response.EVACUATE and stay)
        or (response in (Response.ALL_CLEAR, Response.NONE) and (leave or stay))
    )
    if not against:
        return
    make = warns if leave and stay else stops
    yield make(
        "response.contradicts",
        f"La risposta scelta è {response.value}, ma il testo dice «{against}»: cambia uno dei due.",
        f"The response chosen is {response.value}, but the text says “{against}”: change one.",
        f"{where}.instruction",
        info.language,
    )


def _asked(form: re.Pattern[str], said: str) -> str:
    """Return what is asked for in a form of words and not forbidden; nothing if it is not."""
    for found in form.finditer(said):
        if not _NOT.search(said[max(0, found.start() - 24) : found.start()]):
            return found[0]
    return ""


def _of_tongue(info: Info, where: str) -> Iterator[Problem]:
    tells = telling_words(" ".join((info.headline or "", info.instruction or "", words_of(info))))
    if info.language not in tells:
        return
    own = tells.pop(info.language)
    other = max(tells, key=lambda each: tells[each])
    if tells[other] < LEAST_TELLING or tells[other] <= 2 * own:
        return
    make = stops if own == 0 else warns
    yield make(
        "language.wrong",
        f"Il testo «{info.language}» sembra scritto in «{other}»: mettilo nella lingua giusta.",
        f"The text “{info.language}” seems to be written in “{other}”: put it in its language.",
        f"{where}.broadcast",
        info.language,
    )


def _of_gaps(draft: Draft) -> Iterator[Problem]:
    looked = [("area_name", "", draft.area_name), ("contact", "", draft.contact or "")]
    for place, info in enumerate(draft.infos):
        looked += [
            (f"infos[{place}].{name}", info.language, getattr(info, name))
            for name in ("event", "headline", "description", "instruction")
        ]
    for field, language, said in looked:
        found = _GAP.search(said)
        if found:
            yield stops(
                "text.placeholder",
                f"Qui c'è ancora un segnaposto ({found[0][:30]}): riempilo.",
                f"A placeholder still stands here ({found[0][:30]}): fill it in.",
                field,
                language,
            )


def _of_web(draft: Draft, alert: Alert, profile: Profile) -> Iterator[Problem]:
    linked = [("web", "", draft.web)] if draft.web else []
    for place, info in enumerate(alert.infos):
        for name, said in (
            ("description", info.description or ""),
            ("instruction", info.instruction or ""),
            ("broadcast", words_of(info)),
        ):
            links = (each.rstrip(".,;:!?)'\"") for each in _LINK.findall(said))
            linked += [(f"infos[{place}].{name}", info.language, link) for link in links]
    told = set()
    for field, language, link in linked:
        host = _https_host(link)
        if host is None:
            yield stops(
                "link.not-https",
                "Il collegamento deve essere un indirizzo intero che comincia con https://.",
                "The link must be a whole address that begins with https://.",
                field,
                language,
            )
        elif not _is_permitted(host, profile.country) and host not in told:
            told.add(host)
            yield warns(
                "link.domain",
                f"{host} non è un sito noto della protezione civile: è quello giusto, e reggerà?",
                f"{host} is no known site of civil protection: is it right, and can it bear all?",
                field,
                language,
            )


def _https_host(link: str) -> str | None:
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme != "https" or not host or "." not in host or parts.username is not None:
        return None
    return host if host.isascii() and host.isprintable() else None


def _is_permitted(host: str, country: str) -> bool:
    known = _PERMITTED.get(country)
    return known is None or any(host == each or host.endswith(f".{each}") for each in known)


def _between(alert: Alert) -> Iterator[Problem]:
    """Hold languages against the first: all must say the same."""
    if not alert.infos:
        return
    first = alert.infos[0]
    for place, info in enumerate(alert.infos[1:], 1):
        if words_of(info).strip() and words_of(info) == words_of(first):
            yield stops(
                "language.same-text",
                f"I testi «{first.language}» e «{info.language}» sono identici: traduci.",
                f"The texts “{first.language}” and “{info.language}” are the same: translate.",
                f"infos[{place}].broadcast",
                info.language,
            )
        for name in ("headline", "description", "instruction", "broadcast"):
            ours, theirs = _numbers(_part(first, name)), _numbers(_part(info, name))
            differing = sorted(((ours - theirs) + (theirs - ours)).elements(), key=len)
            if not differing or not (_part(first, name) and _part(info, name)):
                continue
            # A single figure may well be a word in the other language ("2 km", "zwei km").
            make = warns if len(differing[-1]) == 1 else stops
            yield make(
                "language.numbers-differ",
                f"I numeri non sono gli stessi in «{first.language}» e «{info.language}» "
                f"({', '.join(differing[:4])}): ore, strade e telefoni devono essere uguali.",
                f"The numbers are not the same in “{first.language}” and “{info.language}” "
                f"({', '.join(differing[:4])}): times, roads and telephones must agree.",
                f"infos[{place}].{name}",
                info.language,
            )


def _part(info: Info, name: str) -> str:
    return words_of(info) if name == "broadcast" else getattr(info, name) or ""


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(_LINK.sub(" ", text)))
