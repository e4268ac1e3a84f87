"""The order of commits: one for each epoch, one signed notice, nothing twice."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from authority.mail.post import ANNAS, BRUNOS, DAY, MARIOS, PHONE, Post, code_of, group_id
from authority.officers import State
from baluardo.authority.mail import room
from baluardo.authority.mail.limits import EPOCHS_KEPT
from baluardo.authority.mail.order import Word, word_for
from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.authority.store import schema
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_items import ItemKind
from baluardo.protocol.mail_notice import verify_notice
from baluardo.protocol.mail_requests import Begin, Commit, Conversation
from baluardo.trust.digest import digest_256

pytest_plugins = ["authority.officers_fixtures"]

WAIT = 60.0


@pytest.fixture
def post(any_country: State) -> Post:
    return Post(any_country)


def change(group: str, epoch: int, octets: bytes = b"commit", *to: str) -> Commit:
    return Commit(group, epoch, octets, to or (BRUNOS,), b"", ())


def test_a_commit_is_named_delivered_and_signed_for(post: Post) -> None:
    group, state = post.begun(), post.state
    first = Commit(group, 0, b"first", (), b"welcome", (BRUNOS, PHONE))
    notice = post.ask(ANNAS, first).notice
    told = verify_notice(notice, post.store.issuing.verifier(), state.calendar.now)
    assert (told.group, told.epoch, told.orderer) == (group, 0, post.orderer)
    assert told.commit == digest_256(b"first").hex()
    assert told.at == int(state.calendar.now * 1_000)
    (welcome,) = post.waiting(BRUNOS)
    assert (welcome.kind, welcome.octets, welcome.notice) == (ItemKind.WELCOME, b"welcome", None)
    second = Commit(group, 1, b"second", (BRUNOS, PHONE), b"", ())
    notice = post.ask(ANNAS, second).notice
    item = post.waiting(BRUNOS)[1]
    assert (item.kind, item.octets, item.notice) == (ItemKind.COMMIT, b"second", notice)
    assert json.loads(notice.payload)["epoch"] == "1"
    assert post.ask(BRUNOS, Conversation("person/anna.rossi")).epoch == 2


def test_the_same_commit_again_gets_the_same_notice_and_is_delivered_once(post: Post) -> None:
    group = post.begun()
    notice = post.ask(ANNAS, change(group, 0)).notice
    assert post.ask(ANNAS, change(group, 0)).notice == notice
    post.ask(BRUNOS, change(group, 1, b"later", ANNAS))
    assert post.ask(ANNAS, change(group, 0)).notice == notice
    assert len(post.waiting(BRUNOS)) == 1
    for epoch, octets in ((0, b"another"), (1, b"commit"), (3, b"ahead")):
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(ANNAS, change(group, epoch, octets))
        assert code_of(refusal) is MailRefusal.STALE
    assert len(post.waiting(BRUNOS)) == 1


def test_of_two_commits_at_once_exactly_one_is_named(post: Post) -> None:
    group = post.begun()
    outcomes: list[Any] = []

    def propose(who: str, octets: bytes, to: str) -> None:
        try:
            outcomes.append(post.ask(who, change(group, 0, octets, to)).notice)
        except MailRefusedError as refusal:
            outcomes.append(refusal.code)

    threads = [
        threading.Thread(target=propose, args=(who, f"{who} {turn}".encode(), to))
        for turn in range(6)
        for who, to in ((ANNAS, BRUNOS), (BRUNOS, ANNAS))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    named = [each for each in outcomes if each is not MailRefusal.STALE]
    assert (len(outcomes), len(named)) == (12, 1)
    delivered = [*post.waiting(ANNAS), *post.waiting(BRUNOS)]
    assert [each.notice for each in delivered] == named
    rows = post.store.read_blocking(lambda c: c.execute(select(schema.mail_order)).all())
    assert len(rows) == 1


def test_a_commit_that_finds_a_mailbox_full_leaves_the_epoch_open(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = post.begun()
    with monkeypatch.context() as patch:
        patch.setattr(room, "MOST_OCTETS", 1_000)
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(ANNAS, change(group, 0))
        assert code_of(refusal) is MailRefusal.FULL
    assert post.ask(BRUNOS, Conversation("person/anna.rossi")).epoch == 0
    post.ask(BRUNOS, change(group, 0, b"another", ANNAS))


def test_nobody_commits_for_others_or_to_others(post: Post) -> None:
    group = post.begun()
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(ANNAS, Commit(group, 0, b"x", (), b"w", (MARIOS,)))
    assert code_of(refusal) is MailRefusal.UNKNOWN
    for request in (
        Commit(group, 0, b"x", (ANNAS,), b"", ()),
        Commit(group, 0, b"x", (), b"w", (ANNAS,)),
    ):
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(ANNAS, request)
        assert code_of(refusal) is MailRefusal.MALFORMED


def test_a_group_that_does_not_stand_is_ordered_no_more(post: Post) -> None:
    group = post.begun()
    post.ask(ANNAS, change(group, 0))
    post.ask(BRUNOS, Begin("person/anna.rossi", group_id(), group))
    for epoch in (0, 1):
        with pytest.raises(MailRefusedError) as refusal:
            post.ask(ANNAS, change(group, epoch))
        assert code_of(refusal) is MailRefusal.STALE


def test_notices_of_the_latest_epochs_are_kept(post: Post) -> None:
    group = post.begun()
    for epoch in range(EPOCHS_KEPT + 3):
        post.ask(ANNAS, change(group, epoch, b"%d" % epoch))
        post.take(BRUNOS, epoch + 1)
    rows = post.store.read_blocking(lambda c: c.execute(select(schema.mail_order)).all())
    assert sorted(row.epoch for row in rows) == list(range(3, EPOCHS_KEPT + 3))
    post.ask(ANNAS, change(group, 3, b"3"))
    with pytest.raises(MailRefusedError) as refusal:
        post.ask(ANNAS, change(group, 2, b"2"))
    assert code_of(refusal) is MailRefusal.STALE


def test_a_notice_is_handed_out_with_a_certificate_that_lasts(post: Post) -> None:
    """The authority's own certificate lives thirty days, and so does what waits."""
    state, group = post.state, post.begun()
    post.later(19 * DAY, ANNAS, BRUNOS)
    first = post.ask(ANNAS, change(group, 0)).notice
    post.later(21 * DAY)
    renewed = post.store.act_blocking(
        lambda t: t.issuing.service_credential(state.authority.access, t.now)
    )
    state.authority.credential = renewed
    now = state.calendar.now
    found = [post.waiting(BRUNOS)[0].notice, post.ask(ANNAS, change(group, 0)).notice]
    for notice in found:
        assert notice is not None
        assert notice.payload == first.payload
        assert verify_notice(notice, post.store.issuing.verifier(), now).epoch == 0


class Orderer:
    """What the rule makes of commits, kept as the tables keep it."""

    def __init__(self) -> None:
        self.standing = 0
        self.named: dict[int, str] = {}

    def hear(self, epoch: int, commit: str) -> Word:
        word = word_for(epoch, commit, self.standing, self.named.get(epoch))
        if word is Word.NAMED:
            self.named[epoch] = commit
            self.standing = epoch + 1
        return word


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abc")), max_size=60))
@settings(deadline=None)
def test_whatever_comes_in_whatever_order_one_commit_ends_an_epoch(
    heard: list[tuple[int, str]],
) -> None:
    orderer, first = Orderer(), dict[int, str]()
    for epoch, commit in heard:
        standing = orderer.standing
        word = orderer.hear(epoch, commit)
        if word is Word.NAMED:
            assert epoch == standing
            assert epoch not in first
            first[epoch] = commit
        elif word is Word.AGAIN:
            assert first[epoch] == commit
        else:
            assert epoch > standing or first.get(epoch) != commit
    assert orderer.named == first
    assert sorted(first) == list(range(orderer.standing))
