"""What a relay is told of who wants room: which site dialled, and whether it is an emergency."""

from __future__ import annotations

import pytest

from baluardo.calls.bodies import Side
from baluardo.terms import Precedence
from calls.world import ANNAS, BRUNO, CARLA, ROME, SHIP, World, talk

CARLAS = f"{CARLA}/phone"


@pytest.mark.parametrize("emergency", [False, True])
def test_the_relay_of_who_is_called_is_told_the_site_and_its_own_relay_none(
    emergency: bool,
) -> None:
    world = World(sessions=100)
    call = world.dial(ANNAS, BRUNO, emergency=emergency)
    world.run(0.5)
    own = world.relays[ROME].of_call(call, Side.CALLER).values()
    others = world.relays[SHIP].of_call(call, Side.CALLEE).values()
    assert [each.claim.site for each in own] == [""]
    assert [each.claim.site for each in others] == [ROME, ROME]
    for each in (*own, *others):
        assert each.claim.is_emergency is emergency
        assert each.claim.precedence is Precedence.ROUTINE, "its media is carried as it was dialled"


def test_a_call_within_a_site_is_of_no_other_one() -> None:
    world = World(sessions=100)
    talk(world, CARLA, CARLAS)
    assert {each.claim.site for each in world.relays[ROME].sessions.values()} == {""}
