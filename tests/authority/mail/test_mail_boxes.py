"""Mailboxes, key packages and messages at the post office, over both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from authority.mail.post import (
    ANNA,
    ANNAS,
    BRUNO,
    BRUNOS,
    DAY,
    MARIO,
    MARIOS,
    PHONE,
    ROME,
    SHIP,
    THE_FIRST,
    Post,
    attendance,
    code_of,
    group_id,
    message_id,
    taken,
)
from authority.officers import State
from baluardo.authority.mail import conversations, room
from baluardo.authority.mail.boxes import boxes_after, count_items, newest_arrival
from baluardo.authority.mail.leaving import devices_with_mail, empty_unfit, erase_mail, expire
from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.authority.mail.seats import verify_seat
from baluardo.authority.store import schema
from baluardo.errors import CertificateError, InvalidInputError, RevokedError
from baluardo.protocol.mail_answers import Begun, KnownDevice, MailRefusal
from baluardo.protocol.mail_items import ItemKind
from baluardo.protocol.mail_requests import (
    Begin,
    Collect,
    Commit,
    Conversation,
    Devices,
    Packages,
    Publish,
    Send,
)

pytest_plugins = ["authority.officers_fixtures"]


@pytest.fixture
def post(any_country: State) -> Post:
    return Post(any_country)


def test_what_a_site_altered_on_its_way_leaves_nothing_out_of_the_mailbox(post: Post) -> None:
    """The device signs what it was brought: a site makes that something else, or less."""
    group = post.begun()
    for octets in (b"one", b"two", b"three"):
        post.sent(group, BRUNOS, octets=octets)
    items = post.waiting(BRUNOS)
    one, two, three = items
    meddled = {
        "octets": [one, replace(two, octets=b"2"), three],
        "sender": [one, replace(two, sender=MARIOS), three],
        "group": [one, replace(two, group=group_id()), three],
        "time": [one, replace(two, at=two.at + 1), three],
        "kind": [one, replace(two, kind=ItemKind.WELCOME), three],
        "left out": [one, three],
        "nothing but the last": [three],
        "in another order": [two, one, three],
        "twice": [one, one, two, three],
        "a number ahead": [one, two, replace(three, number=99)],
        "a number of another": [replace(two, number=1)],
        "more": [*items, replace(three, number=4)],
    }
    for how, brought in meddled.items():
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(BRUNOS, taken(brought))
        assert code_of(refusal) is MailRefusal.STALE, how
        assert post.waiting(BRUNOS) == items, how
    post.ask(BRUNOS, taken(items[:2]))
    post.ask(BRUNOS, taken(items[:2]))  # whose answer was lost
    assert post.waiting(BRUNOS) == [three]


def test_what_came_meanwhile_stays_and_a_new_seat_is_handed_out_everything_again(
    post: Post,
) -> None:
    group = post.begun()
    post.sent(group, BRUNOS, octets=b"one")
    kept = taken(post.waiting(BRUNOS))
    post.sent(group, BRUNOS, octets=b"two")
    post.seats[BRUNOS] = post.sit(BRUNOS, at=post.state.calendar.now + 1.0)
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(BRUNOS, kept)
    assert code_of(refusal) is MailRefusal.STALE
    assert [each.octets for each in post.waiting(BRUNOS)] == [b"one", b"two"]
    post.ask(BRUNOS, kept)
    assert [each.octets for each in post.waiting(BRUNOS)] == [b"two"]


def test_a_message_waits_until_it_is_taken_and_numbers_rise(post: Post) -> None:
    group = post.begun()
    at = post.sent(group, BRUNOS, PHONE, octets=b"one")
    post.sent(group, BRUNOS, octets=b"two")
    one, two = post.waiting(BRUNOS)
    assert (one.number, one.sender, one.kind, one.group) == (1, ANNAS, ItemKind.MESSAGE, group)
    assert (one.at, one.octets, one.notice, two.octets) == (at, b"one", None, b"two")
    assert [each.octets for each in post.waiting(PHONE)] == [b"one"]
    post.take(BRUNOS, one.number)
    assert post.waiting(BRUNOS) == [two]
    post.take(BRUNOS, two.number)
    post.take(BRUNOS)
    assert post.waiting(BRUNOS) == []
    post.sent(group, BRUNOS, octets=b"three")
    assert [each.number for each in post.waiting(BRUNOS)] == [3]
    assert len(post.waiting(PHONE)) == 1
    assert post.store.read_blocking(count_items) == (2, len(b"one" + b"three"))


def test_the_same_message_again_is_delivered_once(post: Post) -> None:
    group = post.begun()
    request = Send(message_id(), group, (BRUNOS,), b"text")
    first = post.ask(ANNAS, request)
    post.state.calendar.now += 60.0
    assert post.ask(ANNAS, request) == first
    assert post.ask(ANNAS, replace(request, octets=b"other")) == first
    assert [each.octets for each in post.waiting(BRUNOS)] == [b"text"]
    post.take(BRUNOS, 1)
    assert post.ask(ANNAS, request) == first  # also when it is long taken
    assert post.waiting(BRUNOS) == []
    post.ask(BRUNOS, replace(request, to=(ANNAS,)))  # another's id is another message
    assert len(post.waiting(ANNAS)) == 1


def test_nobody_writes_into_a_conversation_of_others(post: Post) -> None:
    group = post.begun()
    told = []
    for asked in (group, group_id()):
        for request in (
            Send(message_id(), asked, (BRUNOS,), b"text"),
            Commit(asked, 0, b"commit", (BRUNOS,), b"", ()),
        ):
            with pytest.raises(MailRefusedError) as refusal:
                post.ask(MARIOS, request)
            told.append((code_of(refusal), str(refusal.value)))
    assert len(set(told)) == 1  # whether there is such a conversation is not told
    assert told[0][0] is MailRefusal.UNKNOWN
    for to in ((MARIOS,), (BRUNOS, MARIOS)):
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(ANNAS, Send(message_id(), group, to, b"text"))
        assert code_of(refusal) is MailRefusal.UNKNOWN
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(ANNAS, Send(message_id(), group, (ANNAS,), b"text"))
    assert code_of(refusal) is MailRefusal.MALFORMED
    assert [post.waiting(each) for each in (ANNAS, BRUNOS, MARIOS)] == [[], [], []]
    assert post.ask(MARIOS, Conversation(ANNA)).group == ""


def test_one_person_fills_half_a_mailbox_and_another_the_rest(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_ITEMS", 6)
    anna, mario = post.begun(), post.begun(MARIOS, BRUNO)
    for sender in (ANNAS, PHONE, ANNAS):
        post.sent(anna, BRUNOS, sender=sender)
    for sender in (ANNAS, PHONE):  # her devices count together
        with pytest.raises(MailRefusedError, match="of yours") as refusal:
            post.sent(anna, BRUNOS, sender=sender)
        assert code_of(refusal) is MailRefusal.FULL
    with pytest.raises(MailRefusedError, match=BRUNOS):
        post.sent(anna, PHONE, BRUNOS)
    assert post.waiting(PHONE) == []  # to all of them, or to none
    for _ in range(3):
        post.sent(mario, BRUNOS, sender=MARIOS)
    post.take(BRUNOS, 3)
    post.sent(anna, PHONE, BRUNOS)
    assert len(post.waiting(BRUNOS)) == 4


def test_a_device_that_takes_nothing_keeps_nobody_from_writing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her phone lies in a drawer: his oldest messages to it give way, and nothing else."""
    monkeypatch.setattr(room, "MOST_ITEMS", 8)
    group, other = post.begun(), post.begun(MARIOS, ANNA)
    post.sent(other, PHONE, ANNAS, sender=MARIOS, octets=b"mario")
    post.ask(BRUNOS, Commit(group, 0, b"commit", (ANNAS, PHONE), b"", ()))
    for number in range(6):
        post.sent(group, ANNAS, PHONE, sender=BRUNOS, octets=b"%d" % number)
        post.take(ANNAS)
    left = [(each.number, each.octets) for each in post.waiting(PHONE)]
    assert left == [(1, b"mario"), (2, b"commit"), (6, b"3"), (7, b"4"), (8, b"5")]
    post.sent(group, PHONE, BRUNOS)  # her own share of it, from her other device
    with pytest.raises(MailRefusedError) as refusal:  # to the drawer alone: he is told
        post.sent(group, PHONE, sender=BRUNOS)
    assert code_of(refusal) is MailRefusal.FULL
    for epoch in range(1, 4):
        post.ask(BRUNOS, Commit(group, epoch, b"commit", (ANNAS, PHONE), b"", ()))
        post.take(ANNAS)
    with pytest.raises(MailRefusedError) as refusal:  # commits alone fill his share
        post.sent(group, ANNAS, PHONE, sender=BRUNOS)
    assert code_of(refusal) is MailRefusal.FULL


def test_a_mailbox_is_bounded_in_octets(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_OCTETS", 2_000)
    group = post.begun()
    post.sent(group, BRUNOS, octets=bytes(600))
    with pytest.raises(MailRefusedError) as refusal:
        post.sent(group, BRUNOS, octets=bytes(401))
    assert code_of(refusal) is MailRefusal.FULL
    post.sent(group, BRUNOS, octets=bytes(400))


def test_what_is_collected_at_once_is_bounded(post: Post) -> None:
    group = post.begun()
    for size in (70_000, 70_000, 70_000, 1, 2):
        post.sent(group, BRUNOS, octets=bytes(size))
    found, pages = [], 0
    while True:
        told = post.ask(BRUNOS, Collect())
        assert told == post.ask(BRUNOS, Collect())  # it removes nothing
        found += [(each.number, len(each.octets)) for each in told.items]
        pages += 1
        post.take(BRUNOS, told.items[-1].number)
        if not told.more:
            break
    assert pages == 2
    assert found == [(1, 70_000), (2, 70_000), (3, 70_000), (4, 1), (5, 2)]


def test_after_thirty_days_everything_leaves(post: Post) -> None:
    calendar, begin = post.state.calendar, post.state.calendar.now
    group = post.begun()
    request = Send(message_id(), group, (BRUNOS,), b"old")
    post.ask(ANNAS, request)
    post.later(20 * DAY, ANNAS, BRUNOS)
    post.sent(group, BRUNOS, octets=b"young")
    calendar.now = begin + 30 * DAY - 1.0
    assert [each.octets for each in post.waiting(BRUNOS)] == [b"old", b"young"]
    assert not post.store.act_blocking(expire)
    assert post.store.read_blocking(count_items)[0] == 2
    calendar.now = begin + 30 * DAY
    assert [each.octets for each in post.waiting(BRUNOS)] == [b"young"]  # also before it is looked
    assert not post.store.act_blocking(expire)
    assert post.store.read_blocking(count_items)[0] == 1
    assert len(_sent(post)) == 1  # what is forgotten too is that it was sent


def _sent(post: Post) -> list[object]:
    query = select(schema.mail_sent)
    return list(post.store.read_blocking(lambda connection: connection.execute(query).all()))


def test_expiry_goes_in_portions(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baluardo.authority.mail.leaving.ROWS_AT_ONCE", 2)
    group = post.begun()
    for _ in range(5):
        post.sent(group, BRUNOS)
    post.state.calendar.now += 30 * DAY
    turns = 0
    while post.store.act_blocking(expire):
        turns += 1
    assert turns == 2
    assert post.store.read_blocking(count_items) == (0, 0)


def test_a_revoked_device_has_no_mailbox(post: Post) -> None:
    state, group = post.state, post.begun()
    post.ask(BRUNOS, Publish((b"package",), b"last"))
    post.sent(group, BRUNOS, PHONE)
    held = post.store.read_blocking(devices_with_mail)
    assert sorted(held) == [PHONE, BRUNOS]
    state.take_back(BRUNO)
    assert post.store.read_blocking(devices_with_mail) == [PHONE]
    with pytest.raises(MailRefusedError) as refusal:
        post.waiting(BRUNOS)
    assert code_of(refusal) is MailRefusal.DENIED
    with pytest.raises(RevokedError):
        post.sit(BRUNOS)
    post.sent(group, BRUNOS, PHONE)  # it is left out
    assert post.store.read_blocking(devices_with_mail) == [PHONE]
    assert len(post.waiting(PHONE)) == 2
    assert post.ask(ANNAS, Packages((BRUNOS,))).packages == ()
    assert post.ask(ANNAS, Devices((BRUNO,))).devices == ()
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(MARIOS, Begin(BRUNO, group_id(), ""))
    assert code_of(refusal) is MailRefusal.UNKNOWN


def test_a_device_whose_certificate_has_ended_has_no_mailbox(post: Post) -> None:
    group = post.begun()
    post.state.calendar.now += 29 * DAY
    post.sent(group, BRUNOS)
    post.state.calendar.now += 2 * DAY
    with pytest.raises(MailRefusedError) as refusal:
        post.waiting(BRUNOS)
    assert code_of(refusal) is MailRefusal.DENIED
    held = post.store.read_blocking(devices_with_mail)
    assert held == [BRUNOS]
    post.store.act_blocking(lambda transaction: empty_unfit(transaction, held))
    assert post.store.read_blocking(count_items) == (0, 0)


def test_the_newest_attendance_counts_at_every_site(post: Post) -> None:
    now, group = post.state.calendar.now, post.begun()
    post.sent(group, BRUNOS)
    there = post.sit(BRUNOS, SHIP, now + 10)
    assert len(post.ask(there, Collect()).items) == 1
    for request in (
        Collect(),
        THE_FIRST,
        Send(message_id(), group, (ANNAS,), b"x"),
        Publish((), b""),
    ):
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(BRUNOS, request)  # where it sat before
        assert code_of(refusal) is MailRefusal.DENIED
    for at in (now, now + 9, now + 10):  # replayed by the other site's edge
        with pytest.raises(MailRefusedError) as refusal:
            post.sit(BRUNOS, ROME, at)
        assert code_of(refusal) is MailRefusal.DENIED
    post.sit(BRUNOS, SHIP, now + 10)  # the same once more, over another channel
    back = post.sit(BRUNOS, ROME, now + 20)
    assert len(post.ask(back, Collect()).items) == 1
    with pytest.raises(MailRefusedError):
        post.ask(there, Collect())


def test_a_seat_of_before_the_device_went_elsewhere_counts_no_more_when_it_is_back(
    post: Post,
) -> None:
    now, before, group = post.state.calendar.now, post.seats[BRUNOS], post.begun()
    post.sent(group, BRUNOS)
    newer = post.sit(BRUNOS, ROME, now + 5)  # another channel of the same site
    for seat in (before, newer):
        assert len(post.ask(seat, Collect()).items) == 1
    post.sit(BRUNOS, SHIP, now + 10)
    back = post.sit(BRUNOS, ROME, now + 20)
    for seat in (before, newer):
        for request in (Collect(), THE_FIRST):
            with pytest.raises(MailRefusedError) as refusal:
                post.ask(seat, request)
            assert code_of(refusal) is MailRefusal.DENIED
    again = post.sit(BRUNOS, ROME, now + 10)  # an older word of the site where it sits is good
    for seat in (back, again):
        assert len(post.ask(seat, Collect()).items) == 1


def test_an_attendance_is_of_the_device_and_of_the_site_that_brings_it(post: Post) -> None:
    state, now = post.state, post.state.calendar.now
    verifier, word = post.store.issuing.verifier(), attendance(state.devices[ANNAS], ROME, now)
    with pytest.raises(MailRefusedError) as refusal:
        verify_seat(word, verifier, now, ROME, BRUNOS)
    assert code_of(refusal) is MailRefusal.DENIED
    with pytest.raises(InvalidInputError, match="attended at"):
        verify_seat(word, verifier, now, SHIP, ANNAS)
    future = attendance(state.devices[ANNAS], ROME, now + 400)
    with pytest.raises(InvalidInputError, match="ahead"):
        verify_seat(future, verifier, now, ROME, ANNAS)
    with pytest.raises(CertificateError):
        verify_seat(word, verifier, now + 40 * DAY, ROME, ANNAS)


def test_a_one_time_package_is_given_once_and_then_the_last_resort(post: Post) -> None:
    first = Publish((b"one", b"two"), b"last")
    assert post.ask(BRUNOS, first).held == 2
    assert post.ask(BRUNOS, first).held == 2  # the answer was lost: nothing twice
    assert post.ask(ANNAS, Devices((ANNA, BRUNO))).devices == (KnownDevice(BRUNOS, 2),)
    given = [post.ask(ANNAS, Packages((BRUNOS, PHONE))).packages for _ in range(4)]
    assert all(len(each) == 1 for each in given)
    told = [(each.octets, each.last_resort) for (each,) in given]
    assert sorted(told[:2]) == [(b"one", False), (b"two", False)]
    assert told[2:] == [(b"last", True)] * 2
    assert post.ask(ANNAS, Devices((BRUNO,))).devices == (KnownDevice(BRUNOS, 0),)
    assert post.ask(BRUNOS, first).held == 0  # what was given is not taken again
    assert post.ask(BRUNOS, Publish((b"three",), b"newer")).held == 1
    told = [post.ask(ANNAS, Packages((BRUNOS,))).packages[0].octets for _ in range(2)]
    assert told == [b"three", b"newer"]


def test_packages_are_bounded_and_the_last_resort_is_none_of_them(post: Post) -> None:
    for start in (0, 16):
        post.ask(BRUNOS, Publish(tuple(b"%d" % n for n in range(start, start + 16)), b""))
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(BRUNOS, Publish((b"one more",), b"last"))
    assert code_of(refusal) is MailRefusal.FULL
    assert post.ask(BRUNOS, Publish((), b"last")).held == 32
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(BRUNOS, Publish((b"same",), b"same"))
    assert code_of(refusal) is MailRefusal.MALFORMED


def test_packages_of_a_former_certificate_are_given_no_more(post: Post) -> None:
    post.ask(BRUNOS, Publish((b"former",), b"last"))
    post.later(20 * DAY, ANNAS, BRUNOS)
    assert post.ask(BRUNOS, Publish((b"now",), b"")).held == 1
    told = [post.ask(ANNAS, Packages((BRUNOS,))).packages[0].octets for _ in range(2)]
    assert told == [b"now", b"last"]
    post.state.calendar.now += 12 * DAY  # the former certificate has ended
    assert post.ask(ANNAS, Packages((BRUNOS,))).packages == ()


def test_one_group_stands_and_none_begins_twice(post: Post) -> None:
    assert post.ask(ANNAS, Conversation(BRUNO)) == post.ask(BRUNOS, Conversation(ANNA))
    one, two, three = group_id(), group_id(), group_id()
    assert post.ask(ANNAS, Begin(BRUNO, one, "")) == Begun(one, post.orderer)
    assert post.ask(ANNAS, Begin(BRUNO, one, "")) == Begun(one, post.orderer)
    for who, other, group, instead in (
        (BRUNOS, ANNA, two, ""),
        (BRUNOS, ANNA, two, three),
        (MARIOS, BRUNO, one, ""),
        (MARIOS, BRUNO, two, three),
    ):
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(who, Begin(other, group, instead))
        assert code_of(refusal) is MailRefusal.STALE
    assert post.ask(BRUNOS, Begin(ANNA, two, one)).group == two
    assert post.ask(ANNAS, Conversation(BRUNO)).group == two
    with pytest.raises(MailRefusedError) as refusal:
        post.sent(one, BRUNOS)
    assert code_of(refusal) is MailRefusal.STALE
    with pytest.raises(MailRefusedError, match="none begins twice") as refusal:
        post.ask(ANNAS, Begin(BRUNO, one, two))
    assert code_of(refusal) is MailRefusal.STALE
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(ANNAS, Begin(ANNA, three, ""))
    assert code_of(refusal) is MailRefusal.MALFORMED
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(ANNAS, Begin("person/nobody", three, ""))
    assert code_of(refusal) is MailRefusal.UNKNOWN


def test_conversations_of_one_person_are_bounded(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MOST_CONVERSATIONS", 1)
    group = post.begun()
    for who, other in ((ANNAS, MARIO), (MARIOS, ANNA), (MARIOS, BRUNO)):
        with pytest.raises(MailRefusedError) as refusal:
            post.begun(who, other)
        assert code_of(refusal) is MailRefusal.FULL
    post.ask(ANNAS, Begin(BRUNO, group_id(), group))  # the same conversation, another group


def test_what_has_come_is_told_of_by_place(post: Post) -> None:
    group = post.begun()
    assert post.store.read_blocking(newest_arrival) == 0
    post.sent(group, BRUNOS, PHONE)
    post.sent(group, ANNAS, sender=BRUNOS)
    told = post.store.read_blocking(lambda connection: boxes_after(connection, 0))
    assert told == [(BRUNOS, 1), (PHONE, 2), (ANNAS, 3)]
    post.take(BRUNOS)
    post.sent(group, BRUNOS)
    told = post.store.read_blocking(lambda connection: boxes_after(connection, 2))
    assert told == [(ANNAS, 3), (BRUNOS, 4)]


def test_of_an_erased_person_no_mail_is_left(post: Post) -> None:
    group = post.begun()
    post.ask(ANNAS, Publish((b"package",), b"last"))
    post.sent(group, BRUNOS, PHONE)
    post.sent(group, ANNAS, sender=BRUNOS)
    post.store.act_blocking(lambda t: erase_mail(t.connection, "anna.rossi"))
    for table in (each for each in schema.metadata.sorted_tables if each.name.startswith("mail_")):
        rows = post.store.read_blocking(lambda c, table=table: c.execute(select(table)).all())
        assert not any("anna.rossi" in str(value) for row in rows for value in row), table.name
    assert post.waiting(BRUNOS) == []
    with pytest.raises(MailRefusedError):  # its identifier stays used
        post.ask(BRUNOS, Begin(MARIO, group, ""))


def test_what_comes_after_somebody_was_erased_is_told_of(post: Post) -> None:
    post.sent(post.begun(), BRUNOS, PHONE)
    post.sent(post.begun(BRUNOS, MARIO), MARIOS, sender=BRUNOS)
    newest = post.store.read_blocking(newest_arrival)
    post.store.act_blocking(lambda t: erase_mail(t.connection, "mario.riva"))
    post.store.act_blocking(lambda t: erase_mail(t.connection, "anna.rossi"))
    post.sent(post.begun(BRUNOS, MARIO), MARIOS, sender=BRUNOS)
    told = post.store.read_blocking(lambda connection: boxes_after(connection, newest))
    assert told == [(MARIOS, newest + 1)]


def test_the_audit_log_says_nothing_of_messages(post: Post) -> None:
    size = post.store.size
    group = post.begun()
    post.ask(BRUNOS, Publish((b"package",), b"last"))
    post.ask(ANNAS, Packages((BRUNOS,)))
    post.ask(ANNAS, Commit(group, 0, b"commit", (BRUNOS,), b"welcome", (PHONE,)))
    post.sent(group, BRUNOS)
    post.take(BRUNOS, 2)
    assert post.store.size == size
