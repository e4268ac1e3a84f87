"""Who sits at a site: one attendance for one challenge, and what no other edge believes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge.calls.attendance import (
    AHEAD_SECONDS,
    ATTENDANCE_TYPE,
    HERE_SECONDS,
    Attendance,
    Statement,
    new_challenge,
    verify_here,
    verify_there,
)
from baluardo.errors import (
    BaluardoError,
    CertificateError,
    ExpiredError,
    InvalidInputError,
    RevokedError,
    SignatureError,
)
from baluardo.trust.certificates.revocation_list import Reason, Revocation
from baluardo.trust.envelope import Envelope, add_signature, sign
from baluardo.trust.identity import DAY
from edge.calls.call_browsers import ANNA, ROME, SHIP, italy, member
from edge.country import altered
from trust.community import NOW

PHONE = f"{ANNA}/phone"
CHALLENGE = "ab" * 32
ORIGIN = "https://rome.baluardo.example"
STATEMENT = Statement(int(NOW), CHALLENGE, ROME, ORIGIN)


def here(envelope: Envelope, now: float = NOW) -> Attendance:
    """As Rome judges it."""
    return verify_here(envelope, italy().verifier(), now, ROME, CHALLENGE, ORIGIN)


def there(envelope: Envelope, site: str = ROME, now: float = NOW) -> Attendance:
    """As any other edge judges it."""
    return verify_there(envelope, italy().verifier(), now, site)


def test_an_attendance_is_believed_here_and_by_every_other_edge() -> None:
    envelope = Envelope.of_json(STATEMENT.sign(member(PHONE)).to_json())
    found = here(envelope)
    assert (found.device, found.person, found.site, found.at) == (PHONE, ANNA, ROME, int(NOW))
    assert found.not_after == member(PHONE).chain.leaf.not_after
    assert found == there(envelope) == there(envelope, now=NOW + DAY)
    assert len(envelope.to_json()) < 64 * 1_024
    challenges = {new_challenge() for _ in range(100)}
    assert len(challenges) == 100
    assert all(replace(STATEMENT, challenge=each) for each in challenges)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(STATEMENT, edge=SHIP), "attends at ship/bergamini"),
        (replace(STATEMENT, challenge="cd" * 32), "another challenge"),
        (replace(STATEMENT, origin="https://evil.example"), "not where this edge has its pages"),
        (replace(STATEMENT, at=int(NOW) - HERE_SECONDS - 1), "behind"),
        (replace(STATEMENT, at=int(NOW) + HERE_SECONDS + 1), "ahead"),
    ],
)
def test_what_was_signed_for_something_else_seats_nobody(changed: Statement, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        here(changed.sign(member(PHONE)))


def test_another_edge_takes_no_attendance_of_a_third_or_from_the_future() -> None:
    envelope = STATEMENT.sign(member(PHONE))
    with pytest.raises(InvalidInputError, match="ship/bergamini says that"):
        there(envelope, SHIP)
    early = replace(STATEMENT, at=int(NOW) + AHEAD_SECONDS + 1).sign(member(PHONE))
    with pytest.raises(InvalidInputError, match="ahead of the one here"):
        there(early)
    assert there(early, now=NOW + 2).at == int(NOW) + AHEAD_SECONDS + 1


def test_only_a_persons_device_in_force_attends() -> None:
    with pytest.raises(CertificateError, match="no person's device"):
        there(STATEMENT.sign(member(ROME)))
    with pytest.raises(SignatureError, match="has not signed this"):
        there(altered(STATEMENT.sign(member(PHONE))))
    with pytest.raises(SignatureError, match="expected"):
        there(sign(STATEMENT.to_octets(), "application/json", member(PHONE)))
    both = add_signature(STATEMENT.sign(member(PHONE)), member(f"{ANNA}/laptop"))
    with pytest.raises(InvalidInputError, match="one signature"):
        there(both)
    with pytest.raises(ExpiredError):
        there(STATEMENT.sign(member(PHONE)), now=NOW + 31 * DAY)
    serial = member(PHONE).chain.leaf.serial
    revoking = italy().revoking({serial: Revocation(NOW, Reason.KEY_COMPROMISE)})
    with pytest.raises(RevokedError):
        verify_there(STATEMENT.sign(member(PHONE)), revoking.verifier(), NOW, ROME)


@pytest.mark.parametrize(
    "octets",
    [
        STATEMENT.to_octets() + b" ",
        STATEMENT.to_octets().replace(b'"at":', b'"at": '),
        STATEMENT.to_octets()[:-1] + b',"more":1}',
        STATEMENT.to_octets().replace(ROME.encode(), PHONE.encode()),
        STATEMENT.to_octets().replace(b"https:", b"ftp:"),
        STATEMENT.to_octets().replace(b"ab", b"AB"),
        STATEMENT.to_octets().replace(b'"at":1', b'"at":-1'),
        STATEMENT.to_octets().replace(b',"origin', b'.0,"origin'),
        b" " * 2_000,
    ],
)
def test_a_statement_has_one_written_form(octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        there(sign(octets, ATTENDANCE_TYPE, member(PHONE)))


@given(
    st.integers(1, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
    st.sampled_from([ROME, SHIP]),
    st.from_regex(r"https?://[a-z0-9.:\[\]-]{1,40}", fullmatch=True),
)
def test_a_statement_comes_back_as_it_was_written(
    at: int, challenge: bytes, edge: str, origin: str
) -> None:
    statement = Statement(at, challenge.hex(), edge, origin)
    assert Statement.of_octets(statement.to_octets()) == statement


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_octets_are_no_statement(octets: bytes) -> None:
    with pytest.raises(BaluardoError):
        Statement.of_octets(octets)
