"""Dialogues: everything once and in order, over a network that does what it likes."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.bodies import Acknowledgement, Alive, Body, Hold, Info, Side, Unknown
from baluardo.calls.causes import Cause
from baluardo.calls.dialogue import MOST_UNHEARD, WINDOW, Dialogue
from baluardo.calls.messages import Message
from baluardo.calls.timers import ALIVE_AFTER, FIRST_REPEAT, GIVE_UP, LONGEST_REPEAT

CALL, ONE, OTHER = "0f" * 16, "office/rome", "ship/bergamini"


def pair() -> tuple[Dialogue, Dialogue]:
    return (
        Dialogue(CALL, ONE, OTHER, Side.CALLER, 10),
        Dialogue(CALL, OTHER, ONE, Side.CALLEE, 20),
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.5), many=st.integers(1, 30))
def test_everything_arrives_once_and_in_order(seed: int, loss: float, many: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - weather
    one, other = pair()
    said: dict[str, list[Body]] = {ONE: [], OTHER: []}
    heard: dict[str, list[Body]] = {ONE: [], OTHER: []}
    flying: list[Message] = []
    now = 0.0
    while now < 400.0 and (now < 20.0 or not (one.is_settled and other.is_settled)):
        for end in (one, other):
            if len(said[end.own]) < many and chance.random() < 0.3:
                body = Info("", chance.randbytes(3))
                said[end.own].append(body)
                end.say(body, now)
            end.handle_timer(now)
            for message in end.outgoing():
                copies = chance.choice((1, 1, 2))
                flying += [message] * copies if chance.random() >= loss else []
        chance.shuffle(flying)
        for message in flying[: len(flying) // 2 + 1]:
            to = other if message.leg == ONE else one
            heard[message.leg] += to.hear(message, now)
        del flying[: len(flying) // 2 + 1]
        now += 0.1
        if one.failure or other.failure:  # so unlucky that 30 s were not enough
            assert loss > 0.1
            break
    else:
        assert heard == said
    assert all(heard[leg] == said[leg][: len(heard[leg])] for leg in (ONE, OTHER))


def test_what_is_not_acknowledged_is_repeated_and_then_given_up() -> None:
    one, _ = pair()
    one.say(Hold(), 0.0)
    times = []
    now = 0.0
    while (at := one.next_timer()) is not None:
        now = at
        one.handle_timer(now)
        times += [now for _ in one.outgoing()]
    gaps = [b - a for a, b in pairwise(times[1:])]
    assert times[:2] == [0.5, 0.5]  # said first, without a timer, and repeated
    assert gaps[:3] == [2 * FIRST_REPEAT, 4 * FIRST_REPEAT, 8 * FIRST_REPEAT]
    assert set(gaps[3:]) == {LONGEST_REPEAT}
    assert now == GIVE_UP
    assert one.failure is Cause.SITE_LOST
    one.say(Hold(), now)
    assert one.outgoing() == []


def test_silence_is_broken_to_learn_of_a_restart() -> None:
    one, other = pair()
    one.say(Hold(), 0.0)
    for message in one.outgoing():
        other.hear(message, 0.0)
    for message in other.outgoing():
        one.hear(message, 0.0)
    at = one.next_timer()
    assert at == ALIVE_AFTER
    one.handle_timer(at)
    (alive,) = one.outgoing()
    assert alive.body == Alive()
    assert other.hear(alive, at) == []
    one.close()
    assert [each.body for each in other.outgoing()] == [Acknowledgement(2, 10)]


def test_a_later_life_and_its_ignorance_mean_a_restart_an_earlier_life_nothing() -> None:
    for message in (
        Message(CALL, OTHER, Side.CALLEE, 21, 1, Hold()),
        Message(CALL, OTHER, Side.CALLEE, 21, 0, Unknown()),
        Message(CALL, OTHER, Side.CALLEE, 20, 0, Unknown()),
    ):
        one, _ = pair()
        one.hear(Message(CALL, OTHER, Side.CALLEE, 20, 1, Hold()), 0.0)
        assert one.hear(Message(CALL, OTHER, Side.CALLEE, 19, 2, Hold()), 0.0) == []
        assert one.failure is None
        assert one.hear(message, 0.0) == []
        assert one.failure is Cause.RESTARTED
    one, _ = pair()
    one.hear(Message(CALL, OTHER, Side.CALLEE, 20, 0, Unknown()), 0.0)
    assert one.failure is None, "the first word may still be on its way"


def test_an_acknowledgement_of_another_life_or_of_too_much_is_no_harm() -> None:
    one, _ = pair()
    one.say(Hold(), 0.0)
    one.hear(Message(CALL, OTHER, Side.CALLEE, 20, 0, Acknowledgement(1, 9)), 0.0)
    assert not one.is_settled
    one.hear(Message(CALL, OTHER, Side.CALLEE, 20, 0, Acknowledgement(10**6, 10)), 0.0)
    assert one.is_settled
    one.say(Hold(), 0.0)
    assert not one.is_settled


def test_who_piles_up_or_hears_nothing_takes_no_memory() -> None:
    one, other = pair()
    for number in range(10**4):
        other.hear(Message(CALL, ONE, Side.CALLER, 10, number + 2, Hold()), 0.0)
        other.outgoing()
    assert len(other._early) <= WINDOW
    for _ in range(MOST_UNHEARD):
        one.say(Hold(), 0.0)
    assert one.failure is None
    one.say(Hold(), 0.0)
    assert one.failure is Cause.SITE_LOST
