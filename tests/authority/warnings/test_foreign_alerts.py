"""What feeds of others tell, held: ended by whom it may be, within bounds, the gravest first."""

from __future__ import annotations

from itertools import permutations

import pytest

from authority.warnings.others_alerts import NOW, SQUARE, alert, cancel, moment, update
from baluardo.authority.warnings import foreign_alerts
from baluardo.authority.warnings.foreign_alerts import (
    KEPT_S,
    LEFT_OUT_S,
    MOST_LEFT_OUT,
    TOO_MUCH,
    FollowedFeed,
    ForeignAlert,
    ForeignAlerts,
)
from baluardo.authority.warnings.foreign_areas import MOST_AREAS, TOO_MANY, Outlines
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.cap.alert import Alert, AlertArea, Named, Severity, Status
from baluardo.emergency.cap.chains import State


def feed_with(*alerts: Alert, now: float = NOW) -> FollowedFeed:
    feed = FollowedFeed()
    feed.take(map(ForeignAlert, alerts), (), now)
    return feed


def shown(feed: FollowedFeed, now: float = NOW) -> list[str]:
    return sorted(each.alert.identifier for each, _ in feed.shown(now))


def test_updates_replace_and_cancels_end_in_whatever_order_they_come() -> None:
    first, other = alert("A"), alert("B")
    second = update("A2", first)
    ended = cancel("B2", other)
    for order in permutations((first, second, other, ended)):
        assert shown(feed_with(*order)) == ["A2"], order


def test_alerts_wait_and_expire_by_themselves_and_are_forgotten() -> None:
    feed = feed_with(alert("A"), alert("B", effective=moment(NOW + 600.0)), alert("C", expires_s=9))
    assert {(a.alert.identifier, state) for a, state in feed.shown(NOW)} == {
        ("A", State.IN_FORCE),
        ("B", State.WAITING),
        ("C", State.IN_FORCE),
    }
    assert shown(feed, NOW + 9.0) == ["A", "B"]
    assert len(feed) == 3
    feed.fail("It is away.", NOW + 10.0)
    assert len(feed) == 2
    feed.take((), (), NOW + 3_600.0)
    assert len(feed) == 0


def test_what_says_of_itself_no_end_is_kept_for_three_days() -> None:
    feed = feed_with(alert("A", expires=None))
    feed.take((), (), NOW + KEPT_S - 61.0)
    assert shown(feed, NOW + KEPT_S - 61.0) == ["A"]
    feed.take((), (), NOW + KEPT_S)
    assert len(feed) == 0


def test_what_was_ended_does_not_come_back_when_what_has_ended_it_is_over() -> None:
    first = alert("A", expires_s=KEPT_S * 2)
    feed = feed_with(first, update("B", first, expires_s=10.0))
    feed.take((), (), NOW + 20.0)
    assert shown(feed, NOW + 20.0) == []
    other = alert("C", expires_s=KEPT_S * 2)
    feed.take(map(ForeignAlert, (other, cancel("D", other))), (), NOW + 20.0)
    later = NOW + KEPT_S + 3_600.0
    feed.take((), (), later)
    assert shown(feed, later) == []
    feed.take((), (), NOW + KEPT_S * 2)
    assert len(feed) == 0


def test_nobody_ends_what_another_feed_or_another_sender_has_told() -> None:
    first = alert("A")
    alerts = ForeignAlerts()
    alerts.feed("one").take([ForeignAlert(first)], (), NOW)
    alerts.feed("two").take([ForeignAlert(cancel("B", first))], (), NOW)
    assert shown(alerts.feed("one")) == ["A"]
    foreign = cancel("C", first, sender="somebody@else.example")
    alerts.feed("one").take([ForeignAlert(foreign)], (), NOW)
    assert shown(alerts.feed("one")) == ["A"]
    ((_, sentence),) = alerts.feed("one").left_out(NOW)
    assert "only who has sent an alert may change or end it" in sentence


def test_more_than_can_be_held_costs_the_least_grave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_alerts, "MOST_ALERTS", 10)
    first = alert("ended")
    grave = alert("grave", severity=Severity.EXTREME)
    drill = alert("drill", severity=Severity.EXTREME, status=Status.EXERCISE)
    feed = feed_with(first, cancel("cancel", first), grave, drill)
    many = [alert(f"A{n}", severity=Severity.MINOR) for n in range(100)]
    feed.take(map(ForeignAlert, many), (), NOW)
    assert len(feed) == 10
    assert {"grave"} < set(shown(feed))
    assert not {"ended", "drill"} & set(shown(feed))
    assert [text for _, text in feed.left_out(NOW)] == [TOO_MUCH]


def test_what_was_ended_goes_first_and_stays_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_alerts, "MOST_ALERTS", 2)
    first = alert("A", sent=moment(NOW - 120.0))
    second = update("B", first, sent=moment(NOW - 90.0))
    feed = feed_with(first, second, update("C", second), alert("D"))
    assert shown(feed) == ["C", "D"]
    assert feed.left_out(NOW) == []


def test_long_alerts_are_held_within_bounds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_alerts, "MOST_CHARACTERS", 100_000)
    long = [alert(f"A{n}", description="x" * 30_000) for n in range(10)]
    feed = feed_with(*long, alert("grave", severity=Severity.EXTREME))
    assert len(feed) == 4
    assert "grave" in shown(feed)


def test_sentences_are_few_and_go_after_a_day() -> None:
    feed = FollowedFeed()
    feed.take((), [f"Sentence {n}." for n in range(100)], NOW)
    feed.take((), ["Sentence 90."], NOW + 1.0)
    told = feed.left_out(NOW + 1.0)
    assert len(told) == MOST_LEFT_OUT
    assert told[0] == (NOW + 1.0, "Sentence 90.")
    assert feed.left_out(NOW + LEFT_OUT_S) == [(NOW + 1.0, "Sentence 90.")]


def test_a_failure_is_told_until_the_feed_is_had_again() -> None:
    feed = feed_with(alert("A"))
    feed.fail("It is away.", NOW + 5.0)
    assert (feed.looked, feed.reached, feed.failure) == (NOW + 5.0, NOW, "It is away.")
    assert shown(feed) == ["A"]
    feed.take((), (), NOW + 6.0)
    assert (feed.looked, feed.reached, feed.failure) == (NOW + 6.0, NOW + 6.0, None)


def test_real_then_grave_then_new_comes_first() -> None:
    kinds = [
        alert("new", sent=moment(NOW)),
        alert("old"),
        alert("unknown", severity=Severity.UNKNOWN),
        alert("minor", severity=Severity.MINOR),
        alert("test", severity=Severity.EXTREME, status=Status.TEST),
    ]
    found = sorted(map(ForeignAlert, reversed(kinds)), key=lambda each: each.order)
    assert [each.alert for each in found] == kinds


def test_areas_have_outlines_or_a_sentence_why_not() -> None:
    outlines, atlas = Outlines(), Atlas.load()
    zone = AlertArea("Umbria", geocodes=(Named("ISO3166-2", "IT-55"),))
    areas = (
        AlertArea("Norcia", (SQUARE,), geocodes=(Named("EMMA_ID", "IT001"),)),
        zone,
        AlertArea("Somewhere", geocodes=(Named("FIPS6", "048113"),)),
        AlertArea("Nowhere"),
        AlertArea("Twisted", (((42, 13), (43, 14), (43, 13), (42, 14), (42, 13)),)),
    )
    made = alert("A", areas=areas)
    norcia, umbria, unknown, nowhere, twisted = outlines.of_alert(made, atlas)
    assert norcia.outline is not None
    assert norcia.outline["type"] == "MultiPolygon"
    assert norcia.names == (("it-IT", "Norcia"),)
    assert umbria.outline is not None
    assert umbria.approximate is not None
    for each in (unknown, nowhere, twisted):
        assert each.outline is None
        assert each.why_not is not None
        assert each.why_not.endswith(".")
    # Another alert about the same zone takes the outline that is there.
    (again,) = outlines.of_alert(alert("B", areas=(zone,)), atlas)
    assert again.outline is umbria.outline


def test_one_alert_has_so_many_outlines_and_no_more() -> None:
    areas = tuple(
        AlertArea(f"{n}", geocodes=(Named("ISO3166-2", f"X{n}"),)) for n in range(MOST_AREAS + 2)
    )
    found = Outlines().of_alert(alert("A", areas=areas), Atlas.load())
    assert [each.why_not == TOO_MANY for each in found] == [False] * MOST_AREAS + [True] * 2
