"""What a switchboard knows of its calls at a glance is what a look at each of them tells."""

from __future__ import annotations

import pytest

from baluardo.calls.admission import Admission, Request, Verdict
from baluardo.calls.bodies import Alive, End, Refuse, Side
from baluardo.calls.call_rate import SiteRate, call_rate_bps
from baluardo.calls.causes import Cause
from baluardo.calls.messages import Message
from baluardo.terms import Precedence
from calls.world import ANNAS, BEGINNING, BRUNO, BRUNOS, ROME, SHIP, World, talk


def check(world: World) -> None:
    """Compare at both edges."""
    for board in world.boards.values():
        assert board.is_idle == all(each.is_over for each in board.calls)
        for each in board.calls:
            assert board.call_of(each.call, each.side) is each


@pytest.mark.parametrize("ending", ["hung up", "declined", "nobody answers", "pre-empted", "lost"])
def test_idle_is_when_no_call_goes_on(ending: str) -> None:
    world = World()
    check(world)
    call = world.dial(ANNAS, BRUNO) if ending in ("declined", "nobody answers") else talk(world)
    world.run(1)
    assert not any(board.is_idle for board in world.boards.values())
    check(world)
    if ending == "hung up":
        world.phones[ANNAS].end(call, End(Cause.HUNG_UP), world.now)
    elif ending == "declined":
        world.phones[BRUNOS].end(call, Refuse(Cause.DECLINED), world.now)
    elif ending == "pre-empted":
        world.capacity = 0.0
    elif ending == "lost":
        world.weather.loss = 1.0
    for _ in range(100):
        world.post()
        world.run(1)
        check(world)
    assert all(board.is_idle for board in world.boards.values())
    assert world.boards[ROME].call_of("00" * 16, Side.CALLER) is None


def test_calls_that_no_path_is_known_for_have_room_and_are_judged_once_it_is() -> None:
    known: list[SiteRate] = []
    it = Admission(lambda *_: known[0] if known else None, lambda _: Precedence.FLASH)
    rate = call_rate_bps()
    sites = {"within": (), "between": (ROME, SHIP)}
    for name, of in sites.items():
        request = Request(name, f"person/{name}", Precedence.ROUTINE, False, of, rate)
        assert it.ask(request, BEGINNING).verdict is Verdict.ADMITTED
    assert [each.call for each in it.requests] == list(sites)
    known.append(SiteRate(rate / 2, rate / 2))
    gone = it.handle_timer(BEGINNING + 60.0)
    assert [each.request.call for each in gone] == ["between"]
    assert [each.call for each in it.requests] == ["within"]
    it.release("within")
    assert it.requests == ()


def test_of_a_call_that_is_over_no_offer_is_kept() -> None:
    world = World()
    call = talk(world)
    assert all(each.dial.opaque for board in world.boards.values() for each in board.find(call))
    world.phones[ANNAS].end(call, End(Cause.HUNG_UP), world.now)
    world.post()
    world.run(5)
    over = [each for board in world.boards.values() for each in board.find(call)]
    assert len(over) == 2, "both edges still answer who asks"
    assert all(each.is_over and not each.dial.opaque for each in over)
    world.run(60)
    assert not any(board.find(call) for board in world.boards.values())


def test_who_comes_back_is_asked_of_its_own_calls_alone() -> None:
    world = World()
    call = talk(world)
    board = world.boards[ROME]
    board.outgoing()
    board.hurry(ANNAS, world.now)
    asked = [Message.decode(each.octets) for each in board.outgoing()]
    assert [(each.call, each.body) for each in asked] == [(call, Alive())]
    for stranger in (BRUNOS, "person/nobody/phone", ROME):
        board.hurry(stranger, world.now)
        assert board.outgoing() == []
