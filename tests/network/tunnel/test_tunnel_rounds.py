"""Key rounds: every state against every input, what may be lost, no key taken wrongly."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.tunnel.derivation import LanePair, Role
from baluardo.network.tunnel.messages import (
    MOST_EPOCH,
    Answer,
    Done,
    Offer,
    Old,
    Reason,
    Refuse,
    encode,
    take,
)
from baluardo.network.tunnel.round import ROUND_SECONDS, PeerRounds
from baluardo.network.tunnel.steps import RESTING, STEPS, Input, State
from network.tunnel.rounds_wire import FLOOR, LANES, End, Pair, derivation


def test_the_table_is_whole() -> None:
    assert set(STEPS) == set(product(State, Input))


def test_only_a_handshake_confirms_and_only_wireguard_s_word_installs() -> None:
    for (state, what), (_, after) in STEPS.items():
        if after is State.CONFIRMED and state is not State.CONFIRMED:
            assert (state, what) == (State.INSTALLED, Input.HANDSHAKE)
        if after is State.INSTALLED and state is not State.INSTALLED:
            assert (state, what) == (State.AGREED, Input.TAKEN)
        if after is None:
            assert state is State.OFFERED, "only a round without consequences falls back"


def test_a_round() -> None:
    pair = Pair()
    pair.open(b"first", resumed=False)
    assert pair.turn() == 3
    for end in pair.ends:
        assert end.rounds.state is State.INSTALLED
        assert end.accepted == [FLOOR]
        assert end.rounds.is_over
        assert not end.failures
    one, other = pair.ends
    assert one.slots == other.slots
    assert len({key.reveal() for key in one.slots[FLOOR]}) == 2, "each lane has its own key"
    (ours,), (theirs,) = one.probes, other.probes
    assert (ours.send, ours.receive) == (theirs.receive, theirs.send)
    assert ours.send != ours.receive
    assert (ours.send_tag, ours.receive_tag) == (theirs.receive_tag, theirs.send_tag)
    assert one.inner == other.inner
    (inner,) = one.inner
    assert (inner.epoch, inner.resumed) == (FLOOR, False)
    every = [*one.slots[FLOOR], ours.send, ours.receive, inner.authentication, inner.post_quantum]
    assert len({key.reveal() for key in every}) == 6
    for end in pair.ends:
        end.rounds.handshake()
        end.events()
        assert end.confirmed == [FLOOR]
        assert end.rounds.state is State.CONFIRMED


def test_each_epoch_and_channel_has_keys_of_its_own() -> None:
    pair = Pair()
    for number in range(4):
        pair.open(b"channel %d" % number, floor=FLOOR)
        pair.turn()
    assert pair.initiator.accepted == [FLOOR, FLOOR + 1, FLOOR + 2, FLOOR + 3]
    keys = [key.reveal() for lanes in pair.initiator.slots.values() for key in lanes]
    assert len(set(keys)) == 8


@pytest.mark.parametrize("lost", range(3))
def test_whichever_message_is_lost_the_next_round_heals(lost: int) -> None:
    pair = Pair()
    pair.open(b"good")
    pair.turn()
    for end in pair.ends:
        end.rounds.handshake()
        end.events()
    pair.open(b"bad")
    assert pair.turn(lose_at=lost) == lost
    one, other = pair.ends
    if lost == 0:  # the offer: nothing has changed anywhere
        assert one.rounds.state is other.rounds.state is State.CONFIRMED
        assert list(one.slots) == list(other.slots)
    if lost == 1:  # the answer: the responder alone has the new key, and knows that it may be alone
        assert set(other.slots) - set(one.slots) == {FLOOR + 1}
        assert one.rounds.state is State.CONFIRMED
        assert other.rounds.state is State.INSTALLED
        assert other.accepted == [FLOOR]
        assert other.failures
    if lost == 2:  # the last word: both have it, and the same
        assert one.slots == other.slots
        assert one.probes[-1].send == other.probes[-1].receive
    for end in pair.ends:
        end.failures.clear()
    pair.open(b"again")
    assert pair.turn() in {3, 5}  # where the initiator's epoch is old, it is told, and offers anew
    assert one.rounds.state is other.rounds.state is State.INSTALLED
    assert one.accepted[-1] == other.accepted[-1]
    assert one.slots[one.accepted[-1]] == other.slots[other.accepted[-1]]
    assert not one.failures
    assert not other.failures


def test_an_initiator_that_forgot_its_epochs_catches_up() -> None:
    pair = Pair()
    pair.open(b"before", floor=FLOOR + 50)
    pair.turn()
    pair.initiator = End(PeerRounds(Role.INITIATOR, 0x3333))
    pair.open(b"after", floor=FLOOR)  # its clock is behind, too
    assert pair.turn() == 5
    assert pair.initiator.accepted == [FLOOR + 51]
    assert pair.responder.accepted == [FLOOR + 50, FLOOR + 51]


def test_a_responder_that_forgot_takes_any_epoch() -> None:
    pair = Pair()
    pair.open(b"before")
    pair.turn()
    pair.responder = End(PeerRounds(Role.RESPONDER, 0x4444))
    pair.open(b"after")
    assert pair.turn() == 3
    assert pair.responder.slots[FLOOR + 1] == pair.initiator.slots[FLOOR + 1]


def test_ends_with_different_cards_agree_on_nothing() -> None:
    pair = Pair()
    pair.open(b"channel", lanes=(LanePair(bytes([9]) * 32, LANES[0].responder), LANES[1]))
    pair.turn()
    for end in pair.ends:
        assert not end.slots
        assert "old card" in end.failures[0]
        assert end.rounds.state is State.ABSENT


def test_ends_of_two_channels_agree_on_nothing() -> None:
    """Somebody in the middle has two channels with two exporters."""
    pair = Pair()
    pair.initiator.rounds.open(derivation(b"one"), True, 0.0, FLOOR)
    pair.responder.rounds.open(derivation(b"other"), True, 0.0, FLOOR)
    pair.turn()
    assert not pair.initiator.slots
    assert not pair.responder.slots


@pytest.mark.parametrize("broken", [0, 1])
def test_a_key_that_wireguard_does_not_take(broken: int) -> None:
    pair = Pair()
    end, other = pair.ends[broken], pair.ends[1 - broken]
    end.installs_at_once = False
    pair.open(b"channel")
    pair.turn()
    end.rounds.not_installed(end.rounds.epoch, "the interface is gone")
    pair.turn()
    assert end.failures == ["A key round failed: the interface is gone."]
    assert "WireGuard did not take" in other.failures[0]
    assert not end.accepted
    assert not other.accepted
    assert end.rounds.state is other.rounds.state is State.ABSENT
    end.installs_at_once = True
    pair.open(b"again")
    pair.turn()
    assert end.accepted == other.accepted != []


@pytest.mark.parametrize("slow", [0, 1])
def test_a_channel_that_ends_while_a_key_is_installed(slow: int) -> None:
    """WireGuard's word still counts; without a channel a responder cannot pass it on."""
    pair = Pair()
    end = pair.ends[slow]
    end.installs_at_once = False
    pair.open(b"channel")
    pair.turn()
    for each in pair.ends:
        each.rounds.receive_end("the way broke")
        each.events()
    assert end.rounds.state is State.AGREED
    assert end.rounds.is_busy
    end.rounds.installed(end.rounds.epoch)
    end.events()
    assert end.rounds.state is State.INSTALLED
    assert bool(end.accepted) is (slow == 0)
    assert bool(end.failures) is (slow == 1)


def test_a_round_takes_no_longer_than_it_may() -> None:
    pair = Pair()
    pair.open(b"channel", now=100.0)
    initiator = pair.initiator.rounds
    assert initiator.next_timer() == 100.0 + ROUND_SECONDS
    initiator.handle_timer(100.0 + ROUND_SECONDS - 0.1)
    assert not initiator.is_over
    initiator.handle_timer(100.0 + ROUND_SECONDS)
    pair.initiator.events()
    assert initiator.is_over
    assert "did not finish" in pair.initiator.failures[0]
    assert initiator.next_timer() is None


def test_two_rounds_never_run_at_once() -> None:
    pair = Pair()
    pair.open(b"channel")
    with pytest.raises(InvalidInputError, match="under way"):
        pair.initiator.rounds.open(derivation(b"other"), True, 0.0, FLOOR)


def test_a_later_round_takes_the_place_of_one_whose_last_word_never_came() -> None:
    pair = Pair()
    pair.open(b"one")
    pair.responder.rounds.receive(pair.initiator.rounds.outgoing())
    pair.responder.events()
    pair.responder.rounds.outgoing()  # the answer is lost, and nobody has noticed
    pair.initiator.rounds.receive_end()
    pair.initiator.events()
    pair.open(b"two")
    pair.turn()
    assert pair.initiator.accepted[-1] == pair.responder.accepted[-1]
    one, other = pair.ends
    assert one.slots[one.accepted[-1]] == other.slots[one.accepted[-1]]


MESSAGES = st.one_of(
    st.builds(
        Offer,
        st.integers(1, MOST_EPOCH),
        st.integers(1, 2**32 - 1),
        st.binary(min_size=16, max_size=16),
    ),
    st.builds(Answer, st.integers(1, 2**32 - 1), st.binary(min_size=16, max_size=16)),
    st.builds(Done, st.binary(min_size=8, max_size=8)),
    st.builds(Old, st.integers(1, MOST_EPOCH)),
    st.builds(Refuse, st.sampled_from(Reason)),
)


def reach(role: Role, state: State) -> Pair:
    """Bring the end of a role into a state, as far as that role ever comes there."""
    pair = Pair()
    end = pair.initiator if role is Role.INITIATOR else pair.responder
    if state is not State.ABSENT:
        pair.open(b"reach")
    if state is State.AGREED:
        end.installs_at_once = False
    if state not in {State.ABSENT, State.OFFERED}:
        pair.turn()
    if state is State.CONFIRMED:
        end.rounds.handshake()
        end.events()
    return pair


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", State)
@given(message=MESSAGES, data=st.data())
@settings(max_examples=20, deadline=None)
def test_every_state_against_every_input(
    role: Role, state: State, message: object, data: st.DataObject
) -> None:
    """Nothing raises, nothing is installed that was not agreed, a finished round stays finished."""
    pair = reach(role, state)
    end = pair.initiator if role is Role.INITIATOR else pair.responder
    core = end.rounds
    if state is State.OFFERED and role is Role.RESPONDER:
        assert core.state is State.ABSENT, "a responder offers nothing"
    else:
        assert core.state is state
    before, slots = core.state, dict(end.slots)
    what = data.draw(st.sampled_from(["message", "end", "timer", "handshake", "taken", "refused"]))
    if what == "message":
        core.receive(encode(message))  # type: ignore[arg-type]
    elif what == "end":
        core.receive_end()
    elif what == "timer":
        core.handle_timer(1e9)
    elif what == "handshake":
        core.handshake()
    elif what == "taken":
        core.installed(core.epoch)
    else:
        core.not_installed(core.epoch, "of no reason")
    end.events()
    core.outgoing()
    assert end.slots == slots, "a check of 16 octets was guessed"
    if core.state is not before:
        allowed = {after for (at, _), (_, after) in STEPS.items() if at is before}
        assert core.state in allowed | {State.ABSENT} or before is State.OFFERED
    if before in RESTING and what in {"taken", "refused", "timer"}:
        assert core.state is before


FUZZED = 100_000


def test_no_key_is_accepted_wrongly() -> None:
    """An adversary inside the channel duplicates, reorders, replays and corrupts what is said.

    TLS lets nobody do that. Even so, what one end accepts the other holds too, octet for octet.
    """
    chance = random.Random(6)  # noqa: S311 - it injures, it protects nothing
    heard: list[bytes] = []
    sent = accepted = 0
    pair, number = Pair(), 0
    while sent < FUZZED:
        number += 1
        if number % 50 == 0:
            pair = Pair()
        pair.open(b"channel %d" % number)
        for _ in range(chance.randint(3, 8)):
            for source, target in (pair.ends, pair.ends[::-1]):
                source.events()
                octets = source.rounds.outgoing()
                parts = [octets] if octets else []
                if octets:
                    heard.append(octets)
                if chance.random() < 0.5:
                    parts = injured(parts, heard, chance)
                for part in parts:
                    sent += 1
                    target.rounds.receive(part)
                    target.events()
        for end in pair.ends:
            end.rounds.receive_end()
            end.events()
        one, other = pair.ends
        for end, peer in (pair.ends, pair.ends[::-1]):
            for epoch in end.accepted:
                accepted += 1
                assert end.slots[epoch] == peer.slots[epoch]
            end.accepted.clear()
        del heard[:-200]
        assert not one.rounds.is_busy
        assert not other.rounds.is_busy
    assert accepted > 1_000, "the adversary let nothing through, so nothing was shown"


def injured(parts: list[bytes], heard: list[bytes], chance: random.Random) -> list[bytes]:
    """What the adversary makes of what is under way."""
    kind = chance.randint(0, 5)
    if kind == 0:
        return parts + parts
    if kind == 1:
        return [chance.choice(heard), *parts] if heard else parts
    if kind == 2:
        return [*parts, *(chance.choice(heard) for _ in range(3) if heard)]
    if kind == 3:
        return []
    if kind == 4:
        return [chance.randbytes(chance.randint(1, 60))]
    broken = [bytearray(part) for part in parts]
    for part in broken:
        part[chance.randrange(len(part))] ^= 1 << chance.randint(0, 7)
    return [bytes(part) for part in broken]


@given(st.binary(max_size=80))
def test_the_door_takes_messages_and_nothing_else(octets: bytes) -> None:
    try:
        taken = take(octets)
    except InvalidInputError as refusal:
        assert str(refusal)
        return
    if taken is not None:
        message, length = taken
        assert encode(message) == octets[:length]


@given(MESSAGES)
def test_messages_come_back_as_they_were(message: Offer | Answer | Done | Old | Refuse) -> None:
    octets = encode(message)
    assert take(octets) == (message, len(octets))
    assert all(take(octets[:cut]) is None for cut in range(len(octets)))


def test_another_version_says_so() -> None:
    pair = Pair()
    pair.open(b"channel")
    pair.responder.rounds.receive(b"\x21" + bytes(28))
    pair.turn()
    assert "version 2" in pair.responder.failures[0]
    assert "no place there" in pair.initiator.failures[0]
