"""What doors of people answer. Times are POSIX seconds; certificates are base64 of DER."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from baluardo.authority.acts.invitations import InvitationMade
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.certificate import Chain


class Me(BaseModel):
    """What a person is told of themselves."""

    person: str
    display_name: str
    roles: list[str]
    ceiling: str
    """Highest precedence (RFC 4412 dsn)."""
    territory: list[str]
    device: str | None
    """The device that has opened a channel; null for a browser."""
    fresh_until: float
    expires: float
    break_glass: bool


class BrokenGlass(BaseModel):
    """Somebody works with an emergency code."""

    by: str
    """Empty for who is not signed in."""
    until: float


class Pretended(BaseModel):
    """Somebody whom one may be in a demonstration."""

    person: str
    display_name: str
    roles: list[str]


class StateAnswer(BaseModel):
    """How the authority stands, and who asks."""

    community: str
    profile: str
    domain: str
    rp_id: str
    pages: str | None
    root: str
    """SHA-256 of the root certificate."""
    demonstration: bool
    people: list[Pretended]
    first_run: bool
    break_glass: BrokenGlass | None
    me: Me | None


class QuestionAnswer(BaseModel):
    """A question to an authenticator (WebAuthn's JSON), and its id here."""

    id: str
    options: dict[str, Any]


class OpenedAnswer(BaseModel):
    """An invitation as its holder sees it."""

    identity: str
    display_name: str
    community: str
    profile: str
    root: str
    expires: float
    approval: bool
    """Whether an officer must approve the request."""
    purpose: str
    state: Literal["open", "waiting", "granted", "refused"]
    passkey: QuestionAnswer | None


class EnrolledAnswer(BaseModel):
    """What came of a request so far."""

    state: Literal["open", "waiting", "granted", "refused"]
    chain: list[str] | None
    sentence: str | None
    """Why it was refused."""

    @classmethod
    def of(cls, state: str, chain: Chain | None, sentence: str | None = None) -> EnrolledAnswer:
        """Tell it."""
        ders = None if chain is None else [to_base64(each) for each in chain.ders()]
        return cls.model_validate({"state": state, "chain": ders, "sentence": sentence})


class InvitationAnswer(BaseModel):
    """An invitation for whoever hands it over: shown here once."""

    id: str
    token: str
    link: str | None
    qr: str | None
    """The link as SVG."""
    expires: float
    identity: str

    @classmethod
    def of(cls, made: InvitationMade) -> InvitationAnswer:
        """Show it."""
        return cls(
            id=made.id,
            token=made.text,
            link=made.link,
            qr=made.qr,
            expires=made.expires,
            identity=made.identity.path,
        )


class InvitationShown(BaseModel):
    """An invitation without its secret, which nobody has here."""

    id: str
    identity: str
    display_name: str
    purpose: str
    made: float
    by: str
    expires: float
    state: str


class RequestAnswer(BaseModel):
    """A request for a certificate that waits, or was decided."""

    id: str
    identity: str
    display_name: str
    purpose: str
    made: float
    by: str
    key: str
    """SHA-256 of the public key."""
    state: str


class NumberAnswer(BaseModel):
    """A number of the directory, and whether everybody sees its kind."""

    kind: str
    number: str
    visible: bool


class PersonAnswer(BaseModel):
    """An entry of the directory."""

    name: str
    display_name: str
    languages: list[str]
    numbers: list[NumberAnswer]
    roles: list[str]
    ceiling: str
    territory: list[str]


class DirectoryAnswer(BaseModel):
    """A page of the directory; `next` is the `after` of the next page."""

    people: list[PersonAnswer]
    next: str | None


class SessionAnswer(BaseModel):
    """A session of one's own."""

    id: str
    host: str
    made: float
    seen: float
    agent: str
    current: bool


class PasskeyAnswer(BaseModel):
    """A passkey of one's own."""

    id: str
    label: str
    made: float
    used: float | None


class RenewedAnswer(BaseModel):
    """The next certificate, with its chain."""

    chain: list[str]
