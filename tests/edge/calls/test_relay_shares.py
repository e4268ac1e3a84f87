"""The room of a relay is shared: a site that dials without end leaves some to every other one."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.media_places import Claim
from baluardo.edge.calls.kept_room import KEPT_PORTS, kept_sessions, may_take
from baluardo.edge.calls.port_pool import READY, PortPool
from baluardo.edge.calls.relay_places import RelayPlaces
from baluardo.terms import Precedence
from edge.calls.test_relay_places import made_ports, names, relaying, run, until

SHIP, OFFICE = "ship/bergamini", "office/naples"
SESSIONS = 16
FREE = SESSIONS - kept_sessions(SESSIONS)


class Dialler:
    """Opens sessions under ever new names."""

    def __init__(self, places: RelayPlaces) -> None:
        """Begin."""
        self.places = places
        self.opened: list[str] = []

    def fill(
        self, precedence: Precedence, site: str = "", *, is_emergency: bool = False
    ) -> list[str]:
        """Open as many as there is room for; return their names."""
        found: list[str] = []
        while True:
            name = f"{len(self.opened):032x}/callee/0"
            if self.places.open(name, Claim(precedence, is_emergency, site)) is None:
                return found
            self.opened.append(name)
            found.append(name)


def test_a_site_that_dials_without_end_has_half_the_next_one_half_of_the_rest() -> None:
    async def act() -> None:
        async with relaying(sessions=SESSIONS) as places:
            dialler = Dialler(places)
            hostile = dialler.fill(Precedence.PRIORITY, SHIP)
            assert len(hostile) == FREE // 2
            assert dialler.fill(Precedence.ROUTINE, SHIP) == []
            other = dialler.fill(Precedence.ROUTINE, OFFICE)
            assert len(other) == (FREE - len(hostile) + 1) // 2
            ours = dialler.fill(Precedence.ROUTINE)
            assert len(ours) == FREE - len(hostile) - len(other), "our own people have the rest"
            for name in hostile[:4]:
                places.close(name)
            assert len(dialler.fill(Precedence.ROUTINE, SHIP)) < 4, "what is free counts, not it"

    run(act())


def test_urgent_calls_of_a_site_have_no_share_but_the_room_that_is_kept() -> None:
    async def act() -> None:
        async with relaying(sessions=SESSIONS) as places:
            dialler = Dialler(places)
            dialler.fill(Precedence.ROUTINE, SHIP)
            dialler.fill(Precedence.IMMEDIATE, SHIP)
            dialler.fill(Precedence.FLASH_OVERRIDE, SHIP)
            assert len(names(places)) == SESSIONS

    run(act())


def test_an_emergency_call_that_is_dialled_as_routine_has_what_is_kept() -> None:
    async def act() -> None:
        async with relaying(sessions=SESSIONS) as places:
            dialler = Dialler(places)
            dialler.fill(Precedence.ROUTINE)
            assert len(names(places)) == FREE
            assert places.open("ee/callee/0", Claim(Precedence.ROUTINE, site=SHIP)) is None
            assert places.open("ee/callee/0", Claim(Precedence.ROUTINE, True, SHIP))
            dialler.fill(Precedence.ROUTINE, is_emergency=True)
            assert dialler.fill(Precedence.FLASH_OVERRIDE), "the last call's part is not theirs"

    run(act())


def test_a_relay_that_was_made_anew_has_forgotten_who_held_what() -> None:
    async def act() -> None:
        async with relaying(sessions=SESSIONS) as places:
            dialler = Dialler(places)
            before = dialler.fill(Precedence.ROUTINE, SHIP)
        async with places.running():
            await until(lambda: places.relay is not None)
            assert len(dialler.fill(Precedence.ROUTINE, SHIP)) == len(before)

    run(act())


def test_ports_that_stand_ready_are_shared_until_they_are_made_again() -> None:
    async def act() -> None:
        pool = PortPool("a trial", made_ports([]))
        filling = asyncio.create_task(pool.keep())
        await until(lambda: len(pool) == READY)

        def taken(site: str) -> int:
            found = 0
            while (port := pool.take(Claim(Precedence.ROUTINE, site=site))) is not None:
                port.close()
                found += 1
            return found

        theirs = READY - KEPT_PORTS
        assert taken(SHIP) == theirs // 2
        assert taken(OFFICE) == (theirs - theirs // 2 + 1) // 2
        assert taken("") == theirs - theirs // 2 - (theirs - theirs // 2 + 1) // 2
        await until(lambda: len(pool) == READY)
        assert taken(SHIP) == theirs // 2
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)

    run(act())


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", SHIP, OFFICE]), st.booleans()), max_size=200),
    st.integers(1, 60),
)
def test_whoever_asks_how_often_the_first_of_every_site_is_let_in(
    asked: list[tuple[str, bool]], room: int
) -> None:
    """One other site alone leaves room for a second one, unless there is room for one only."""
    held = {SHIP: 0, OFFICE: 0}
    free = room
    for site, gives_back in asked:
        if not site:
            continue  # ours may take all
        if gives_back and held[site]:
            held[site] -= 1
            free += 1
        elif may_take(Claim(Precedence.ROUTINE, site=site), held[site], free):
            held[site] += 1
            free -= 1
    assert free >= 0
    if room >= 4:
        assert free > 0
        assert all(
            may_take(Claim(Precedence.ROUTINE, site=new), 0, free) for new in ("ship/doria", "")
        )


@given(st.sampled_from(Precedence), st.booleans())
def test_an_emergency_is_never_less_urgent_than_it_was_dialled(
    precedence: Precedence, is_emergency: bool
) -> None:
    rank = Claim(precedence, is_emergency).rank
    assert rank >= precedence
    assert rank == precedence or (is_emergency and rank is Precedence.FLASH)
