"""A share on paper: fits a page, says what it must, and reads back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.trust.custody.printing import (
    COLUMNS,
    Page,
    grouped,
    printable_share,
    read_page,
)
from baluardo.trust.custody.shares import Share, reconstruct, split
from baluardo.trust.secret import Secret

SEED = Secret(bytes(range(32)))
FINGERPRINT = bytes(range(100, 132))
MADE = 1_780_000_000.0
SHARES = split(SEED, 5, 3)
LONGEST_NAME = "a" * 63
LINES_OF_A4 = 60
"""At six lines an inch with margins of 20 mm."""


def page(share: Share = SHARES[3], community: str = "italia.example") -> str:
    return printable_share(share, FINGERPRINT, community, 5, MADE)


@pytest.mark.parametrize("community", ["italia.example", LONGEST_NAME])
def test_it_fits_a_page_and_any_printer(community: str) -> None:
    lines = page(community=community).splitlines()
    assert max(len(line) for line in lines if not line.startswith("Community")) <= COLUMNS
    assert len(lines) < LINES_OF_A4
    assert all(character.isascii() and character.isprintable() for character in "".join(lines))


def test_it_says_what_a_custodian_must_know() -> None:
    text = " ".join(page().split())
    for said in (
        "SECRET",
        "Community italia.example",
        "Share 4 of 5, any 3 of them give the key",
        f"Set {SHARES[3].set_id} ",
        "Made 2026-05-28 20:26 UTC",
        "Fingerprint 6465 6667 6869 6a6b",
        "Whoever has 3 of the 5 papers",
        "sealed envelope",
        "a passphrase was set",
        "SLIP-39",
    ):
        assert said in text


def test_the_words_are_numbered_in_the_order_of_reading() -> None:
    found = re.findall(r"(\d+)\. ([a-z]+)", page())
    assert found == [(str(n), word) for n, word in enumerate(SHARES[3].word_list(), 1)]


def test_a_page_reads_back() -> None:
    assert read_page(page()) == Page(SHARES[3], FINGERPRINT, "italia.example", 5, "2026-05-28")


def test_whole_pages_bring_the_seed_back() -> None:
    pages = [page(share) for share in SHARES]
    assert reconstruct([pages[0], pages[2].upper(), pages[4].replace("\n", "\r\n")]) == SEED


def test_two_papers_that_were_mixed() -> None:
    words = page(SHARES[1]).split("---")[2]
    parts = page(SHARES[3]).split("---")
    parts[2] = words
    with pytest.raises(CustodyError, match=r"words are those of share 2 of set .*two papers"):
        read_page("---".join(parts))


@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        ("--- end of the words ---", "a part of it is missing"),
        ("--- words of the share ---", "a part of it is missing"),
        ("Community    ", "does not tell: community"),
        ("Made         ", "does not tell: made"),
        ("Set          ", "does not tell: set"),
        ("Share        ", "does not tell: number"),
        ("7475", "no fingerprint"),
        (" 33. ", ""),
    ],
)
def test_a_damaged_page(cut: str, reason: str) -> None:
    damaged = page().replace(cut, " ")
    if reason:
        with pytest.raises(CustodyError, match=reason):
            read_page(damaged)
    else:  # a number alone may be lost
        assert read_page(damaged).share == SHARES[3]


def test_a_line_of_words_that_was_lost_is_named() -> None:
    lines = page().splitlines()
    kept = [line for line in lines if not line.startswith("  9.")]
    with pytest.raises(CustodyError, match="Number 13 stands where word 9 belongs"):
        read_page("\n".join(kept))


@given(st.data())
@settings(deadline=None)
def test_no_damage_breaks_the_reader(data: st.DataObject) -> None:
    text = page()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    damaged = text[:start] + data.draw(st.text(max_size=30)) + text[end:]
    try:
        found = read_page(damaged)
    except CustodyError as refused:
        assert str(refused).endswith(".")
    else:
        assert found.share == SHARES[3]


@given(st.text())
def test_no_text_is_a_page(text: str) -> None:
    with pytest.raises(CustodyError):
        read_page(text)


def test_pages_that_cannot_be() -> None:
    with pytest.raises(InvalidInputError, match="32 octets"):
        printable_share(SHARES[0], bytes(20), "italia.example", 5, MADE)
    for custodians in (2, 17):
        with pytest.raises(InvalidInputError, match="cannot be one of"):
            printable_share(SHARES[0], FINGERPRINT, "italia.example", custodians, MADE)


def test_fingerprints_are_read_in_groups_of_four() -> None:
    assert grouped(bytes.fromhex("0001020304ff")) == "0001 0203 04ff"
