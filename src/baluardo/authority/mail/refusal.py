"""Why the post office does not do something, with the code that programs go by."""

from __future__ import annotations

from baluardo.errors import RequestError
from baluardo.protocol.mail_answers import MailRefusal


class MailRefusedError(RequestError):
    """Nothing was done; the sentence is for people, the code for their programs."""

    def __init__(self, code: MailRefusal, sentence: str) -> None:
        """Take both."""
        super().__init__(sentence)
        self.code = code


def denied(sentence: str) -> MailRefusedError:
    """Return that who asks is not believed, or may not."""
    return MailRefusedError(MailRefusal.DENIED, sentence)


def malformed(sentence: str) -> MailRefusedError:
    """Return that it makes no sense."""
    return MailRefusedError(MailRefusal.MALFORMED, sentence)


def full(sentence: str) -> MailRefusedError:
    """Return that there is no room, or no allowance left."""
    return MailRefusedError(MailRefusal.FULL, sentence)


def stale(sentence: str) -> MailRefusedError:
    """Return that something else stands by now."""
    return MailRefusedError(MailRefusal.STALE, sentence)


def unknown(sentence: str) -> MailRefusedError:
    """Return that there is no such thing, for the one who asks."""
    return MailRefusedError(MailRefusal.UNKNOWN, sentence)
