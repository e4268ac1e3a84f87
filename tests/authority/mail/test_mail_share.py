"""What one person's devices may have waiting in all mailboxes together, over both databases."""

from __future__ import annotations

import pytest

from authority.mail.post import ANNAS, BRUNO, BRUNOS, MARIO, MARIOS, PHONE, Post, code_of
from authority.officers import State
from baluardo.authority.mail import room
from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_requests import Taken

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
            post.ask(MARIOS, Taken(99))
            post.sent(bruno, BRUNOS, octets=octets)
            for each in (BRUNOS, MARIOS):
                post.ask(each, Taken(99))
