"""Calls over two edges: what people do, what the network loses, who is started anew."""

from __future__ import annotations

import pytest

from baluardo.calls.bodies import Answer, Dial, End, Info, Refuse, Ringing, Side
from baluardo.calls.call_rate import call_rate_bps
from baluardo.calls.causes import Cause
from baluardo.calls.events import Decided
from baluardo.calls.messages import Message
from baluardo.calls.timers import ALIVE_AFTER, GIVE_UP, LINGER, RING
from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence
from calls.world import (
    ANNA,
    ANNAS,
    BRUNO,
    BRUNOS,
    BRUNOS_OTHER,
    CARLA,
    OVER,
    ROME,
    SHIP,
    TALKING,
    World,
    talk,
)


def test_the_first_answer_wins_and_the_others_are_told() -> None:
    world = World()
    call = world.dial(ANNAS, BRUNO, precedence=Precedence.FLASH)
    world.run(0.5)
    assert world.phones[ANNAS].calls[call].state == "ringing back"
    assert world.state_of(call) == {
        "office/rome caller": "ringing",
        "ship/bergamini callee": "ringing",
    }
    for device in (BRUNOS, BRUNOS_OTHER):
        assert world.phones[device].calls[call].dial == world.dialled[call]
        world.phones[device].answer(call, world.now)  # both at once: the edge hears one first
    world.post()
    world.run(1)
    first = next(each for each in (BRUNOS, BRUNOS_OTHER) if each in world.talking(call))
    assert world.talking(call) == sorted([ANNAS, first])
    (other,) = {BRUNOS, BRUNOS_OTHER} - {first}
    assert world.phones[other].calls[call].cause is Cause.ANSWERED_ELSEWHERE
    assert {event.device for events in world.events.values() for event in events} == {first}
    world.phones[first].end(call, End(Cause.HUNG_UP), world.now)
    world.post()
    world.run(1)
    assert world.endings(call) == {
        "office/rome caller": Cause.HUNG_UP,
        "ship/bergamini callee": Cause.HUNG_UP,
    }
    assert world.phones[ANNAS].calls[call].state == OVER
    world.run(LINGER)
    assert not any(board.calls for board in world.boards.values()), "nothing is kept for ever"


def test_browsers_talk_through_the_edges_before_and_after_the_answer() -> None:
    world = World()
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    for device in (BRUNOS, BRUNOS_OTHER):  # one welcome for each that rings
        world.phones[ANNAS].calls[call].dialogue.say(Info(device, device.encode()), world.now)
    world.phones[BRUNOS].calls[call].dialogue.say(Info("", b"package"), world.now)
    world.post()
    world.run(0.5)
    assert world.phones[BRUNOS].calls[call].heard == [BRUNOS.encode()]
    assert world.phones[BRUNOS_OTHER].calls[call].heard == [BRUNOS_OTHER.encode()]
    assert world.phones[ANNAS].calls[call].heard == [b"package"]
    world.phones[BRUNOS].answer(call, world.now)
    world.post()
    world.run(0.5)
    world.phones[ANNAS].calls[call].dialogue.say(Info("", b"candidate"), world.now)
    world.phones[ANNAS].calls[call].dialogue.say(Info(BRUNOS_OTHER, b"late"), world.now)
    world.post()
    world.run(0.5)
    assert world.phones[BRUNOS].calls[call].heard == [BRUNOS.encode(), b"candidate"]
    assert world.phones[BRUNOS_OTHER].calls[call].heard == [BRUNOS_OTHER.encode()]


def test_each_side_ends_its_own_hold() -> None:
    world = World()
    call = talk(world)
    edges = "office/rome caller", "ship/bergamini callee"
    for device, held, states in (
        (ANNAS, True, ("held here", "held there")),
        (BRUNOS, True, ("held by both", "held by both")),
        (ANNAS, False, ("held there", "held here")),
        (BRUNOS, False, ("connected", "connected")),
    ):
        world.phones[device].hold(call, held, world.now)
        world.post()
        world.run(0.5)
        assert world.state_of(call) == dict(zip(edges, states, strict=True))
    assert world.talking(call) == [ANNAS, BRUNOS]


@pytest.mark.parametrize(
    ("refusals", "cause"),
    [
        ([Cause.DECLINED], Cause.DECLINED),
        ([Cause.UNABLE, Cause.BUSY], Cause.BUSY),
        ([Cause.UNABLE, Cause.UNABLE], Cause.UNABLE),
        ([Cause.BUSY, Cause.PREEMPTED_BY_DEVICE], Cause.PREEMPTED_BY_DEVICE),
        ([Cause.PREEMPTED_BY_DEVICE, Cause.PREEMPTED_BY_DEVICE], Cause.PREEMPTED_BY_DEVICE),
    ],
)
def test_one_declines_for_all_and_a_busy_device_only_for_itself(
    refusals: list[Cause], cause: Cause
) -> None:
    world = World()
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    for number, (device, refusal) in enumerate(zip((BRUNOS, BRUNOS_OTHER), refusals, strict=False)):
        assert world.state_of(call), f"{number} refusals of one device each end nothing"
        world.phones[device].end(call, Refuse(refusal), world.now)
        world.post()
        world.run(0.5)
    assert set(world.endings(call).values()) == {cause}
    assert world.phones[ANNAS].calls[call].cause is cause
    assert all(world.phones[each].calls[call].state == OVER for each in (BRUNOS, BRUNOS_OTHER))


def test_devices_that_are_started_anew_leave_and_the_last_one_ends_the_call() -> None:
    world = World()
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    world.restart(BRUNOS)
    world.run(ALIVE_AFTER + 1)
    assert world.phones[ANNAS].calls[call].state == "ringing back"
    world.restart(BRUNOS_OTHER)
    world.run(ALIVE_AFTER + 1)
    assert world.phones[ANNAS].calls[call].cause is Cause.RESTARTED


def test_nobody_rings_for_ever() -> None:
    world = World()
    call = world.dial(ANNAS, BRUNO)
    world.run(RING - 1)
    assert world.phones[BRUNOS].calls[call].state == "incoming"
    world.run(2)
    assert world.phones[BRUNOS].calls[call].cause is Cause.NO_ANSWER
    assert world.phones[ANNAS].calls[call].cause is Cause.NO_ANSWER


def test_of_two_calls_that_meet_one_stands() -> None:
    for seed in range(20):
        world = World(seed)
        one = world.dial(ANNAS, BRUNO)
        other = world.dial(BRUNOS, ANNA)
        world.run(1)
        loser, winner = max(one, other), min(one, other)
        assert set(world.endings(loser).values()) <= {Cause.GLARE}
        assert len(world.state_of(winner)) == 2
        assert not world.state_of(loser)
        caller = world.phones[world.dialled[loser].caller].calls
        assert (caller[loser].cause, caller[loser].instead) == (Cause.GLARE, winner)
        assert caller[winner].state == "incoming", "who lost is called by who won"


def test_a_call_that_finds_no_room_ends_none_that_it_meets() -> None:
    for seed in range(10):
        world = World(seed, capacity=1.5 * call_rate_bps())
        one = world.dial(BRUNOS, ANNA)
        world.run(0.5)
        world.capacity = 0.5 * call_rate_bps()  # from the next slot on, as a forecast says
        other = world.dial(ANNAS, BRUNO, precedence=Precedence.FLASH)
        world.run(0.5)
        assert set(world.endings(other).values()) <= {Cause.NO_ROOM}
        assert world.phones[ANNAS].calls[other].cause is Cause.NO_ROOM
        assert world.phones[ANNAS].calls[one].state == "incoming", "who rang before still does"
        assert not world.endings(one)


def test_the_higher_precedence_stands_and_an_emergency_before_it() -> None:
    for about, other_about in (
        ({"precedence": Precedence.PRIORITY}, {}),
        ({"emergency": True}, {"precedence": Precedence.FLASH}),
    ):
        for seed in range(6):
            world = World(seed)
            one = world.dial(ANNAS, BRUNO, **about)
            other = world.dial(BRUNOS, ANNA, **other_about)
            world.run(1)
            assert len(world.state_of(one)) == 2
            assert not world.state_of(other)


def test_calls_within_a_site_need_no_other_edge() -> None:
    world = World(capacity=0.0)
    call = talk(world, CARLA, f"{CARLA}/laptop")
    assert world.state_of(call) == {
        "office/rome caller": "connected",
        "office/rome callee": "connected",
    }
    world.phones[ANNAS].end(call, End(Cause.HUNG_UP), world.now)
    world.post()
    world.run(1)
    assert world.phones[f"{CARLA}/laptop"].calls[call].cause is Cause.HUNG_UP
    assert not world.events[SHIP]


@pytest.mark.parametrize("leg", [ROME, SHIP, ANNAS, BRUNOS])
def test_a_side_that_was_started_anew_ends_the_call_on_the_others(leg: str) -> None:
    world = World()
    call = talk(world)
    world.restart(leg)
    world.run(GIVE_UP + LINGER)
    assert world.talking(call) == []
    assert not world.state_of(call)
    causes = set(world.endings(call).values())
    causes |= {each.calls[call].cause for each in world.phones.values() if call in each.calls}
    assert Cause.RESTARTED in causes
    assert causes <= {Cause.RESTARTED, Cause.ANSWERED_ELSEWHERE}


def test_a_way_that_returns_tells_of_a_restart_at_once() -> None:
    world = World()
    call = talk(world)
    world.restart(SHIP)
    world.boards[ROME].hurry(SHIP, world.now)
    world.post()
    world.run(0.3)
    assert world.endings(call) == {"office/rome caller": Cause.RESTARTED}


def test_an_outage_of_a_slot_and_a_half_ends_nothing_and_a_longer_one_does() -> None:
    world = World()
    call = talk(world)
    world.weather.loss = 1.0
    world.run(22)
    world.weather.loss = 0.0
    world.run(10)
    assert world.talking(call) == [ANNAS, BRUNOS]
    world.weather.loss = 1.0
    world.run(50)
    world.weather.loss = 0.0
    world.run(10)
    assert world.talking(call) == []
    assert set(world.endings(call).values()) <= {Cause.SITE_LOST, Cause.DEVICE_LOST}


def test_a_late_dial_of_a_call_long_over_rings_nobody_for_long() -> None:
    world = World()
    first = Message("ab" * 16, ROME, Side.CALLER, world.boards[ROME].life, 1, Dial(ANNAS, BRUNO))
    world.boards[SHIP].receive(ROME, first.encode(), world.now)
    world.post()
    world.run(1)
    assert world.endings("ab" * 16) == {"ship/bergamini callee": Cause.RESTARTED}
    assert world.phones[BRUNOS].calls["ab" * 16].state == OVER


def test_a_lower_call_yields_with_the_reason_shown() -> None:
    world = World(capacity=300_000.0)  # two calls, or one that goes out twice
    low = talk(world)
    other = world.dial(f"{CARLA}/phone", BRUNO)
    world.run(1)
    assert len(world.state_of(other)) == 2
    high = world.dial(BRUNOS_OTHER, ANNA, precedence=Precedence.FLASH)
    world.run(1)
    assert len(world.state_of(high)) == 2
    for call in (low, other):
        assert not world.state_of(call)
        assert set(world.endings(call).values()) == {Cause.PREEMPTED_RESERVED}
    assert world.phones[ANNAS].calls[low].cause is Cause.PREEMPTED_RESERVED
    assert Cause.PREEMPTED_RESERVED.reason_header.startswith("preemption ;cause=2")
    ended = [each for each in world.boards[SHIP].calls if each.call == low]
    assert [each.state.value for each in ended] == ["ended"], "told, and so no more pre-empted"


def test_calls_yield_when_the_path_carries_less() -> None:
    world = World(capacity=300_000.0)
    call = talk(world)
    world.capacity = 0.0
    world.run(16)
    assert set(world.endings(call).values()) == {Cause.PREEMPTED_BY_PATH}
    world.capacity = 300_000.0
    talk(world)


@pytest.mark.parametrize(
    ("device", "dial", "cause"),
    [
        (ANNAS, Dial(ANNAS, BRUNO, Precedence.FLASH_OVERRIDE), Cause.FORBIDDEN_PRECEDENCE),
        (ANNAS, Dial(f"{CARLA}/phone", BRUNO), Cause.NOT_THEIRS),
        (ANNAS, Dial(ANNAS, "person/nobody"), Cause.UNKNOWN_PERSON),
        (ROME, Dial(f"{BRUNO}/laptop", BRUNO), Cause.NOT_THEIRS),
        (ROME, Dial(ANNAS, CARLA), Cause.UNKNOWN_PERSON),
        (ROME, Dial(ANNAS, BRUNO, Precedence.FLASH_OVERRIDE), Cause.FORBIDDEN_PRECEDENCE),
    ],
)
def test_what_is_forged_is_refused_told_and_recorded(device: str, dial: Dial, cause: Cause) -> None:
    world = World()
    edge = SHIP if device == ROME else ROME
    octets = Message("cd" * 16, device, Side.CALLER, 5, 1, dial).encode()
    for _ in range(2):  # a repeated word gets the same answer, and decides nothing anew
        world.boards[edge].receive(device, octets, world.now)
        answers = [Message.decode(each) for _, each, _ in world.boards[edge].outgoing()]
        assert answers[-1].body == End(cause)
    event = world.boards[edge].next_event()
    assert isinstance(event, Decided)
    assert event.decision.cause is cause
    assert event.decision.reason == cause.sentence
    assert world.boards[edge].next_event() is None
    assert not world.boards[edge].calls


def test_nobody_is_there() -> None:
    world = World()
    for device in (BRUNOS, BRUNOS_OTHER):
        del world.phones[device]
    call = world.dial(ANNAS, BRUNO)
    world.run(1)
    assert world.phones[ANNAS].calls[call].cause is Cause.NOBODY_THERE


def test_a_hundred_calls_a_second_by_one_device_disturb_nobody() -> None:
    world = World()
    talked = talk(world)
    flooding = f"{CARLA}/laptop"
    calls = []
    for _ in range(100):
        calls.append(world.dial(flooding, BRUNO))
        world.run(0.01)
    call = world.dial(f"{ANNA}/laptop", BRUNO)
    world.run(1)
    world.phones[BRUNOS].answer(call, world.now)
    world.post()
    world.run(1)
    assert world.talking(call) == [f"{ANNA}/laptop", BRUNOS]
    assert world.talking(talked) == [ANNAS, BRUNOS]
    causes = [world.phones[flooding].calls[each].cause for each in calls]
    assert causes.count(Cause.TOO_MANY) >= 95
    assert sum(bool(world.state_of(each)) for each in calls) <= 5


def test_nobody_speaks_in_the_name_of_another_leg() -> None:
    world = World()
    call = talk(world)
    end = Message(call, BRUNOS, Side.CALLEE, world.phones[BRUNOS].life, 9, End(Cause.HUNG_UP))
    for leg, source in ((BRUNOS_OTHER, BRUNOS), (SHIP, SHIP)):
        forged = Message(call, source, Side.CALLEE, 10**6, 1, end.body)
        with pytest.raises(InvalidInputError, match="in the name of another"):
            world.boards[SHIP].receive(leg, forged.encode(), world.now)
    for body in (End(Cause.HUNG_UP), Answer(f"{CARLA}/phone"), Ringing(f"{CARLA}/phone")):
        stranger = Message(call, f"{CARLA}/phone", Side.CALLER, 10**6, 1, body)
        world.boards[ROME].receive(f"{CARLA}/phone", stranger.encode(), world.now)
    world.post()
    world.run(1)
    assert world.talking(call) == [ANNAS, BRUNOS]


def test_an_id_in_use_is_nobody_else_s() -> None:
    world = World()
    call = talk(world)
    stranger = f"{BRUNO}/laptop"
    dial = Message(call, stranger, Side.CALLER, 5, 1, Dial(stranger, ANNA))
    for _ in range(2):
        world.boards[SHIP].receive(stranger, dial.encode(), world.now)
        answers = [Message.decode(each) for _, each, _ in world.boards[SHIP].outgoing()]
        assert answers[-1].body == End(Cause.NOT_THEIRS)
    world.run(1)
    assert world.talking(call) == [ANNAS, BRUNOS]


def test_another_edge_cannot_flood_under_made_up_devices() -> None:
    world = World()
    board = world.boards[SHIP]
    causes = []
    for number in range(100):
        device, call = f"{ANNA}/d{number}", f"{number:032x}"
        dial = Message(call, ROME, Side.CALLER, 5, 1, Dial(device, BRUNO))
        board.receive(ROME, dial.encode(), world.now)
        ends = [Message.decode(each).body for leg, each, _ in board.outgoing() if leg == ROME]
        causes += [each.cause for each in ends if isinstance(each, End)]
    assert causes == [Cause.TOO_MANY] * 95
    assert len(board.calls) == 5


def test_what_a_device_says_of_another_device_is_said_of_itself() -> None:
    world = World()
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    world.phones[BRUNOS].calls[call].state = TALKING
    world.phones[BRUNOS].calls[call].dialogue.say(Answer(f"{CARLA}/phone"), world.now)
    world.post()
    world.run(0.5)
    (caller,) = world.boards[ROME].calls
    assert caller.device == BRUNOS
