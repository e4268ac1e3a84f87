"""Keys of probes through rounds that end at different times, or at one end only."""

from __future__ import annotations

import secrets

import pytest

from baluardo.edge.tunnels.probe_keys import MOST_ROUNDS, ProbeKeys
from baluardo.errors import SealError
from baluardo.trust.secret import Secret

HERE, THERE = 11, 12
"""Tags, which stay for the life of a peer."""


class Ends:
    """Both ends of one pair, and rounds that they take or miss."""

    def __init__(self) -> None:
        self.here, self.there = ProbeKeys(), ProbeKeys()

    def round(self, *, here: bool = True, there: bool = True) -> tuple[Secret, Secret]:
        """Give the keys of a new round to these ends."""
        keys = Secret(secrets.token_bytes(32)), Secret(secrets.token_bytes(32))
        if here:
            self.here.take(*keys, HERE, THERE)
        if there:
            self.take_there(keys)
        return keys

    def take_there(self, keys: tuple[Secret, Secret]) -> None:
        """Let the end that was late take the keys of a round."""
        self.there.take(keys[1], keys[0], THERE, HERE)

    def passes(self, payload: bytes) -> bool:
        """Whether a probe is understood in both directions."""
        return _opens(self.there, self.here.seal(payload), payload) and _opens(
            self.here, self.there.seal(payload), payload
        )


def _opens(keys: ProbeKeys, arrived: list[tuple[int, bytes]], payload: bytes) -> bool:
    opened = []
    for tag, octets in arrived:
        try:
            opened.append(keys.open(tag, octets))
        except SealError:
            continue
    return payload in opened


@pytest.fixture
def ends() -> Ends:
    """Two that have proven their first keys."""
    made = Ends()
    made.round()
    assert made.passes(b"first")
    return made


def test_the_end_that_installs_first_makes_nobody_deaf(ends: Ends) -> None:
    keys = ends.round(there=False)
    assert all(ends.passes(b"one has it") for _ in range(50))
    ends.take_there(keys)
    assert ends.passes(b"both have it")
    ends.passes(b"and know it")
    assert len(ends.here.seal(b"")) == len(ends.there.seal(b"")) == 1


def test_probes_under_way_while_both_install_are_understood(ends: Ends) -> None:
    flying = ends.here.seal(b"sealed before"), ends.there.seal(b"sealed before")
    ends.round()
    assert ends.passes(b"sealed after")
    assert _opens(ends.there, flying[0], b"sealed before")
    assert _opens(ends.here, flying[1], b"sealed before")


def test_rounds_whose_answers_are_lost_change_nothing(ends: Ends) -> None:
    for _ in range(5):
        ends.round(there=False)
        assert ends.passes(b"still")
        assert len(ends.here.seal(b"")) <= MOST_ROUNDS
    ends.round()
    assert ends.passes(b"again")


def test_an_end_that_has_lost_everything_is_understood_at_once(ends: Ends) -> None:
    ends.there = ProbeKeys()
    ends.round()
    assert ends.passes(b"new")


def test_a_probe_is_opened_once_and_only_under_its_tag(ends: Ends) -> None:
    [(tag, octets)] = ends.here.seal(b"once")
    with pytest.raises(SealError):
        ends.there.open(tag + 1, octets)
    assert ends.there.open(tag, octets) == b"once"
    with pytest.raises(SealError):
        ends.there.open(tag, octets)
    assert ends.there.received_tags == (HERE,)
    assert ends.there.sent_tag == THERE


def test_without_a_round_nothing_leaves() -> None:
    keys = ProbeKeys()
    assert not keys.is_there
    assert keys.seal(b"nothing") == []
    assert keys.sent_tag == 0
