"""Code points and the classes they stand for."""

from __future__ import annotations

import pytest

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.classes import class_of, class_table, dscp_of
from baluardo.terms import Precedence

# RFC 791 section 3.1, the three bits of precedence: 000 routine, 001 priority, 010 immediate,
# 011 flash, 100 flash override; RFC 2474 section 4.2.2.1 keeps them as class selectors.
RFC_791 = {0b000: 0, 0b001: 1, 0b010: 2, 0b011: 3, 0b100: 4}


def test_class_selectors_are_the_precedences_of_rfc_791() -> None:
    for bits, precedence in RFC_791.items():
        assert class_of(bits << 3) is Precedence(precedence)


@pytest.mark.parametrize("precedence", Precedence)
def test_a_precedence_comes_back_from_its_code_point(precedence: Precedence) -> None:
    assert class_of(dscp_of(precedence)) is precedence


@pytest.mark.parametrize(
    ("dscp", "precedence"),
    [
        (46, Precedence.IMMEDIATE),  # EF, RFC 3246
        (44, Precedence.IMMEDIATE),  # VOICE-ADMIT, RFC 5865
        (40, Precedence.IMMEDIATE),  # CS5, signalling, RFC 4594
        (34, Precedence.PRIORITY),  # AF41, RFC 2597
        (22, Precedence.PRIORITY),  # AF23
        (10, Precedence.ROUTINE),  # AF11
        (1, Precedence.ROUTINE),  # LE, RFC 8622
        (63, Precedence.ROUTINE),
    ],
)
def test_what_programs_mark(dscp: int, precedence: Precedence) -> None:
    assert class_of(dscp) is precedence


def test_nobody_is_flash_who_did_not_say_so() -> None:
    urgent = [dscp for dscp in range(64) if class_table()[dscp] >= Precedence.FLASH]
    assert urgent == [24, 32]


@pytest.mark.parametrize("dscp", [-1, 64])
def test_seven_bits_are_no_code_point(dscp: int) -> None:
    with pytest.raises(InvalidInputError, match="between 0 and 63"):
        class_of(dscp)
