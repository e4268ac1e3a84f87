"""What one person's devices may have waiting in all mailboxes together, over both databases."""

from __future__ import annotations

from contextlib import suppress

import pytest

from authority.mail.post import ANNAS, BRUNO, BRUNOS, MARIO, MARIOS, PHONE, Post, code_of
from authority.officers import State
from baluardo.authority.mail import room
from baluardo.authority.mail.boxes import count_items
from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.protocol.mail_answers import MailRefusal

pytest_plugins = ["authority.officers_fixtures"]


@pytest.fixture
def post(any_country: State) -> Post:
    return Post(any_country)


def test_one_person_fills_so_much_of_all_mailboxes_together(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    bruno, mario = post.begun(), post.begun(ANNAS, MARIO)
    other = post.begun(MARIOS, BRUNO)
    for name, most, octets in (
        ("MOST_ITEMS_OF_ONE", 3, b"x"),
        ("MOST_OCTETS_OF_ONE", 30, bytes(10)),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(room, name, most)
            post.sent(bruno, BRUNOS, octets=octets)
            post.sent(mario, MARIOS, sender=PHONE, octets=octets)
            post.sent(mario, MARIOS, octets=octets)
            for group, to in ((bruno, BRUNOS), (mario, MARIOS)):
                with pytest.raises(MailRefusedError, match="in all mailboxes together") as refusal:
                    post.sent(group, to, octets=octets)
                assert code_of(refusal) is MailRefusal.FULL
            post.sent(other, BRUNOS, sender=MARIOS, octets=octets)  # what others send is theirs
            post.take(MARIOS)
            post.sent(bruno, BRUNOS, octets=octets)
            for each in (BRUNOS, MARIOS):
                post.take(each)


def test_nobody_with_many_devices_uses_up_what_somebody_may_have_waiting(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bruno's devices take nothing, and Anna's answer each of them: she still writes to Mario."""
    devices = [BRUNOS, *(f"{BRUNO}/tablet{number}" for number in range(3))]
    for each in devices[1:]:
        post.state.enrol(each)
    monkeypatch.setattr(room, "MOST_ITEMS", 8)
    monkeypatch.setattr(room, "MOST_ITEMS_OF_ONE", 12)
    bruno, mario = post.begun(), post.begun(ANNAS, MARIO)
    sent = 0
    for device in devices:
        for _ in range(4):
            with suppress(MailRefusedError):
                post.sent(bruno, device)
                sent += 1
    assert sent == 8
    post.sent(mario, MARIOS)
    post.take(BRUNOS)
    post.sent(bruno, *devices)  # what lies in drawers gives way, as one of them takes
    assert post.store.read_blocking(count_items)[0] == 8
