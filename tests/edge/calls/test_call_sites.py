"""Calls from site to site over real channels, and the telephone of a real edge."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from baluardo.calls.bodies import Dial, End, Side
from baluardo.calls.causes import Cause
from baluardo.calls.messages import Message
from baluardo.edge.calls.attendance import Statement, new_challenge
from baluardo.edge.calls.call_time import LARGEST_STEP, STEP_EVERY, CallTime
from baluardo.edge.calls.neighbours import NeighbourCallbacks, Neighbours, Patience
from baluardo.edge.calls.service import DISBELIEVED_AT_ONCE, SEATS_AT_ONCE, CallService
from baluardo.errors import ClockError, InvalidInputError
from baluardo.terms import Precedence
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.identity import Identity
from calls.world import OVER, TALKING
from edge.calls.call_browsers import (
    ANNA,
    BRUNO,
    CARLA,
    ROME,
    SHIP,
    Browser,
    call_service,
    italy,
    member,
    now,
    served_calls,
    served_edge,
)
from edge.country import ANNA as OFFICER
from edge.country import Country, until

CALL = "0a" * 16


class TwoSites:
    """Rome and a ship, each with its telephone and its pages."""

    def __init__(self, directory: Path) -> None:
        """Begin with nothing served."""
        self.services = {
            site: call_service(directory / site.replace("/", "-"), site) for site in (ROME, SHIP)
        }
        self.neighbours: dict[str, Neighbours] = {}
        self.doors: dict[str, int] = {}
        self.channels: dict[str, int] = {}

    async def join(self, site: str) -> None:
        """Let a site speak with the other."""
        service, identity = self.services[site], italy().identity(site)

        def place_of(other: Identity) -> tuple[str, int] | None:
            port = self.channels.get(other.path)
            return None if port is None else ("127.0.0.1", port)

        callbacks = NeighbourCallbacks(
            service.take_message,
            service.take_attendance,
            service.take_left,
            service.opened,
            service.roster,
        )
        endpoint = Endpoint(member(site), italy().verifier(), now)
        joined = Neighbours(
            endpoint, identity, callbacks, place_of, lambda _: None, patience=Patience(spread=0.0)
        )
        self.channels[site] = await joined.serve("127.0.0.1", 0)
        self.neighbours[site] = service.neighbours = joined


@contextlib.asynccontextmanager
async def two_sites(directory: Path) -> AsyncIterator[TwoSites]:
    """Serve both while inside."""
    for site in (ROME, SHIP):
        (directory / site.replace("/", "-")).mkdir()
    sites = TwoSites(directory)
    async with contextlib.AsyncExitStack() as stack:
        for site, service in sites.services.items():
            await sites.join(site)
            stack.push_async_callback(sites.neighbours[site].close)
            sites.doors[site] = await stack.enter_async_context(served_calls(service))
        sites.neighbours[ROME].reach([SHIP])
        sites.neighbours[SHIP].reach([ROME])
        yield sites


def test_two_people_at_two_sites_call_each_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with two_sites(tmp_path) as sites, contextlib.AsyncExitStack() as stack:

            async def sits(person: str, site: str) -> Browser:
                browser = await Browser(f"{person}/phone", sites.doors[site], site).attend()
                stack.push_async_callback(browser.close)
                return browser

            anna, bruno = await sits(ANNA, ROME), await sits(BRUNO, SHIP)
            everybody = [
                {"person": ANNA, "site": ROME, "devices": ["phone"]},
                {"person": BRUNO, "site": SHIP, "devices": ["phone"]},
            ]
            await until(lambda: anna.people == bruno.people == everybody)
            await anna.dial(CALL, BRUNO)
            await until(lambda: anna.state(CALL) == "ringing back")
            bruno.phone.answer(CALL, now())
            await bruno.post()
            await until(lambda: anna.state(CALL) == TALKING)
            bruno.phone.hold(CALL, True, now())
            await bruno.post()
            await until(lambda: anna.phone.calls[CALL].held_there)
            anna.phone.end(CALL, End(Cause.HUNG_UP), now())
            await anna.post()
            await until(lambda: bruno.state(CALL) == OVER)
            await until(lambda: all(each.records for each in sites.services.values()))
            ends = [each.records[0] for each in sites.services.values()]
            assert {(each.caller, each.device, each.cause) for each in ends} == {
                (f"{ANNA}/phone", f"{BRUNO}/phone", "hung up")
            }

            # Bruno goes ashore: the newest attendance counts, at both sites.
            await bruno.close()
            await until(lambda: anna.people[1]["devices"] == [])
            await asyncio.sleep(1.1)  # attendances tell whole seconds
            bruno = await sits(BRUNO, ROME)
            ship = sites.services[SHIP].presence.people
            await until(lambda: ship.site_of(BRUNO) == ROME)
            assert ship.view()[1] == {"person": BRUNO, "site": ROME, "devices": ["phone"]}

    asyncio.run(scenario())


def test_a_site_speaks_for_itself_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What a hostile neighbour may say, handed to a service as its channel would."""

    async def scenario() -> None:
        service = call_service(tmp_path)
        async with served_calls(service) as port:
            anna = await Browser(f"{ANNA}/phone", port).attend()
            assert anna.attended is not None
            people = service.presence.people
            service.take_attendance(SHIP, anna.attended)  # an envelope that was made for Rome
            service.take_left(SHIP, anna.device)
            service.opened(SHIP)
            assert people.devices_of(ANNA) == (anna.device,)
            assert people.site_of(ANNA) == ROME
            dial = Dial(f"{ANNA}/phone", CARLA, Precedence.FLASH)
            service.take_message(SHIP, Message(CALL, SHIP, Side.CALLER, 1, 1, dial).encode())
            assert service.calls == (), "a ship dials for nobody who sits at Rome"
            with pytest.raises(InvalidInputError):
                service.take_message(SHIP, Message(CALL, ROME, Side.CALLER, 1, 1, dial).encode())
            with pytest.raises(InvalidInputError):
                service.take_message(SHIP, b"\xff")
            await anna.close()

    asyncio.run(scenario())
    assert "has attended at office/rome: refused" in caplog.text
    assert "may not speak for this person" in caplog.text


def test_a_real_edge_seats_a_person_at_its_own_pages(country: Country, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, ROME)
            laptop = await country.person(authority, OFFICER)
        agent = country.open_agent(place)  # the authority is away from here on
        try:
            async with served_edge(agent.app) as port:
                browser = Browser(laptop.identity.path, port, ROME, "rome.baluardo.localhost")
                challenge = await browser.open()
                statement = browser.statement(challenge)
                own = type(statement)(
                    int(agent.state.clock()), challenge, statement.edge, statement.origin
                )
                await browser.show(own.sign(laptop))
                await until(lambda: browser.people)
                assert browser.frames[0] == {"type": "attending", "device": browser.device}
                assert agent.calls.presence.people.site_of(f"person/{OFFICER}") == ROME
                await browser.close()
        finally:
            agent.close()

    asyncio.run(scenario())


def test_time_leaps_only_while_nobody_talks() -> None:
    trusted, steady = [1_000.0], itertools.count(0.0, STEP_EVERY)
    clock = CallTime(lambda: trusted[0], lambda: next(steady))
    assert clock.now(lambda: True) == 1_000.0
    trusted[0] = 5_000.0
    first = clock.now(lambda: False)
    assert first == 1_000.0 + STEP_EVERY + LARGEST_STEP
    assert clock.now(lambda: False) == first + STEP_EVERY + LARGEST_STEP
    trusted[0] = 900.0
    held = clock.now(lambda: False)
    assert held == first + 2 * STEP_EVERY + LARGEST_STEP, "it goes on, and never back in a call"
    assert clock.now(lambda: True) == 900.0

    def lost() -> float:
        raise ClockError("The clock was turned back.")

    steady = itertools.count(0.0, 1.0)
    clock = CallTime(lost, lambda: next(steady))
    assert clock.now(lambda: False) == pytest.approx(clock.now(lambda: False) - 1.0)


def test_without_other_edges_only_the_site_can_be_called(tmp_path: Path) -> None:
    async def scenario() -> None:
        service: CallService = call_service(tmp_path)
        async with served_calls(service) as port:
            anna = await Browser(f"{ANNA}/phone", port).attend()
            await anna.dial(CALL, BRUNO)
            await until(lambda: anna.state(CALL) == OVER)
            assert anna.phone.calls[CALL].cause is Cause.UNKNOWN_PERSON
            await anna.close()

    asyncio.run(scenario())


def test_a_device_that_connects_again_and_again_is_told_to_wait(tmp_path: Path) -> None:
    async def scenario() -> None:
        service = call_service(tmp_path)
        for number in range(SEATS_AT_ONCE + 1):
            challenge = new_challenge()
            said = Statement(int(now()), challenge, ROME, "https://rome.example")
            envelope = said.sign(member(f"{ANNA}/phone"))
            if number < SEATS_AT_ONCE:
                service.sit(envelope, challenge, said.origin)
                continue
            with pytest.raises(InvalidInputError, match="too often"):
                service.sit(envelope, challenge, said.origin)
        challenge = new_challenge()
        said = Statement(int(now()), challenge, ROME, "https://rome.example")
        service.sit(said.sign(member(f"{BRUNO}/phone")), challenge, said.origin)

    asyncio.run(scenario())


def test_a_site_that_says_much_that_is_not_believed_is_put_out(tmp_path: Path) -> None:
    async def scenario() -> None:
        service = call_service(tmp_path)
        said = Statement(int(now()), "ab" * 32, ROME, "https://rome.example")
        false = said.sign(member(f"{ANNA}/phone"))
        for _ in range(DISBELIEVED_AT_ONCE):
            service.take_attendance(SHIP, false)
        with pytest.raises(InvalidInputError, match="not believed"):
            service.take_attendance(SHIP, false)
        service.take_attendance("office/milan", false)

    asyncio.run(scenario())
