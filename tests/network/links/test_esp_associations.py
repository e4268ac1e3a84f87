"""Which SA carries, when the next begins and when an old one may end: decided without a process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.network.links.esp.associations import (
    HOLD_S,
    MOST_EPOCHS,
    RETRY_S,
    TRUSTED_S,
    Association,
    Carry,
    Initiate,
    Retire,
    Rotation,
    associations,
    decide,
)
from baluardo.network.links.esp.vici import Message


def standing(
    epoch: int, plane: int = 0, *, ours: bool = True, up: bool = True, octets_in: int = 0
) -> Association:
    return Association("norcia", epoch, plane, 1, ours, up, 0, 1, octets_in, 0)


def test_the_first_epoch() -> None:
    rotation = Rotation(initiates=True, epochs={1})
    assert decide(rotation, [], 0.0) == [Initiate(1, 0)]
    assert decide(rotation, [standing(1, up=False)], RETRY_S) == []  # under way
    assert decide(rotation, [], RETRY_S / 2) == []
    assert decide(rotation, [], RETRY_S) == [Initiate(1, 0)]
    assert decide(rotation, [standing(1)], 3.0) == [Carry(1, 0)]
    assert decide(rotation, [standing(1)], 4.0) == []


def test_who_does_not_initiate_waits() -> None:
    rotation = Rotation(initiates=False, epochs={1})
    assert decide(rotation, [], 0.0) == []
    assert decide(rotation, [standing(1, ours=False)], 1.0) == [Carry(1, 0)]


def test_the_next_epoch_begins_in_the_other_charon_and_the_old_ends_later() -> None:
    rotation = Rotation(initiates=True, epochs={1}, carrying=(1, 0))
    rotation.epochs.add(2)
    old, new = standing(1), standing(2, 1)
    assert decide(rotation, [old], 0.0) == [Initiate(2, 1)]
    assert decide(rotation, [old, new], 1.0) == [Carry(2, 1)]
    assert decide(rotation, [old, new], HOLD_S) == []
    assert decide(rotation, [old, new], 1.0 + HOLD_S) == [Retire(1)]
    assert rotation.epochs == {2}


def test_who_did_not_begin_leads_over_once_the_other_surely_stands() -> None:
    for late in (standing(2, 1, ours=False, octets_in=84), None):
        rotation = Rotation(initiates=False, epochs={1, 2}, carrying=(1, 0))
        old, new = standing(1, ours=False), standing(2, 1, ours=False)
        assert decide(rotation, [old, new], 0.0) == []
        assert decide(rotation, [old, new], TRUSTED_S / 2) == []
        if late is not None:
            assert decide(rotation, [old, late], TRUSTED_S / 2) == [Carry(2, 1)]
        else:
            assert decide(rotation, [old, new], TRUSTED_S) == [Carry(2, 1)]
        assert decide(rotation, [old, new], TRUSTED_S + HOLD_S) == []
        assert decide(rotation, [new], TRUSTED_S + HOLD_S) == [Retire(1)]  # the other ended it


def test_what_carries_and_falls_is_replaced_at_once_or_leads_nowhere() -> None:
    rotation = Rotation(initiates=False, epochs={1, 2}, carrying=(2, 1))
    assert decide(rotation, [standing(1, ours=False)], 0.0) == [Carry(2, None), Carry(1, 0)]
    assert decide(rotation, [], 1.0) == [Carry(2, None)]
    assert rotation.carrying is None


def test_a_charon_that_is_lost_begins_anew_whoever_initiates() -> None:
    rotation = Rotation(initiates=False, epochs={3}, carrying=(3, 1))
    rotation.plane_lost(0)
    assert rotation.carrying == (3, 1)
    rotation.plane_lost(1)
    assert decide(rotation, [], 9.0) == [Initiate(3, 0)]
    assert decide(rotation, [standing(3)], 10.0) == [Carry(3, 0)]
    assert not rotation.begins_anew


def test_an_epoch_that_is_known_no_more_carries_nothing() -> None:
    rotation = Rotation(initiates=True, epochs={1})
    assert decide(rotation, [standing(9, 1)], 0.0) == [Initiate(1, 0)]
    assert rotation.carrying is None


def test_epochs_that_never_stand_do_not_pile_up() -> None:
    rotation = Rotation(initiates=True, epochs={1}, carrying=(1, 0))
    for epoch in range(2, 40):
        rotation.epochs.add(epoch)
        decide(rotation, [standing(1)], float(epoch))
        assert len(rotation.epochs) <= MOST_EPOCHS
    assert 1 in rotation.epochs


@dataclass
class Country:
    """Two ends and an idea of charon: an SA stands at the responder before at the initiator."""

    ends: list[Rotation] = field(
        default_factory=lambda: [Rotation(initiates=True), Rotation(initiates=False)]
    )
    halves: list[set[tuple[int, int]]] = field(default_factory=lambda: [set(), set()])
    begun: set[tuple[int, int]] = field(default_factory=set)
    """What the initiator has begun and not been answered."""
    traffic: bool = False

    def tend(self, end: int, now: float) -> None:
        """Let one end do what is due."""
        seen = [
            standing(*where, ours=end == 0, octets_in=84 * (self.traffic and where in self.both()))
            for where in sorted(self.halves[end])
        ]
        for action in decide(self.ends[end], seen, now):
            if isinstance(action, Initiate):
                if action.epoch in self.ends[1].epochs:
                    self.begun.add((action.epoch, action.plane))
                    self.halves[1].add((action.epoch, action.plane))
            elif isinstance(action, Retire):
                for halves in self.halves:
                    halves -= {where for where in halves if where[0] == action.epoch}
            else:
                assert action.plane is not None
        self.check()

    def both(self) -> set[tuple[int, int]]:
        """What stands at both ends, so that traffic can have come by it."""
        return self.halves[0] & self.halves[1]

    def answer(self) -> None:
        """The initiator has computed its half."""
        self.halves[0] |= self.begun
        self.begun.clear()

    def check(self) -> None:
        """What an end sends by, both have; the first epoch at the responder alone may be early."""
        for rotation in self.ends:
            if rotation.carrying is not None and self.ends[0].carrying is not None:
                assert rotation.carrying in self.both()


class Moment(NamedTuple):
    """What happens within a second, in this order."""

    new_epoch: bool
    answered_first: bool
    responder_first: bool
    traffic: bool


@given(st.lists(st.builds(Moment, *[st.booleans()] * 4), min_size=5, max_size=120))
@settings(max_examples=150, deadline=None)
def test_no_packet_is_ever_sent_by_what_the_other_end_has_not(moments: list[Moment]) -> None:
    """Both tend once a second; epochs come whenever they like; answers take a second at most."""
    country = Country()
    carried = set()
    for now, moment in enumerate(moments):
        country.traffic = moment.traffic
        if moment.new_epoch:
            for rotation in reversed(country.ends):  # the responder first
                rotation.epochs.add(now)
        if moment.answered_first:
            country.answer()
        for end in (1, 0) if moment.responder_first else (0, 1):
            country.tend(end, float(now))
        country.answer()
        carried.add(country.ends[0].carrying)
    if any(moment.new_epoch for moment in moments[:-1]):
        assert carried - {None}


def test_what_charon_tells() -> None:
    child: Message = {
        "name": b"inner",
        "uniqueid": b"4",
        "state": b"INSTALLED",
        "bytes-in": b"10",
        "bytes-out": b"20",
    }
    section: Message = {
        "uniqueid": b"3",
        "state": b"ESTABLISHED",
        "initiator": b"yes",
        "ppk": b"yes",
        "established": b"99",
        "child-sas": {"inner-4": child, "inner-2": {**child, "uniqueid": b"2"}},
    }
    good = Association("norcia", 7, 1, 3, True, True, 99, 4, 10, 20)
    assert associations([{"norcia@7": section}], 1) == (good,)
    for change in ({"ppk": b"no"}, {"state": b"CONNECTING"}):
        assert associations([{"norcia@7": {**section, **change}}], 1) == (replace(good, up=False),)
    (bare,) = associations([{"norcia@7": {**section, "child-sas": {}}}], 1)
    assert (bare.up, bare.child) == (False, 0)


@pytest.mark.parametrize(
    "message",
    [{}, {"norcia": {}}, {"norcia@7": b"x"}, {"norcia@x": {}}],
)
def test_what_is_not_ours_is_left_out(message: Message) -> None:
    assert associations([message], 0) == ()


def test_without_keys_nothing_is_done() -> None:
    assert decide(Rotation(initiates=True), [standing(1)], 0.0) == []
