"""What a browser is shown of people adds up to what its edge knows, however far behind it is."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge.calls import people as people_of_edges
from baluardo.edge.calls.people import People
from baluardo.edge.calls.presence import SHOWN_AT_ONCE, Presence
from baluardo.edge.calls.seat import Seat
from baluardo.edge.calls.shown_people import MOST_CHANGES, ShownPeople
from baluardo.errors import InvalidInputError
from edge.calls.call_browsers import ANNA, ROME, SHIP, italy, now
from edge.calls.test_call_people import ENVELOPE, sits, take

NAMES = ("anna", "bruno", "carla")


class Screen:
    """A browser that folds what it is told."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.shown: dict[str, dict[str, object]] = {}
        self.octets = 0

    def look(self, shown: ShownPeople) -> None:
        """Take every frame there is."""
        while self.number != shown.number:
            text, self.number = shown.after(self.number)
            self.octets += len(text)
            frame = json.loads(text)
            assert frame.pop("type") == "people"
            if "left" not in frame:
                self.shown = {}
            for person in frame.pop("left", []):
                del self.shown[person]
            self.shown |= {each["person"]: each for each in frame.pop("people")}
            assert frame == {}

    @property
    def people(self) -> list[dict[str, object]]:
        return [self.shown[person] for person in sorted(self.shown)]


_COMES = st.tuples(
    st.sampled_from(NAMES), st.sampled_from((ROME, SHIP)), st.integers(1, 9), st.booleans()
)


@given(st.lists(st.lists(_COMES, max_size=4), max_size=2 * MOST_CHANGES), st.data())
def test_what_is_shown_adds_up(
    rounds: list[list[tuple[str, str, int, bool]]], data: st.DataObject
) -> None:
    people = People(ROME)
    shown = ShownPeople(people.view())
    prompt, lazy = Screen(), Screen()
    for comers in rounds:
        for name, site, at, leaves in comers:
            device = f"person/{name}/phone"
            if leaves:
                people.left(site, device)
            else:
                with contextlib.suppress(InvalidInputError):  # who was elsewhere later
                    take(people, sits(device, site, at + people.number))
        if changed := people.take_changed():
            shown.change(changed)
        prompt.look(shown)
        assert prompt.people == people.view()
        if data.draw(st.booleans()):
            lazy.look(shown)
            assert lazy.people == people.view()
    lazy.look(shown)
    assert lazy.people == people.view()


def test_who_is_forgotten_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_of_edges, "MOST_PEOPLE", 2)
    people, screen = People(ROME), Screen()
    shown = ShownPeople(people.view())
    for at, name in enumerate(NAMES, 1):
        device = f"person/{name}/phone"
        people.hear(sits(device, SHIP, at))
        people.left(SHIP, device)
        shown.change(people.take_changed())
        screen.look(shown)
    assert list(screen.shown) == ["person/bruno", "person/carla"]
    assert people.take_changed() == {}


def test_a_change_costs_what_has_changed_and_not_everybody() -> None:
    people = People(ROME)
    for number in range(2_000):
        people.hear(sits(f"person/p{number}/phone", SHIP, 1))
    shown, screen = ShownPeople(people.view()), Screen()
    people.take_changed()
    screen.look(shown)
    whole, screen.octets = screen.octets, 0
    people.hear(sits(f"{ANNA}/phone", SHIP, 2))
    shown.change(people.take_changed())
    screen.look(shown)
    assert screen.people == people.view()
    assert whole > 100_000
    assert screen.octets < 200


def test_who_is_far_behind_is_shown_everybody_anew_and_nothing_piles_up() -> None:
    people = People(ROME)
    shown, screen = ShownPeople(people.view()), Screen()
    screen.look(shown)
    for at in range(1, 20 * MOST_CHANGES):
        people.hear(sits(f"{ANNA}/phone", SHIP, at))
        shown.change(people.take_changed())
    text, number = shown.after(screen.number)
    assert "left" not in json.loads(text)
    assert number == shown.number
    screen.look(shown)
    assert screen.people == people.view()


def test_every_seat_is_woken_in_turns_and_shown_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        presence = Presence(ROME, italy().verifier(), now, tmp_path, lambda _: None)
        seats = [
            presence.sit(sits(f"person/p{each}/phone", ROME, 100), ENVELOPE)
            for each in range(3 * SHOWN_AT_ONCE + 1)
        ]
        screens = [asyncio.create_task(_watch(seat, len(seats))) for seat in seats]
        keeping = asyncio.create_task(presence.keep())
        async with asyncio.timeout(20.0):
            shown = await asyncio.gather(*screens)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert all(each == presence.people.view() for each in shown)

    asyncio.run(scenario())


async def _watch(seat: Seat, count: int) -> list[dict[str, object]]:
    """Fold what a seat is told until it knows of so many people."""
    shown: dict[str, dict[str, object]] = {}
    while len(shown) < count:
        frame = json.loads(str(await seat.next()))
        if frame["type"] == "people":
            shown |= {each["person"]: each for each in frame["people"]}
    return [shown[person] for person in sorted(shown)]
