"""A root's seed split among custodians, as words to write down: SLIP-39 (SatoshiLabs).

https://github.com/satoshilabs/slips/blob/master/slip-0039.md, by the package `shamir-mnemonic`.
Shares of one ceremony are one SLIP-39 group. A share proves by a checksum that it was typed right
and by a digest that it goes with the others, but a wrong passphrase silently yields another secret:
only comparing the key that grows from it with the root's (`reconstruct_root`) tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import shamir_mnemonic
from shamir_mnemonic.share import Share as Slip39Share
from shamir_mnemonic.wordlist import WORDLIST

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.primitives.signing import SEED_OCTETS, SigningKey
from baluardo.trust.secret import Secret

MOST_CUSTODIANS: Final = 16
"""SLIP-39: a share's number has four bits."""
WORD_COUNTS: Final = {20: 16, 33: 32}
"""Words of a share, and the octets of the secret (128 and 256 bits; SLIP-39 section "Format")."""
MOST_CHARACTERS: Final = 16_384
"""Of a text with one share: a printed page has 3,000."""
FIRST_LINE: Final = "--- words of the share ---"
LAST_LINE: Final = "--- end of the words ---"
"""On a printed page the words stand between these two lines."""

ITERATION_EXPONENT: Final = 5
"""10,000 * 2^5 rounds of PBKDF2 stand between a guess of the passphrase and the secret. Our choice;
0.06 s."""
MOST_ITERATION_EXPONENT: Final = 10
"""Of shares that are read; 15, the most SLIP-39 can write, would take minutes."""

_WORDS: Final = frozenset(WORDLIST)
_TOKEN: Final = re.compile(r"(?P<number>[0-9]{1,2})?[.):]?(?P<word>[^\W\d_]*)[.,;]?")


@dataclass(frozen=True, slots=True)
class Share:
    """One custodian's share. Its words are a secret; the rest may be known."""

    words: Secret
    """Small letters, one space between words."""
    set_id: int
    """The same for all shares of one ceremony: 15 random bits."""
    number: int
    """Counted from 1."""
    threshold: int
    """How many shares of the set give the secret back."""

    @classmethod
    def of_text(cls, text: str) -> Share:
        """Read what a person typed, or a printed page; CustodyError names the word that is wrong.

        Upper case, any spaces and line breaks, and the words' numbers are taken.
        """
        words = _words(text)
        mnemonic = " ".join(words)
        try:
            share = Slip39Share.from_mnemonic(mnemonic)
        except shamir_mnemonic.MnemonicError:
            raise CustodyError(
                "Every word is one of the list, but they do not fit together: a word was mistaken "
                "for another, or two changed places. Compare them with the paper one by one."
            ) from None
        if share.group_count != 1:
            raise CustodyError("It is a share of a set in several groups, which is none of ours.")
        if share.iteration_exponent > MOST_ITERATION_EXPONENT:
            raise CustodyError("It asks for more work than any share of ours; it is none of ours.")
        number, threshold = share.index + 1, share.member_threshold
        return cls(Secret(mnemonic.encode()), share.identifier, number, threshold)

    def word_list(self) -> tuple[str, ...]:
        """Return the words, for printing."""
        return tuple(self.words.reveal().decode().split())


def split(
    seed: Secret, custodians: int, threshold: int, passphrase: Secret | None = None
) -> tuple[Share, ...]:
    """Split a seed of 16 or 32 octets: any `threshold` of the shares give it back, fewer nothing.

    2 <= threshold <= custodians <= 16. The shares are tried out before they are handed out.
    """
    if 2 <= custodians < threshold:
        raise InvalidInputError(
            f"{threshold} of {custodians} custodians: more would be needed than there are."
        )
    if not 2 <= threshold <= custodians <= MOST_CUSTODIANS:
        raise InvalidInputError(
            f"{threshold} of {custodians} custodians: at least 2 must be needed, and there are at "
            f"most {MOST_CUSTODIANS}. One share that is enough alone would be the key itself."
        )
    if len(seed) not in WORD_COUNTS.values():
        raise InvalidInputError(f"A seed of 16 or 32 octets can be split, not of {len(seed)}.")
    (mnemonics,) = shamir_mnemonic.generate_mnemonics(
        1,
        [(threshold, custodians)],
        seed.reveal(),
        _ascii(passphrase),
        iteration_exponent=ITERATION_EXPONENT,
    )
    for chosen in (mnemonics[:threshold], mnemonics[-threshold:]):
        if reconstruct(chosen, passphrase) != seed:
            raise CustodyError("The shares do not give the seed back. Nothing was handed out.")
    return tuple(Share.of_text(mnemonic) for mnemonic in mnemonics)


def reconstruct(texts: Iterable[str], passphrase: Secret | None = None) -> Secret:
    """Return the secret that shares were made from; CustodyError says what is wrong with them.

    The same share twice counts once; more shares than are needed must fit with the others too.
    With a wrong passphrase another secret comes back, and nothing here can tell.
    """
    shares = _one_set(texts)
    threshold = shares[0].threshold
    if len(shares) < threshold:
        raise CustodyError(
            f"{threshold} different shares are needed, {len(shares)} given: "
            f"{_numbers(shares)}. {threshold - len(shares)} more must be found."
        )
    chosen = [shares[:threshold]]
    chosen += [[*shares[: threshold - 1], extra] for extra in shares[threshold:]]
    secrets = [_combine(some, passphrase) for some in chosen]
    if any(secret != secrets[0] for secret in secrets):
        raise CustodyError(f"The shares {_numbers(shares)} do not all belong together.")
    return secrets[0]


def reconstruct_root(
    texts: Iterable[str], passphrase: Secret | None, root: Certificate
) -> SigningKey:
    """Return the root's key; CustodyError unless it is the one that the certificate names."""
    seed = reconstruct(texts, passphrase)
    if len(seed) != SEED_OCTETS:
        raise CustodyError("The shares fit together, but what they give is no root's seed.")
    key = SigningKey.from_seed(root.key.algorithm, seed)
    if key.public != root.key:
        raise CustodyError(
            f"The shares fit together, but the key they give is not that of {root.subject} "
            f"(fingerprint {root.fingerprint.hex()[:16]}...). Either the passphrase is wrong (none "
            "is a passphrase too), or these are the shares of another root: compare the "
            "fingerprint on the paper."
        )
    return key


def _words(text: str) -> list[str]:
    if len(text) > MOST_CHARACTERS:
        raise CustodyError(f"It is longer than {MOST_CHARACTERS:,} characters; no share is.")
    whole = text.lower()
    _, found, after = whole.partition(FIRST_LINE)
    body = after.partition(LAST_LINE)[0] if found else whole
    words: list[str] = []
    for token in body.split():
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise CustodyError(f"Word {len(words) + 1} is not a word.")
        if match["number"] and int(match["number"]) != len(words) + 1:
            raise CustodyError(
                f"Number {int(match['number'])} stands where word {len(words) + 1} belongs: a word "
                "is missing or one too many."
            )
        if match["word"]:
            words.append(match["word"])
    for place, word in enumerate(words, start=1):
        if word not in _WORDS:
            raise CustodyError(f"Word {place} is not in the list of SLIP-39 words; look again.")
    if len(words) not in WORD_COUNTS:
        raise CustodyError(f"It has {len(words)} words; a share of a root has 33.")
    return words


def _one_set(texts: Iterable[str]) -> list[Share]:
    shares: list[Share] = []
    for place, text in enumerate(texts, start=1):
        if place > MOST_CUSTODIANS:
            raise CustodyError(f"More than {MOST_CUSTODIANS} shares were given; no set has more.")
        try:
            share = Share.of_text(text)
        except CustodyError as problem:
            raise CustodyError(f"Share {place} of those given: {problem}") from None
        if shares and not _match(shares[0], share):
            raise CustodyError(
                f"Share {place} of those given is of another set than the first (sets "
                f"{share.set_id} and {shares[0].set_id}); the papers tell the set."
            )
        if share not in shares:
            shares.append(share)
    if not shares:
        raise CustodyError("No share was given.")
    return shares


def _match(one: Share, other: Share) -> bool:
    same_set = one.word_list()[:3] == other.word_list()[:3]
    same_length = len(one.word_list()) == len(other.word_list())
    return same_set and same_length and one.threshold == other.threshold


def _combine(shares: Sequence[Share], passphrase: Secret | None) -> Secret:
    mnemonics = [share.words.reveal().decode() for share in shares]
    try:
        return Secret(shamir_mnemonic.combine_mnemonics(mnemonics, _ascii(passphrase)))
    except (shamir_mnemonic.MnemonicError, ValueError):
        raise CustodyError(
            f"The shares {_numbers(shares)} do not belong together, although they look alike: one "
            "of them is forged or of another ceremony. Try others."
        ) from None


def _numbers(shares: Sequence[Share]) -> str:
    return ", ".join(f"no. {share.number}" for share in shares)


def _ascii(passphrase: Secret | None) -> bytes:
    octets = b"" if passphrase is None else passphrase.reveal()
    if not all(32 <= octet <= 126 for octet in octets):
        raise CustodyError(
            "A passphrase of shares has plain letters, digits and signs only (ASCII): SLIP-39 "
            "permits no others, so that every keyboard can type it."
        )
    return octets
