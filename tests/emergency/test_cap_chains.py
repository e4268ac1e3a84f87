"""Chains of alerts: what became of each, in whatever order they came, and who may end one."""

from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import permutations

import pytest
from cap_alerts import FULL, GOOD, HOUR, ITALIAN, NOW
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.cap import chains
from baluardo.emergency.cap.alert import Alert, MessageType, Reference, Status
from baluardo.emergency.cap.chains import Chains, State
from baluardo.errors import ConflictError, InvalidInputError

MINUTE = datetime.timedelta(minutes=1)


def later(
    earlier: Alert, kind: MessageType, after: datetime.timedelta = MINUTE, **values: object
) -> Alert:
    return replace(
        GOOD,
        identifier=f"{earlier.identifier}-{kind.value}",
        sent=earlier.sent + after,
        message_type=kind,
        references=(earlier.reference,),
        **values,  # type: ignore[arg-type]
    )


UPDATE = later(GOOD, MessageType.UPDATE)
CANCEL = later(UPDATE, MessageType.CANCEL, infos=())
ACK = later(GOOD, MessageType.ACK, sender="radio@uno.example", infos=())


def chains_of(*alerts: Alert) -> Chains:
    held = Chains()
    for alert in alerts:
        assert held.add(alert)
    return held


@pytest.mark.parametrize("order", list(permutations((GOOD, UPDATE, CANCEL, ACK))))
def test_order_of_arrival_does_not_matter(order: tuple[Alert, ...]) -> None:
    held = chains_of(*order)
    end = CANCEL.sent.timestamp()
    assert held.standing(GOOD.reference, end).state is State.UPDATED
    assert held.standing(GOOD.reference, end).by == UPDATE.reference
    assert held.standing(UPDATE.reference, end).state is State.CANCELLED
    assert held.standing(UPDATE.reference, end).by == CANCEL.reference
    assert held.standing(CANCEL.reference, end).state is State.NO_WARNING
    assert held.standing(ACK.reference, end).state is State.NO_WARNING
    assert held.in_force(end) == ()
    assert held.in_force(end - 1.0) == (UPDATE,)
    assert held.in_force(GOOD.sent.timestamp()) == (GOOD,)
    assert set(held.chain(ACK.reference)) == {GOOD, UPDATE, CANCEL, ACK}
    assert held.chain(GOOD.reference)[0] == GOOD
    assert not held.unknown()
    assert len(held) == len(list(held)) == 4


def test_alerts_wait_hold_and_expire_at_the_second() -> None:
    start, end = GOOD.sent + HOUR, GOOD.sent + 2 * HOUR
    alert = replace(GOOD, infos=(replace(ITALIAN, effective=start, expires=end),))
    held = chains_of(alert)
    for moment, state in (
        (start.timestamp() - 1.0, State.WAITING),
        (start.timestamp(), State.IN_FORCE),
        (end.timestamp() - 1.0, State.IN_FORCE),
        (end.timestamp(), State.EXPIRED),
    ):
        assert held.standing(alert.reference, moment).state is state


def test_without_an_expiry_an_alert_holds_until_it_is_ended() -> None:
    alert = replace(GOOD, infos=(ITALIAN, replace(ITALIAN, language="en", expires=None)))
    held = chains_of(alert)
    assert held.standing(alert.reference, NOW + 1e9).state is State.IN_FORCE


def test_drafts_and_alerts_without_words_warn_of_nothing() -> None:
    for alert in (replace(GOOD, status=Status.DRAFT), replace(GOOD, infos=())):
        assert chains_of(alert).standing(alert.reference, NOW).state is State.NO_WARNING


def test_cancelled_comes_before_updated() -> None:
    cancel = later(GOOD, MessageType.CANCEL, 2 * MINUTE)
    held = chains_of(GOOD, UPDATE, cancel)
    assert held.standing(GOOD.reference, NOW + 3_600.0).by == cancel.reference


def test_what_never_came_is_unknown_or_ended_all_the_same() -> None:
    held = chains_of(UPDATE, later(ACK, MessageType.ACK))
    assert held.unknown() == (GOOD.reference, ACK.reference)
    assert held.get(GOOD.reference) is None
    assert held.standing(GOOD.reference, NOW).state is State.UPDATED
    assert held.standing(ACK.reference, NOW).state is State.UNKNOWN
    with pytest.raises(InvalidInputError, match="No alert"):
        held.standing(Reference("nobody", "x", GOOD.sent), NOW)


def test_same_alert_twice_is_one_and_another_by_its_name_is_refused() -> None:
    held = chains_of(GOOD)
    assert not held.add(GOOD)
    with pytest.raises(ConflictError, match="not genuine"):
        held.add(replace(GOOD, note="changed"))
    # The same instant with another offset names the same alert.
    with pytest.raises(ConflictError, match="not genuine"):
        held.add(replace(GOOD, sent=GOOD.sent.astimezone(datetime.UTC), note="changed"))
    assert list(held) == [GOOD]


@pytest.mark.parametrize("kind", [MessageType.UPDATE, MessageType.CANCEL])
def test_only_its_sender_changes_or_ends_an_alert(kind: MessageType) -> None:
    forged = later(GOOD, kind, sender="mallory@example.org")
    for held in (Chains(), chains_of(GOOD)):
        with pytest.raises(InvalidInputError, match="only who has sent"):
            held.add(forged)
    held.add(GOOD)
    assert held.standing(GOOD.reference, NOW).state is State.IN_FORCE


def test_an_exercise_ends_nothing_real_in_either_order() -> None:
    real = replace(GOOD, status=Status.ACTUAL)
    exercise = later(real, MessageType.CANCEL)
    held = chains_of(real)
    with pytest.raises(InvalidInputError, match="an exercise never ends"):
        held.add(exercise)
    assert list(held) == [real]
    # Who feeds an exercise in first must not be able to keep what is real out.
    late = chains_of(exercise)
    assert late.standing(real.reference, NOW).state is State.CANCELLED
    assert late.add(real)
    for each in (held, late):
        assert each.standing(real.reference, NOW + 3_600.0).state is State.IN_FORCE
    assert late.standing(exercise.reference, NOW).state is State.NO_WARNING


def test_rings_of_references_are_refused() -> None:
    names = [Reference(GOOD.sender, f"a{n}", GOOD.sent) for n in range(4)]
    ring = [
        replace(
            UPDATE,
            identifier=f"a{n}",
            sent=GOOD.sent,
            references=(names[(n + 1) % 4],),
        )
        for n in range(4)
    ]
    held = chains_of(*ring[:3])
    with pytest.raises(InvalidInputError, match="refers to itself"):
        held.add(ring[3])
    with pytest.raises(InvalidInputError, match="refers to itself"):
        Chains().add(replace(ring[0], references=(names[0],)))
    assert len(held) == 3


def test_bounds_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Reference(FULL.sender, f"a{n}", GOOD.sent) for n in range(1_001))
    with pytest.raises(InvalidInputError, match="over 1,000"):
        Chains().add(replace(FULL, references=many))
    monkeypatch.setattr(chains, "MOST_ALERTS", 1)
    held = chains_of(GOOD)
    with pytest.raises(ConflictError, match="too many"):
        held.add(FULL)
    assert not held.add(GOOD)


@given(
    st.lists(
        st.tuples(st.sampled_from(MessageType), st.integers(0, 7), st.integers(0, 5)), max_size=8
    ),
    st.randoms(),
)
def test_standing_is_the_same_whatever_the_order(
    made: list[tuple[MessageType, int, int]], chance: object
) -> None:
    alerts = [GOOD]
    for n, (kind, of, minutes) in enumerate(made):
        earlier = alerts[of % len(alerts)]
        alert = later(earlier, kind, minutes * MINUTE)
        alerts.append(replace(alert, identifier=f"b{n}"))
    one, other = chains_of(*alerts), Chains()
    chance.shuffle(alerts)  # type: ignore[attr-defined]
    for alert in alerts:
        other.add(alert)
    for minutes in range(40):
        now = GOOD.sent.timestamp() + 60.0 * minutes
        assert one.in_force(now) == other.in_force(now)
        for alert in alerts:
            assert one.standing(alert.reference, now) == other.standing(alert.reference, now)
