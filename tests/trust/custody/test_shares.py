"""Shares of a root: SLIP-39's own vectors, every kind of mistake, and the root's key at the end."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic.share import Share as Slip39Share
from shamir_mnemonic.wordlist import WORDLIST

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.making import make_root
from baluardo.trust.custody.shares import (
    MOST_CHARACTERS,
    Share,
    reconstruct,
    reconstruct_root,
    split,
)
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID, SignatureAlgorithm

FOLDER = Path(__file__).parents[2] / "vectors" / "trust"
VECTORS = json.loads((FOLDER / "slip39.json").read_text(encoding="utf-8"))
TREZOR = Secret(b"TREZOR")
"""The passphrase of all vectors (SLIP-39, section "Test vectors")."""
IN_GROUPS = ("8.", "9.", "10.", "19.")
"""Vectors of sets in several groups, which are none of ours whether good or bad."""

SEED = Secret(bytes(range(32)))
NOW = 1_780_000_000.0


@pytest.fixture(scope="module")
def shares() -> tuple[Share, ...]:
    """3 of 5."""
    return split(SEED, 5, 3)


@pytest.fixture(scope="module")
def root() -> Certificate:
    key = SigningKey.from_seed(SignatureAlgorithm.ML_DSA_87, SEED)
    return make_root(key, "italia.example", EU_HYBRID, NOW)


def texts(shares: tuple[Share, ...] | list[Share]) -> list[str]:
    return [share.words.reveal().decode() for share in shares]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_slip_39(vector: dict[str, Any]) -> None:
    if vector["name"].startswith(IN_GROUPS):
        with pytest.raises(CustodyError, match=r"several groups|do not fit together"):
            reconstruct(vector["mnemonics"], TREZOR)
    elif vector["secret"]:
        assert reconstruct(vector["mnemonics"], TREZOR) == Secret(bytes.fromhex(vector["secret"]))
    else:
        with pytest.raises(CustodyError):
            reconstruct(vector["mnemonics"], TREZOR)


REASONS = {
    "2.": "do not fit together",
    "3.": "do not fit together",
    "5.": "2 different shares are needed, 1 given: no. 3. 1 more must be found",
    "6.": "Share 2 of those given is of another set",
    "7.": "Share 2 of those given is of another set",
    "11.": "do not belong together",
    "12.": "Share 2 of those given is of another set",
    "13.": "do not belong together",
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_the_sentence_says_what_is_wrong(vector: dict[str, Any]) -> None:
    reason = REASONS.get(vector["name"].split(" ")[0])
    if reason is None:
        return
    with pytest.raises(CustodyError, match=reason):
        reconstruct(vector["mnemonics"], TREZOR)


def test_any_three_of_five(shares: tuple[Share, ...]) -> None:
    for chosen in combinations(shares, 3):
        assert reconstruct(texts(list(chosen))) == SEED
    assert reconstruct(reversed(texts(shares))) == SEED


def test_fewer_than_the_threshold_say_how_many_are_missing(shares: tuple[Share, ...]) -> None:
    with pytest.raises(CustodyError, match=r"3 different shares are needed, 2 given: no\. 2, no\."):
        reconstruct(texts(shares[1:3]))
    with pytest.raises(CustodyError, match="2 given"):
        reconstruct(texts([shares[0], shares[1], shares[1], shares[0]]))
    with pytest.raises(CustodyError, match="No share was given"):
        reconstruct([])


def test_shares_of_two_ceremonies_do_not_mix(shares: tuple[Share, ...]) -> None:
    other = forged(shares[2], identifier=shares[2].set_id ^ 1)
    with pytest.raises(CustodyError, match="Share 3 of those given is of another set"):
        reconstruct([*texts(shares[:2]), other])


def forged(share: Share, **changes: object) -> str:
    """A share with a good checksum that nobody has made."""
    genuine = Slip39Share.from_mnemonic(share.words.reveal().decode())
    fields = {name: getattr(genuine, name) for name in genuine.__dataclass_fields__}
    return Slip39Share(**(fields | changes)).mnemonic()


def test_a_forged_share_is_found(shares: tuple[Share, ...]) -> None:
    false = forged(shares[2], value=bytes(32))
    with pytest.raises(CustodyError, match="forged or of another ceremony"):
        reconstruct([*texts(shares[:2]), false])


def test_a_forged_share_is_found_even_if_it_is_not_needed(shares: tuple[Share, ...]) -> None:
    false = forged(shares[3], value=bytes(32))
    with pytest.raises(CustodyError, match="forged or of another ceremony"):
        reconstruct([*texts(shares[:3]), false])


def test_two_shares_with_one_number(shares: tuple[Share, ...]) -> None:
    false = forged(shares[1], value=bytes(32))
    with pytest.raises(CustodyError, match="do not belong together"):
        reconstruct([*texts(shares[:2]), false])


def test_a_share_that_asks_for_minutes_of_work_is_refused(shares: tuple[Share, ...]) -> None:
    slow = forged(shares[0], iteration_exponent=15)
    with pytest.raises(CustodyError, match="more work"):
        Share.of_text(slow)


def test_typing_is_forgiven(shares: tuple[Share, ...]) -> None:
    words = shares[0].word_list()
    plain = " ".join(words)
    numbered = [f"{place}. {word}" for place, word in enumerate(words, 1)]
    for typed in (
        plain.upper(),
        f"\n\t  {plain.replace(' ', '   ')}\r\n",
        "\n".join(numbered),
        "  ".join(f"{place}) {word.title()}," for place, word in enumerate(words, 1)),
        " ".join(f"{place}.{word}" for place, word in enumerate(words, 1)),
        " ".join(f"{place:02} {word}" for place, word in enumerate(words, 1)),
    ):
        assert Share.of_text(typed) == shares[0]


@pytest.mark.parametrize("place", [1, 2, 17, 33])
def test_a_word_of_no_list_is_named_by_its_place(shares: tuple[Share, ...], place: int) -> None:
    words = list(shares[0].word_list())
    words[place - 1] = "baluardo"
    with pytest.raises(CustodyError) as refused:
        Share.of_text(" ".join(words))
    expected = f"Word {place} is not in the list of SLIP-39 words; look again."
    assert str(refused.value) == expected


def test_a_word_left_out_is_named_by_the_numbers(shares: tuple[Share, ...]) -> None:
    numbered = [f"{place}. {word}" for place, word in enumerate(shares[0].word_list(), 1)]
    with pytest.raises(CustodyError, match="Number 8 stands where word 7 belongs"):
        Share.of_text(" ".join(numbered[:6] + numbered[7:]))
    with pytest.raises(CustodyError, match="It has 32 words; a share of a root has 33"):
        Share.of_text(" ".join(shares[0].word_list()[:-1]))


@pytest.mark.parametrize("place", range(33))
def test_every_mistaken_word_is_noticed(shares: tuple[Share, ...], place: int) -> None:
    words = list(shares[0].word_list())
    words[place] = WORDLIST[(WORDLIST.index(words[place]) + 1) % len(WORDLIST)]
    with pytest.raises(CustodyError, match="do not fit together"):
        Share.of_text(" ".join(words))


@given(st.data())
def test_two_words_that_changed_places_are_noticed(data: st.DataObject) -> None:
    words = VECTORS[-1]["mnemonics"][0].split()
    one, other = data.draw(st.lists(st.integers(0, 32), min_size=2, max_size=2, unique=True))
    words[one], words[other] = words[other], words[one]
    if words == VECTORS[-1]["mnemonics"][0].split():
        return
    with pytest.raises(CustodyError):
        Share.of_text(" ".join(words))


@given(st.text() | st.lists(st.sampled_from(WORDLIST), max_size=40).map(" ".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(CustodyError):
        Share.of_text(text)


@given(st.data())
def test_no_mutation_is_taken_for_a_share(data: st.DataObject) -> None:
    text = VECTORS[-1]["mnemonics"][0]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    mutated = text[:start] + data.draw(st.text(max_size=12)) + text[end:]
    try:
        assert Share.of_text(mutated) == Share.of_text(text)
    except CustodyError as refused:
        assert str(refused).endswith(".")


def test_a_text_without_end_is_refused_unread() -> None:
    with pytest.raises(CustodyError, match="longer than"):
        Share.of_text("academic " * MOST_CHARACTERS)
    with pytest.raises(CustodyError, match="More than 16 shares"):
        reconstruct([VECTORS[-1]["mnemonics"][0]] * 17)


@pytest.mark.parametrize(
    ("custodians", "threshold"), [(5, 1), (1, 1), (1, 2), (17, 3), (0, 0), (5, -1)]
)
def test_impossible_sets(custodians: int, threshold: int) -> None:
    with pytest.raises(InvalidInputError, match="at least 2 must be needed"):
        split(SEED, custodians, threshold)


def test_no_more_are_needed_than_there_are() -> None:
    with pytest.raises(InvalidInputError, match="4 of 3 custodians: more would be needed"):
        split(SEED, 3, 4)


@pytest.mark.parametrize("octets", [0, 15, 17, 24, 33, 64])
def test_seeds_of_other_lengths(octets: int) -> None:
    with pytest.raises(InvalidInputError, match="16 or 32 octets"):
        split(Secret(bytes(octets)), 3, 2)


@given(st.data())
@settings(max_examples=8, deadline=None)
def test_any_threshold_of_any_set(data: st.DataObject) -> None:
    custodians = data.draw(st.integers(2, 16))
    threshold = data.draw(st.integers(2, custodians))
    seed = Secret(data.draw(st.binary(min_size=32, max_size=32)))
    made = split(seed, custodians, threshold)
    assert [share.number for share in made] == list(range(1, custodians + 1))
    assert {share.threshold for share in made} == {threshold}
    chosen = data.draw(st.permutations(made))[:threshold]
    assert reconstruct(texts(chosen)) == seed


def test_the_passphrase_is_needed_and_nothing_tells(shares: tuple[Share, ...]) -> None:
    guarded = texts(split(SEED, 3, 2, Secret(b"correct horse battery")))
    assert reconstruct(guarded, Secret(b"correct horse battery")) == SEED
    assert reconstruct(guarded, Secret(b"correct horse batterz")) != SEED
    assert reconstruct(guarded) != SEED
    assert reconstruct(texts(shares), Secret(b"")) == SEED


def test_a_passphrase_that_slip_39_cannot_take() -> None:
    with pytest.raises(CustodyError, match="ASCII"):
        split(SEED, 3, 2, Secret("perché no, passphrase".encode()))


def test_the_root_comes_back(shares: tuple[Share, ...], root: Certificate) -> None:
    assert reconstruct_root(texts(shares[2:]), None, root).public == root.key


def test_another_key_is_never_handed_out(shares: tuple[Share, ...], root: Certificate) -> None:
    for given_texts, passphrase in (
        (texts(shares), Secret(b"a passphrase nobody set")),
        (texts(split(Secret(bytes(32)), 3, 2)), None),
    ):
        with pytest.raises(CustodyError, match=r"not that of italia\.example root") as refused:
            reconstruct_root(given_texts, passphrase, root)
        assert root.fingerprint.hex()[:16] in str(refused.value)


def test_shares_of_a_shorter_secret_are_no_roots(root: Certificate) -> None:
    shorter = texts(split(Secret(bytes(16)), 3, 2))
    with pytest.raises(CustodyError, match="no root"):
        reconstruct_root(shorter, None, root)


def test_a_share_shows_no_words(shares: tuple[Share, ...]) -> None:
    shown = repr(shares[0])
    assert not any(word in shown.split() for word in shares[0].word_list())
    assert "number=1" in shown
