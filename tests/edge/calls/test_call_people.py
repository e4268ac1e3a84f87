"""Who is where: the newest attendance counts, everywhere alike, and outlives a restart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge.calls.attendance import Attendance, Statement
from baluardo.edge.calls.ceilings import ceilings_of
from baluardo.edge.calls.people import MOST_DEVICES, MOST_PEOPLE, People, Seen
from baluardo.edge.calls.presence import FILE, OVERLAP_SECONDS, TELL_SECONDS, Presence
from baluardo.edge.policy import HeldPolicy
from baluardo.errors import ClockError, InvalidInputError
from baluardo.protocol.policy import Policy
from baluardo.terms import Precedence
from edge.calls.call_browsers import ANNA, BRUNO, ROME, SHIP, italy, member, now
from trust.community import NOW

PHONE, LAPTOP = f"{ANNA}/phone", f"{ANNA}/laptop"
MILAN = "office/milan"
SITES = (MILAN, ROME, SHIP)


def sits(device: str, site: str, at: int) -> Attendance:
    """As it was verified."""
    return Attendance(device, site, at, NOW + 1e6, frozenset({1}))


ENVELOPE = Statement(int(NOW), "ab" * 32, ROME, "https://rome").sign(member(PHONE))


def take(people: People, attendance: Attendance) -> None:
    """Tell an edge of somebody, at its own site or elsewhere."""
    if attendance.site == people.site:
        people.attend(attendance, ENVELOPE)
    else:
        people.hear(attendance)


def test_a_person_is_where_they_have_attended_last_and_stays_known() -> None:
    people = People(ROME)
    assert people.site_of(ANNA) is None
    people.attend(sits(PHONE, ROME, 100), ENVELOPE)
    people.attend(sits(LAPTOP, ROME, 101), ENVELOPE)
    assert people.site_of(ANNA) == ROME
    assert people.devices_of(ANNA) == (LAPTOP, PHONE), "who came last rings first"
    people.hear(sits(f"{ANNA}/tablet", SHIP, 99))
    assert people.site_of(ANNA) == ROME, "an older attendance moves nobody"
    assert people.hear(sits(PHONE, SHIP, 102)), "the seat here is given up"
    assert people.site_of(ANNA) == SHIP
    assert people.devices_of(ANNA) == (LAPTOP,)
    assert len(people.roster()) == 1
    assert people.view() == [{"person": ANNA, "site": SHIP, "devices": ["phone", "tablet"]}]
    people.left(ROME, PHONE)
    assert people.view()[0]["devices"] == ["phone", "tablet"], "a site speaks for itself"
    assert people.devices_at(SHIP) == [PHONE, f"{ANNA}/tablet"]
    for device in people.devices_at(SHIP):
        people.left(SHIP, device)
    people.leave(LAPTOP)
    assert people.view() == [{"person": ANNA, "site": SHIP, "devices": []}]
    assert people.roster() == []


def test_a_replayed_attendance_takes_nobody_away() -> None:
    people = People(ROME)
    people.hear(sits(PHONE, SHIP, 50))
    people.attend(sits(PHONE, ROME, 100), ENVELOPE)
    for at in (50, 99):
        assert not people.hear(sits(PHONE, SHIP, at))
    assert not people.hear(sits(PHONE, ROME, 200)), "nobody else speaks for our site"
    assert (people.site_of(ANNA), people.devices_of(ANNA)) == (ROME, (PHONE,))
    people.leave(PHONE)
    people.hear(sits(PHONE, SHIP, 50))
    assert people.site_of(ANNA) == ROME, "also when the device has left"
    late = People(ROME)
    late.hear(sits(PHONE, SHIP, 100))
    with pytest.raises(InvalidInputError, match="clock was set back"):
        late.attend(sits(PHONE, ROME, 99), ENVELOPE)


@given(
    st.lists(
        st.tuples(st.sampled_from([PHONE, LAPTOP]), st.sampled_from(SITES), st.integers(1, 6)).map(
            lambda each: sits(*each)
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_every_edge_finds_people_at_the_same_site_in_whatever_order_it_hears(
    told: list[Attendance], chance: random.Random
) -> None:
    """A third edge, which hears them all, knows as much as any other third edge."""
    first, second = People("office/turin"), People("ship/fremm")
    for each in told:
        first.hear(each)
    chance.shuffle(told)
    for each in told:
        second.hear(each)
    assert first.view() == second.view()
    newest = max(((each.at, each.site) for each in told), default=None)
    assert first.site_of(ANNA) == (None if newest is None else newest[1])


def test_people_and_devices_are_bounded_and_who_is_present_stays() -> None:
    people = People(ROME, {f"person/p{n}": Seen(SHIP, n + 1) for n in range(MOST_PEOPLE)})
    people.hear(sits("person/p0/phone", SHIP, 5))
    people.attend(sits(PHONE, ROME, 7), ENVELOPE)
    assert people.site_of(ANNA) == ROME
    assert people.site_of("person/p0") == SHIP
    assert people.site_of("person/p1") is None, "who was seen longest ago is forgotten"
    assert len(people.view()) == MOST_PEOPLE
    for number in range(1, MOST_DEVICES):
        people.hear(sits(f"{ANNA}/d{number}", SHIP, 1))
    with pytest.raises(InvalidInputError, match="devices connected"):
        people.hear(sits(f"{ANNA}/more", SHIP, 1))


def test_who_left_a_site_that_could_not_say_so_is_forgotten_once_it_told_of_the_others(
    tmp_path: Path,
) -> None:
    steady = [0.0]
    presence = Presence(
        ROME, italy().verifier(), lambda: NOW, tmp_path, lambda _: None, lambda: steady[0]
    )
    for device in (PHONE, LAPTOP):
        presence.hear(sits(device, SHIP, 100))
    presence.opened(SHIP)
    steady[0] = 100.0
    presence.hear(sits(LAPTOP, SHIP, 100))  # before our end of the channel was open
    steady[0] += OVERLAP_SECONDS / 2
    presence.opened(SHIP)
    for past, devices in ((TELL_SECONDS - 1.0, [PHONE, LAPTOP]), (1.0, [LAPTOP])):
        steady[0] += past
        presence.judge()
        assert presence.people.devices_at(SHIP) == devices


def test_a_site_that_begins_to_tell_again_and_again_keeps_no_ghosts(tmp_path: Path) -> None:
    steady = [0.0]
    presence = Presence(
        ROME, italy().verifier(), lambda: NOW, tmp_path, lambda _: None, lambda: steady[0]
    )
    presence.hear(sits(PHONE, SHIP, 100))
    for _ in range(6):
        steady[0] += TELL_SECONDS / 2
        presence.opened(SHIP)
        presence.hear(sits(LAPTOP, SHIP, 100))
        presence.left("office/milan", LAPTOP)  # not theirs to say
        presence.judge()
    assert presence.people.devices_at(SHIP) == [LAPTOP]


def test_who_was_last_elsewhere_by_a_fast_clock_is_told_so() -> None:
    people = People(ROME)
    people.hear(sits(PHONE, SHIP, 200))
    people.left(SHIP, PHONE)
    with pytest.raises(InvalidInputError, match="later than"):
        people.attend(sits(PHONE, ROME, 100), ENVELOPE)
    people.attend(sits(PHONE, ROME, 201), ENVELOPE)
    assert people.site_of(ANNA) == ROME


def test_who_was_taken_back_leaves_while_the_time_is_not_known(tmp_path: Path) -> None:
    def unknown() -> float:
        raise ClockError("The time is not known.")

    gone: list[str] = []
    verifier = italy().verifier()
    presence = Presence(ROME, verifier, unknown, tmp_path, gone.append, lambda: 0.0)
    revoked = sits(PHONE, ROME, 100)
    presence.sit(revoked, ENVELOPE)
    presence.judge()
    assert gone == []
    presence._judged = verifier.revocations
    presence._named = revoked.serials
    presence.judge()
    assert gone == [PHONE]


def test_people_survive_a_restart_and_a_damaged_file_is_no_end(tmp_path: Path) -> None:
    people = People(ROME)
    people.attend(sits(PHONE, ROME, 100), ENVELOPE)
    people.hear(sits(f"{BRUNO}/phone", SHIP, 90))
    (tmp_path / FILE).write_bytes(people.to_octets())
    presence = Presence(ROME, italy().verifier(), now, tmp_path, lambda _: None)
    assert [presence.people.site_of(each) for each in (ANNA, BRUNO)] == [ROME, SHIP]
    assert presence.people.devices_of(ANNA) == (), "nobody sits anywhere yet"
    (tmp_path / FILE).write_bytes(people.to_octets()[:-1])
    presence = Presence(ROME, italy().verifier(), now, tmp_path, lambda _: None)
    assert presence.people.view() == []


@pytest.mark.parametrize(
    "octets",
    [
        b'{"people":[]} ',
        b'{"people":[{"at":1,"person":"person/anna","site":"person/anna/phone"}]}',
        b'{"people":[{"at":1,"person":"person/anna/phone","site":"office/rome"}]}',
        b'{"people":[{"at":1,"person":"office/rome","site":"office/rome"}]}',
        b'{"people":[{"at":0,"person":"person/anna","site":"office/rome"}]}',
        b'{"people":[{"at":1.5,"person":"person/anna","site":"office/rome"}]}',
        b'{"people":['
        + b",".join([b'{"at":1,"person":"person/anna","site":"office/rome"}'] * 2)
        + b"]}",
    ],
)
def test_the_file_is_read_strictly(octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        People.of_octets(ROME, octets)


_NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)


@given(
    st.dictionaries(
        _NAMES.map("person/{}".format),
        st.builds(Seen, st.sampled_from(SITES), st.integers(1, 2**53 - 1)),
        max_size=6,
    )
)
def test_the_file_comes_back_as_it_was_written(seen: dict[str, Seen]) -> None:
    written = People(ROME, seen)
    read = People.of_octets(ROME, written.to_octets())
    assert read.view() == written.view()
    assert read.to_octets() == written.to_octets()


def test_the_policy_in_force_says_how_urgent_a_persons_calls_may_be() -> None:
    held: list[HeldPolicy] = []
    ceiling = ceilings_of(lambda: held[-1] if held else None)
    assert ceiling(ANNA) is Precedence.ROUTINE
    held.append(HeldPolicy(Policy.first("italia.example", ["anna", "carla"]), NOW))
    assert ceiling(ANNA) is Precedence.FLASH
    assert ceiling(BRUNO) is Precedence.ROUTINE
    assert ceiling("office/anna") is Precedence.ROUTINE
