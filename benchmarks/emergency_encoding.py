"""Warnings encoded for the air, beside two controls in the same run: part of `emergency.py`.

A warning is a text in Italian and one in English, numbered so that no two are the same, and an
outline of 24 points; in one of twenty the second text is Slovene, which GSM 7 bit cannot write. The
figure is warnings a second, pages and area octets together, on one core.

The plain control packs character after character; `osmocom` calls libosmogsm's encoder, which is in
C, for each page where the library is there. Both do the texts only, `ratio_to_...` compares with
ours of the texts only, and their pages must be the same octets as ours.
"""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable
from ctypes.util import find_library
from typing import Any

from baluardo.emergency.broadcast.batch import encode_batch
from baluardo.emergency.broadcast.geometry import AirArea, AirPolygon, encode_area

WARNINGS = 10_000
ROUNDS = 5
CONTROL_WARNINGS = 500
LEAST_PER_S = 10_000.0
POINTS = 24
ITALIAN = (
    "PROTEZIONE CIVILE - ALLARME {n}. Terremoto di forte intensità in corso nella zona di Norcia. "
    "Esci dagli edifici con calma, non usare l'ascensore e allontanati da muri, balconi e linee "
    "elettriche. Non usare l'auto: la viabilità serve ai soccorsi. Raggiungi l'area di attesa più "
    "vicina del tuo Comune e aspetta istruzioni. Più notizie: la radio e le autorità locali."
)
ENGLISH = (
    "CIVIL PROTECTION - WARNING {n}. A strong earthquake has struck the area of Norcia. Leave "
    "buildings calmly, do not use lifts, keep away from walls, balconies and power lines. Do not "
    "drive: roads are needed by rescuers. Go to the nearest assembly area of your municipality and "
    "wait for instructions. More news: radio and local authorities."
)
SLOVENE = (
    "CIVILNA ZAŠČITA - OPOZORILO {n}. Na območju Nursie je bil močan potres. Mirno zapustite "
    "stavbe, ne uporabljajte dvigal in se oddaljite od zidov in daljnovodov. Počakajte na navodila."
)
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038, 6.2.1; the controls' texts need none of its extension."""
PAGE_CHARACTERS, PAGE_OCTETS = 93, 82


def texts_of(count: int) -> list[str]:
    """Return two texts for each warning."""
    out = []
    for n in range(count):
        second = SLOVENE if n % 20 == 19 else ENGLISH
        out += [ITALIAN.format(n=n), second.format(n=n)]
    return out


def areas_of(count: int) -> list[AirArea]:
    """Return an outline round Norcia for each warning, no two the same."""
    return [
        AirArea(
            (
                AirPolygon(
                    tuple(
                        (42.8 + 0.01 * (k % 6) + n * 1e-5, 13.1 + 0.01 * (k // 6) + n * 1e-5)
                        for k in range(POINTS)
                    )
                ),
            ),
            30,
        )
        for n in range(count)
    ]


def plain_pages(text: str) -> list[bytes]:
    """Pack the pages of a GSM 7 bit text, character after character."""
    pages = []
    for start in range(0, len(text), PAGE_CHARACTERS):
        part = text[start : start + PAGE_CHARACTERS]
        out, held, bits = bytearray(), 0, 0
        for character in part.ljust(PAGE_CHARACTERS, "\r"):
            held |= BASIC.index(character) << bits
            bits += 7
            if bits >= 8:
                out.append(held & 0xFF)
                held >>= 8
                bits -= 8
        out.append(held)
        pages.append(bytes(out) + bytes([(7 * len(part) + 7) // 8]))
    return pages


def osmocom_pages() -> Callable[[str], list[bytes]] | None:
    """Return the same by libosmogsm; None where it is not there."""
    name = find_library("osmogsm")
    if name is None:
        return None
    encode = ctypes.CDLL(name).gsm_7bit_encode_n
    encode.argtypes = (
        *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p),
        ctypes.POINTER(ctypes.c_int),
    )
    room, octets = ctypes.create_string_buffer(2 * PAGE_OCTETS), ctypes.c_int()

    def pages_of(text: str) -> list[bytes]:
        pages = []
        for start in range(0, len(text), PAGE_CHARACTERS):
            part = text[start : start + PAGE_CHARACTERS]
            filled = part.ljust(PAGE_CHARACTERS, "\r").encode("latin-1")
            encode(room, len(room), filled, ctypes.byref(octets))
            pages.append(room.raw[: octets.value] + bytes([(7 * len(part) + 7) // 8]))
        return pages

    return pages_of


def measure() -> dict[str, Any]:
    """Encode, and let the controls encode."""
    texts, areas = texts_of(WARNINGS), areas_of(WARNINGS)
    spans = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        pages = encode_batch(texts)
        octets = [encode_area(area) for area in areas]
        spans.append(time.perf_counter() - begin)
    seconds = statistics.median(spans)
    figures: dict[str, Any] = {
        "warnings_per_s": round(WARNINGS / seconds),
        "warnings": WARNINGS,
        "texts": len(texts),
        "pages": sum(len(each) for each in pages),
        "area_octets": sum(len(each) for each in octets) // WARNINGS,
    }
    begin = time.perf_counter()
    ours = encode_batch(texts)
    texts_s = time.perf_counter() - begin
    figures["texts_only_per_s"] = round(WARNINGS / texts_s)
    few = [k for k in range(2 * CONTROL_WARNINGS) if k % 40 != 39]  # without the Slovene ones
    for name, control in (("plain", plain_pages), ("osmocom", osmocom_pages())):
        if control is None:
            continue
        begin = time.perf_counter()
        theirs = [control(texts[k]) for k in few]
        each_s = (time.perf_counter() - begin) / len(few)
        figures[f"{name}_per_s"] = round(0.5 / each_s)
        figures[f"ratio_to_{name}"] = round(2.0 * each_s * WARNINGS / texts_s, 2)
        figures[f"differ_from_{name}"] = sum(
            list(ours[k]) != found for k, found in zip(few, theirs, strict=True)
        )
    return figures


def missed(figures: dict[str, Any]) -> list[str]:
    """Return what of the figures misses its limit."""
    late = ["warnings_per_s"] if figures["warnings_per_s"] < LEAST_PER_S else []
    return late + [name for name, value in figures.items() if "differ" in name and value]
