"""The core of written messages at an edge: who has their turn, and every ask answered once."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from baluardo.edge.calls.browser_frames import MailAsk
from baluardo.edge.mail import exchange as bounds
from baluardo.edge.mail.correspondent import (
    FIRST_REST,
    LONGEST_REST,
    MOST_FAILURES,
    MOST_FLYING,
)
from baluardo.edge.mail.exchange import ASKS_AT_ONCE, MOST_HELD, MOST_UNANSWERED, MailExchange
from baluardo.edge.mail.flights import ANSWER_SECONDS, MOST_COLLECTING, OWN_ANSWER_SECONDS
from baluardo.edge.mail.flights import MOST_FLYING as MOST_OF_ALL
from baluardo.edge.mail.post import LARGEST_POST
from baluardo.errors import InvalidInputError
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_messages import MailAnswer, MailRequest, MailWaiting
from edge.calls.neighbour_sites import PHONE, TABLET, attendance

DEVICES: dict[str, object] = {"kind": "devices", "people": ["person/anna"]}
GROUP = "0a" * 32
TAKEN: dict[str, object] = {"kind": "taken", "items": "0b" * 32}


class Edge:
    """An exchange, and an authority's end that answers as the test says."""

    def __init__(self) -> None:
        """Begin with a channel and nobody."""
        self.core = MailExchange()
        self.now = 100.0
        self.told: dict[int, list[dict[str, Any]]] = {}
        self.drawn = 0
        self.core.opened(self.now)

    def sit(self, device: str = PHONE, *, shown: bool = True) -> int:
        """Seat a browser; the authority believes it, and has no post for it."""
        seat = self.core.sit(device, attendance(PHONE), self.now)
        if shown:
            self.serve()
        return seat

    def ask(self, seat: int, request: Mapping[str, object] = DEVICES, octets: int = 100) -> int:
        """Ask something; return its number."""
        self.drawn += 1
        self.core.ask(seat, MailAsk(self.drawn, dict(request), octets), self.now)
        self.frames()
        return self.drawn

    def next(self) -> MailRequest | None:
        """Return what the authority is told."""
        message = self.core.next_message(self.now)
        self.frames()
        return message

    def kind(self) -> str:
        """Return what kind of request the authority is told next, unanswered; empty for none."""
        message = self.next()
        return "" if message is None else str(message.request["kind"])

    def answer(self, message: MailRequest, answer: Mapping[str, object]) -> None:
        """Answer a request."""
        self.core.hear(MailAnswer(message.id, answer), self.now)
        self.frames()

    def refuse(self, message: MailRequest, refusal: MailRefusal, sentence: str = "So.") -> None:
        """Refuse it."""
        self.core.hear(MailAnswer(message.id, None, refusal, sentence), self.now)
        self.frames()

    def serve(self, *waiting: Mapping[str, object]) -> list[str]:
        """Answer everything that there is to tell, post with these items; return the kinds."""
        kinds = []
        items = list(waiting)
        while (message := self.next()) is not None:
            kinds.append(str(message.request["kind"]))
            if kinds[-1] == "collect":
                self.answer(message, {"items": items, "more": False})
                items = []
            else:
                self.answer(message, {})
        return kinds

    def deny(self, seat: int, kind: str = "devices") -> None:
        """Have a browser ask, or its post collected, and deny that."""
        if kind == "devices":
            self.ask(seat)
        else:
            self.nudge()
        message = self.next()
        assert message is not None
        assert message.request["kind"] == kind
        self.refuse(message, MailRefusal.DENIED)

    def rested(self) -> MailRequest:
        """Wait until an attendance is shown, and return that."""
        while (message := self.next()) is None:
            at = self.core.next_timer()
            assert at is not None
            self.wait(at - self.now)
        assert message.request["kind"] == "attend"
        return message

    def nudge(self, device: str = PHONE) -> None:
        """Say that something has come."""
        self.core.hear(MailWaiting(device), self.now)
        self.frames()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.core.handle_timer(self.now)
        self.frames()

    def frames(self) -> None:
        """Take what browsers are told."""
        while (said := self.core.next_frame()) is not None:
            self.told.setdefault(said.seat, []).append(json.loads(said.frame))

    def answers(self, seat: int) -> dict[int, str]:
        """Return what became of each ask that was answered: a refusal's code, or nothing."""
        mailed = [each for each in self.told.get(seat, []) if each["type"] == "mailed"]
        found = {each["ask"]: each.get("refusal", "") for each in mailed}
        assert len(found) == len(mailed), "an ask was answered twice"
        return found

    def posts(self, seat: int) -> list[dict[str, Any]]:
        """Return the post that was brought."""
        return [each for each in self.told.get(seat, []) if each["type"] == "post"]


def item(number: int, octets: int = 10) -> dict[str, object]:
    """Return an item of a mailbox."""
    text = base64.b64encode(bytes(octets)).decode()
    fields = {"from": TABLET, "kind": "message", "group": GROUP, "at": 5, "notice": None}
    return {"number": number, **fields, "octets": text}


def test_a_browser_is_shown_first_then_asks_then_has_its_post() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    asked = edge.ask(seat)
    shown = edge.next()
    assert shown is not None
    assert shown.request == {"kind": "attend"}
    assert shown.attendance == attendance(PHONE)
    assert edge.next() is None, "before it is believed nothing is asked in its name"
    edge.answer(shown, {})
    forwarded = edge.next()
    assert forwarded == MailRequest(shown.id + 1, PHONE, None, DEVICES)
    assert edge.kind() == "collect"
    edge.answer(forwarded, {"devices": []})
    mailed = {"type": "mailed", "ask": asked, "answer": {"devices": []}}
    assert edge.told[seat] == [mailed]


def test_it_is_shown_once_for_each_channel_and_each_seat() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    assert edge.serve() == ["attend", "collect"]
    edge.ask(seat)
    assert edge.serve() == ["devices"]
    edge.core.closed()
    edge.core.opened(edge.now)
    assert edge.serve() == ["attend", "collect"]
    edge.sit(shown=False)
    assert edge.serve() == ["attend", "collect"]


def test_without_an_authority_an_ask_is_answered_at_once() -> None:
    edge = Edge()
    edge.core.closed()
    seat = edge.sit(shown=False)
    asked = edge.ask(seat)
    assert edge.answers(seat) == {asked: "unavailable"}
    assert edge.next() is None


def test_asks_that_wait_or_fly_when_the_channel_breaks_are_answered() -> None:
    edge = Edge()
    seat = edge.sit()
    asked = [edge.ask(seat) for _ in range(MOST_UNANSWERED)]
    flying = [edge.next() for _ in range(3)]
    assert None not in flying
    edge.core.closed()
    edge.frames()
    assert edge.answers(seat) == dict.fromkeys(asked, "unavailable")
    assert edge.core.held == 0
    edge.core.opened(edge.now)
    for late in flying:
        assert late is not None
        edge.answer(late, {})
    assert len(edge.answers(seat)) == len(asked), "an answer of the channel before is left out"


def test_who_was_told_that_the_authority_is_away_is_told_once_that_it_is_back() -> None:
    edge = Edge()
    seat, other = edge.sit(), edge.sit(TABLET)
    back = {"type": "post", "items": [], "more": False}
    edge.core.closed()
    edge.ask(seat)
    assert edge.posts(seat) == []
    edge.core.opened(edge.now)
    edge.frames()
    assert edge.posts(seat) == [], "before its attendance is believed it could ask nothing"
    edge.serve()
    assert edge.posts(seat) == [back]
    # Nobody was held up by the next one.
    edge.core.closed()
    edge.core.opened(edge.now)
    edge.serve()
    assert edge.posts(seat) == [back]
    # One that comes in between, and one whose ask was lost on its way.
    edge.core.closed()
    late = edge.sit("person/carla/phone", shown=False)
    edge.ask(late)
    edge.core.opened(edge.now)
    edge.serve()
    edge.ask(seat)
    assert edge.kind() == "devices"
    edge.core.closed()
    edge.core.opened(edge.now)
    edge.serve()
    assert [edge.posts(each) for each in (seat, late, other)] == [[back, back], [back], []]


def test_an_attendance_that_could_be_looked_at_later_is_told_of_as_well() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    asked = edge.ask(seat)
    shown = edge.next()
    assert shown is not None
    edge.refuse(shown, MailRefusal.UNAVAILABLE)
    assert edge.answers(seat) == {asked: "unavailable"}
    edge.wait(FIRST_REST)
    assert edge.serve() == ["attend", "collect"]
    assert edge.posts(seat) == [{"type": "post", "items": [], "more": False}]


def test_a_browser_has_so_many_asks_and_no_more() -> None:
    edge = Edge()
    seat = edge.sit()
    asked = [edge.ask(seat) for _ in range(MOST_UNANSWERED + 2)]
    assert edge.answers(seat) == dict.fromkeys(asked[MOST_UNANSWERED:], "full")
    flying = []
    while (message := edge.next()) is not None:
        flying.append(message)
    assert len(flying) == MOST_FLYING
    edge.answer(flying[0], {})
    assert edge.kind() == "devices"
    edge.serve()


def test_a_device_asks_so_often_and_no_more_however_often_it_connects() -> None:
    edge = Edge()
    codes: list[str] = []
    for _ in range(ASKS_AT_ONCE + 10):
        seat = edge.sit()
        edge.ask(seat)
        edge.serve()
        codes += edge.answers(seat).values()
    assert codes == [""] * ASKS_AT_ONCE + ["full"] * 10
    edge.wait(1.0)
    for _ in range(4):
        edge.ask(seat)
        edge.serve()
    assert list(edge.answers(seat).values())[-4:] == ["", "", "", "full"]


def test_numbers_of_asks_rise() -> None:
    edge = Edge()
    seat = edge.sit()
    edge.ask(seat)
    edge.drawn -= 1
    with pytest.raises(InvalidInputError, match="higher number"):
        edge.ask(seat)


@pytest.mark.parametrize(
    "request_of_browser",
    [
        {},
        {"kind": "collect"},
        {"kind": "attend"},
        {"kind": "leave"},
        {"kind": 5},
        TAKEN | {"upto": -1},
        {"kind": "devices", "people": ["person/anna"], "more": 1},
    ],
)
def test_what_no_browser_asks_is_refused_here(request_of_browser: dict[str, object]) -> None:
    edge = Edge()
    seat = edge.sit()
    asked = edge.ask(seat, request_of_browser)
    assert edge.answers(seat) == {asked: "malformed"}
    assert edge.next() is None


def test_refusals_of_the_authority_are_handed_on() -> None:
    edge = Edge()
    seat = edge.sit()
    for refusal in MailRefusal:
        asked = edge.ask(seat)
        message = edge.next()
        assert message is not None
        edge.refuse(message, refusal, "Why not.")
        told = edge.told[seat][-1]
        expected = {"type": "mailed", "ask": asked, "refusal": refusal.value}
        assert told == {**expected, "sentence": "Why not."}
        edge.wait(FIRST_REST)
        edge.serve()


def test_who_is_denied_is_told_so_and_shown_again_much_later() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    waits = edge.ask(seat)
    shown = edge.next()
    assert shown is not None
    edge.refuse(shown, MailRefusal.DENIED, "It sits elsewhere.")
    denied = edge.ask(seat)
    assert edge.answers(seat) == {waits: "denied", denied: "denied"}
    assert edge.told[seat][-1]["sentence"] == "It sits elsewhere."
    assert edge.next() is None
    edge.wait(FIRST_REST + 1.0)
    assert edge.next() is None, "not by itself"
    edge.ask(seat)
    assert edge.kind() == "attend"


@pytest.mark.parametrize("kind", ["devices", "collect"])
def test_an_attendance_that_was_perhaps_forgotten_is_shown_again(kind: str) -> None:
    edge = Edge()
    seat = edge.sit()
    edge.deny(seat, kind)
    waits = edge.ask(seat)
    assert edge.next() is None, "it rests first"
    edge.wait(FIRST_REST)
    assert edge.serve(item(1)) == ["attend", "devices", "collect"]
    assert edge.answers(seat)[waits] == ""
    assert edge.posts(seat)[-1]["items"] == [item(1)]


@pytest.mark.parametrize("kind", ["devices", "collect"])
def test_one_that_is_denied_after_it_was_believed_is_shown_again_so_often_and_no_more(
    kind: str,
) -> None:
    edge = Edge()
    seat = edge.sit()
    edge.deny(seat, kind)
    began = edge.now
    for _ in range(MOST_FAILURES - (kind == "collect")):  # that was a failure already
        shown = edge.rested()
        edge.refuse(shown, MailRefusal.DENIED, "It sits elsewhere.")
        denied = edge.ask(seat)
        assert edge.answers(seat)[denied] == "denied"
    assert 300.0 < edge.now - began < 400.0
    while (at := edge.core.next_timer()) is not None:
        edge.wait(at - edge.now)
        assert edge.next() is None
    edge.ask(seat)
    assert edge.kind() == "attend"


def test_what_stays_denied_for_another_reason_has_it_shown_ever_more_seldom() -> None:
    edge = Edge()
    seat = edge.sit()

    def rest() -> float:
        edge.deny(seat)
        began = edge.now
        edge.answer(edge.rested(), {})
        edge.serve()
        return edge.now - began

    assert [rest() for _ in range(7)] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    edge.wait(LONGEST_REST)
    assert rest() == FIRST_REST
    edge.deny(seat)
    edge.core.rise(seat)
    assert edge.kind() == "leave", "the authority may believe it still"


def test_an_authority_that_cannot_look_now_is_asked_again() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    waits = edge.ask(seat)
    for rest in (1, 2, 4):
        shown = edge.next()
        assert shown is not None
        edge.refuse(shown, MailRefusal.UNAVAILABLE)
        assert edge.next() is None
        at = edge.core.next_timer()
        assert at == edge.now + rest * FIRST_REST
        edge.wait(at - edge.now)
    assert edge.answers(seat) == {waits: "unavailable"}
    assert edge.serve() == ["attend", "collect"]


def test_post_is_brought_once_and_more_of_it_once_it_is_taken() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    assert edge.serve(item(3), item(4)) == ["attend", "collect"]
    assert [each["items"] for each in edge.posts(seat)] == [[item(3), item(4)]]
    edge.nudge()
    edge.nudge()
    assert edge.serve() == [], "it has not taken what it has"
    edge.ask(seat, TAKEN | {"upto": 3})
    assert edge.serve() == ["taken"], "nor has it now: 4 is still there"
    edge.ask(seat, TAKEN | {"upto": 4})
    assert edge.serve(item(5)) == ["taken", "collect"], "two nudges are one look"
    edge.ask(seat, TAKEN | {"upto": 5})
    assert edge.serve() == ["taken"], "nothing more was announced"
    edge.nudge()
    assert edge.serve() == ["collect"]


def test_a_nudge_while_post_is_under_way_is_remembered() -> None:
    edge = Edge()
    edge.sit(shown=False)
    shown = edge.next()
    assert shown is not None
    edge.answer(shown, {})
    collect = edge.next()
    assert collect is not None
    edge.nudge()
    assert edge.next() is None, "one look at a time"
    edge.answer(collect, {"items": [], "more": False})
    assert edge.kind() == "collect"


def test_a_taken_that_is_refused_takes_nothing() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    edge.serve(item(1))
    edge.nudge()
    edge.ask(seat, TAKEN | {"upto": 1})
    message = edge.next()
    assert message is not None
    edge.refuse(message, MailRefusal.UNAVAILABLE)
    assert edge.next() is None
    edge.wait(FIRST_REST)
    assert edge.serve(item(1)) == ["collect"], "the same is brought again"
    assert len(edge.posts(seat)) == 2


def test_post_whose_taken_was_lost_with_the_channel_is_brought_again() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    edge.serve(item(1))
    edge.ask(seat, TAKEN | {"upto": 1})
    assert edge.kind() == "taken"
    edge.core.closed()
    edge.core.opened(edge.now)
    edge.frames()
    assert edge.serve(item(1)) == ["attend", "collect"]


def test_post_is_cut_so_that_calls_need_not_wait_for_long() -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    many = [item(number, LARGEST_POST // 8) for number in range(1, 20)]
    edge.serve(*many)
    (post,) = edge.posts(seat)
    assert post["more"]
    assert 1 < len(post["items"]) < 8
    last = post["items"][-1]["number"]
    edge.ask(seat, TAKEN | {"upto": last})
    assert edge.serve(item(last + 1, 2 * LARGEST_POST), item(last + 2)) == ["taken", "collect"]
    assert [each["number"] for each in edge.posts(seat)[1]["items"]] == [last + 1]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"items": 5, "more": False},
        {"items": [5], "more": False},
        {"items": [{"number": 0}], "more": False},
        {"items": [{"number": 2}, {"number": 2}], "more": False},
        {"items": [{"number": True}], "more": False},
    ],
)
def test_post_that_is_none_is_asked_for_again_later(answer: dict[str, object]) -> None:
    edge = Edge()
    seat = edge.sit(shown=False)
    shown = edge.next()
    assert shown is not None
    edge.answer(shown, {})
    collect = edge.next()
    assert collect is not None
    edge.answer(collect, answer)
    assert edge.posts(seat) == []
    assert edge.next() is None
    edge.wait(FIRST_REST)
    assert edge.serve(item(1)) == ["collect"]
    assert len(edge.posts(seat)) == 1


def test_what_nobody_asked_is_left_out() -> None:
    edge = Edge()
    seat = edge.sit()
    for answer in (MailAnswer(999, {}), MailAnswer(1, {"items": [item(1)], "more": True})):
        edge.core.hear(answer, edge.now)
    edge.nudge("person/nobody/phone")
    edge.frames()
    assert edge.told.get(seat, []) == []
    assert edge.next() is None


def test_asks_die_with_their_seat() -> None:
    edge = Edge()
    seat = edge.sit()
    edge.ask(seat, octets=1_000)
    flying = edge.next()
    edge.ask(seat, octets=1_000)
    again = edge.sit(shown=False)
    edge.core.rise(seat)
    assert flying is not None
    edge.answer(flying, {})
    edge.core.ask(seat, MailAsk(99, dict(DEVICES), 10), edge.now)
    edge.frames()
    assert edge.answers(seat) == {}
    assert edge.core.held == 0
    assert edge.serve() == ["attend", "collect"], "no leave: the device is still here"
    edge.core.rise(again)
    message = edge.next()
    assert message is not None
    assert (message.device, message.request) == (PHONE, {"kind": "leave"})
    edge.answer(message, {})
    assert edge.next() is None
    edge.core.rise(again)
    assert edge.next() is None


def test_one_who_asks_much_keeps_nobody_waiting() -> None:
    edge = Edge()
    seats = [edge.sit(f"person/p{each}/phone") for each in range(2 * MOST_OF_ALL)]
    for seat in seats[:-1]:
        for _ in range(MOST_UNANSWERED):
            edge.ask(seat)
    edge.ask(seats[-1])
    told = []
    while (message := edge.next()) is not None:
        told.append(message)
        if len(told) > MOST_OF_ALL:
            break
    assert len(told) == MOST_OF_ALL
    assert len({each.device for each in told}) == MOST_OF_ALL, "each has one before any has two"
    for message in told:
        edge.answer(message, {})
    devices = [message.device for _ in range(MOST_OF_ALL) if (message := edge.next())]
    assert f"person/p{2 * MOST_OF_ALL - 1}/phone" in devices


def test_post_takes_the_way_of_few_at_a_time_and_asks_go_before_it() -> None:
    edge = Edge()
    seats = [edge.sit(f"person/p{each}/phone", shown=False) for each in range(10)]
    shown = [message for _ in seats if (message := edge.next())]
    for message in shown:
        edge.answer(message, {})
    edge.ask(seats[-1])
    kinds = [kind for _ in range(20) if (kind := edge.kind())]
    assert kinds == ["devices"] + ["collect"] * MOST_COLLECTING


def test_a_site_holds_so_much_and_room_is_left_for_small_asks() -> None:
    edge = Edge()
    large = 384 << 10
    codes: list[str] = []
    for number in range(100):
        seat = edge.sit(f"person/p{number}/phone", shown=False)
        edge.ask(seat, octets=large)
        codes += edge.answers(seat).values()
    assert edge.core.held <= MOST_HELD // 2
    assert set(codes) == {"unavailable"}
    seat = edge.sit("person/small/phone", shown=False)
    edge.ask(seat, octets=4_000)
    assert edge.answers(seat) == {}


def test_what_is_not_answered_in_time_is_answered_here() -> None:
    edge = Edge()
    seat = edge.sit()
    flying = edge.ask(seat)
    message = edge.next()
    assert edge.core.next_timer() is not None
    edge.wait(ANSWER_SECONDS - 1.0)
    assert edge.answers(seat) == {}
    edge.wait(1.0)
    assert edge.answers(seat) == {flying: "unavailable"}
    assert message is not None
    edge.answer(message, {})
    assert len(edge.answers(seat)) == 1
    # One that never had its turn: the authority does not even look at attendances.
    other = edge.sit(TABLET, shown=False)
    assert edge.kind() == "attend"
    waits = edge.ask(other)
    edge.wait(bounds.WAIT_SECONDS)
    assert edge.answers(other) == {waits: "unavailable"}
    assert edge.core.held == 0
    edge.wait(OWN_ANSWER_SECONDS)
    edge.wait(FIRST_REST)
    assert edge.serve() == ["attend", "collect"]


def test_whatever_happens_every_ask_has_one_answer_and_nothing_is_kept() -> None:
    chance = random.Random(0x8A1)  # noqa: S311 - it mixes events
    for _ in range(60):
        edge = Edge()
        people = [f"person/p{each}/phone" for each in range(5)]
        seats: dict[int, set[int]] = {}
        here: dict[str, int] = {}
        flying: list[MailRequest] = []
        is_open = True
        for _ in range(200):
            step = chance.randrange(9)
            if step == 0:
                device = chance.choice(people)
                here[device] = edge.sit(device, shown=False)
                seats[here[device]] = set()
            elif step == 1 and here and chance.random() < 0.3:
                edge.core.rise(here.pop(chance.choice(list(here))))
            elif step == 2 and chance.random() < 0.2:
                is_open = not is_open
                flying.clear()
                (edge.core.opened(edge.now) if is_open else edge.core.closed())
                edge.frames()
            elif step in {3, 4} and here:
                seat = chance.choice(list(here.values()))
                upto = chance.randrange(20)
                kinds: list[dict[str, object]] = [DEVICES, TAKEN | {"upto": upto}, {}]
                seats[seat].add(edge.ask(seat, chance.choice(kinds)))
            elif step in {5, 6} and (message := edge.next()) is not None:
                flying.append(message)
            elif step == 7 and flying:
                message = flying.pop(chance.randrange(len(flying)))
                if chance.random() < 0.2:
                    edge.refuse(message, chance.choice(list(MailRefusal)))
                elif message.request["kind"] == "collect":
                    edge.answer(message, {"items": [item(chance.randrange(1, 20))], "more": True})
                else:
                    edge.answer(message, {})
            elif step == 8:
                edge.nudge(chance.choice(people))
                edge.wait(chance.choice((0.01, 1.0, 30.0)))
        edge.core.closed()
        edge.frames()
        assert edge.core.held == 0
        assert edge.next() is None
        for seat, asked in seats.items():
            answered = edge.answers(seat).keys()
            assert answered == asked if seat in here.values() else answered <= asked
