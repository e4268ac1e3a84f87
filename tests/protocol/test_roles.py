"""Roles and precedences: how they are written, their order."""

from __future__ import annotations

import pytest

from baluardo.errors import InvalidInputError
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence


def test_every_role_is_read() -> None:
    assert len(Role) == 8
    assert [Role.of(role.value) for role in Role] == list(Role)


def test_no_role() -> None:
    with pytest.raises(InvalidInputError, match="security-officer"):
        Role.of("Operator")


def test_precedences_are_those_of_rfc_4412_in_order() -> None:
    # RFC 4412 section 10.3: the namespace dsn, from the least urgent
    values = ["routine", "priority", "immediate", "flash", "flash-override"]
    assert [each.dsn for each in sorted(Precedence)] == values
    assert [Precedence.of(value) for value in values] == list(Precedence)
    assert Precedence.of("flash-override") > Precedence.of("flash") > Precedence.of("routine")


def test_no_precedence() -> None:
    for text in ("", "FLASH", "flash_override", "\u2028" * 300):
        with pytest.raises(InvalidInputError, match="routine, priority"):
            Precedence.of(text)
