"""Doors for written messages: what devices ask, what an authority answers, what it has signed."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from door import Door
from material import italy, member, only, verifier

from baluardo.errors import CertificateError, InvalidInputError, ProfileError, SignatureError
from baluardo.protocol.mail_answers import (
    AnyAnswer,
    Begun,
    Challenged,
    Claimed,
    ClaimedPackage,
    ConversationTold,
    DevicesTold,
    Done,
    KnownDevice,
    Ordered,
    Published,
    Stored,
    read_answer,
)
from baluardo.protocol.mail_items import Collected, ItemKind, MailItem
from baluardo.protocol.mail_notice import NOTICE_TYPE, MailNotice, verify_notice
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Attend,
    Begin,
    Challenge,
    Collect,
    Commit,
    Conversation,
    Devices,
    Leave,
    Packages,
    Publish,
    Send,
    Taken,
    read_device_request,
    read_request,
)
from baluardo.protocol.mail_signed import sign_request, split_word, verify_request
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.strict_json import parse_json, write_json

LARGEST = 1 << 20
ANNA, PHONE, TABLET = "person/anna.rossi", "person/anna.rossi/phone", "person/bruno.neri/tablet"
GROUP, OTHER_GROUP, ID = "ab" * 32, "cd" * 32, "0c" * 16
ORDERER = "authority/roma"


@functools.cache
def notice() -> MailNotice:
    return MailNotice(GROUP, 7, "ef" * 32, italy().identity(ORDERER).uri, 1_700_000_000_000)


@functools.cache
def signed() -> Envelope:
    return notice().sign(member(ORDERER))


def requests() -> tuple[AnyRequest, ...]:
    return (
        Publish((b"one", b"two"), b"last"),
        Devices((ANNA, "person/bruno.neri")),
        Packages((PHONE, TABLET)),
        Conversation(ANNA),
        Begin(ANNA, GROUP, OTHER_GROUP),
        Commit(GROUP, 7, b"commit", (PHONE,), b"welcome", (TABLET,)),
        Send(ID, GROUP, (PHONE, TABLET), b"text"),
        Taken(12, GROUP),
        Challenge(),
        Collect(),
        Attend(),
        Leave(),
    )


def answers() -> tuple[AnyAnswer, ...]:
    orderer = notice().orderer
    items = (
        MailItem(4, PHONE, ItemKind.COMMIT, GROUP, 5, b"commit", signed()),
        MailItem(5, PHONE, ItemKind.MESSAGE, GROUP, 6, b"text", None),
    )
    return (
        Published(2),
        DevicesTold((KnownDevice(PHONE, 3),)),
        Claimed((ClaimedPackage(TABLET, b"package", last_resort=True),)),
        ConversationTold(GROUP, 7, orderer),
        Begun(GROUP, orderer),
        Ordered(signed()),
        Stored(1_700_000_000_000),
        Done(),
        Challenged(GROUP),
        Collected(items, more=True),
        Done(),
        Done(),
    )


def asked(octets: bytes) -> None:
    """What is read is written as the same; a device asks nothing that it may not."""
    request = read_request(value := parse_json(octets, LARGEST, "It"))
    assert read_request(request.to_object()) == request
    try:
        assert read_device_request(value) == request
    except InvalidInputError:
        assert isinstance(request, Collect | Attend | Leave)


@functools.cache
def signed_requests() -> tuple[dict[str, object], ...]:
    credential = member(PHONE)
    return tuple(
        sign_request(each.to_object(), credential, GROUP, number)
        for number, each in enumerate((Taken(12, GROUP), Begin(ANNA, GROUP, OTHER_GROUP)), 1)
    )


def worded(octets: bytes) -> None:
    """Whoever's word is believed has said just this."""
    value = parse_json(octets, LARGEST, "It")
    _, word = split_word(value)
    request = read_device_request(value).to_object()
    if word is None:
        return
    verify_request(request, word, member(PHONE).chain, verifier(), italy().now)
    said = {**request, "signed": word.to_object()}
    assert said in signed_requests()


def answered(octets: bytes) -> None:
    """An answer, to whichever request it fits."""
    value = parse_json(octets, LARGEST, "It")
    refusals = []
    for request in requests():
        try:
            answer = read_answer(request, value)
        except (InvalidInputError, CertificateError, ProfileError) as refusal:
            refusals.append(refusal)
        else:
            assert read_answer(request, answer.to_object()) == answer
    if len(refusals) == len(requests()):
        raise refusals[0]


def believed(octets: bytes) -> None:
    only(notice())(verify_notice(Envelope.of_json(octets), verifier(), italy().now))


def stated(octets: bytes) -> None:
    """The payload alone, as if an orderer signed whatever it was given."""
    assert MailNotice.of_octets(octets).to_octets() == octets
    verify_notice(sign(octets, NOTICE_TYPE, member(ORDERER)), verifier(), italy().now)


def requests_written() -> Sequence[bytes]:
    return [write_json(each.to_object()) for each in requests()]


def answers_written() -> Sequence[bytes]:
    return [write_json(each.to_object()) for each in answers()]


_UNTRUE = (InvalidInputError, CertificateError, SignatureError, ProfileError)

DOORS = (
    Door("mail.request", asked, (InvalidInputError,), requests_written),
    Door(
        "mail.answer",
        answered,
        (InvalidInputError, CertificateError, ProfileError),
        answers_written,
    ),
    Door(
        "mail.word",
        worded,
        _UNTRUE,
        lambda: [write_json(each) for each in signed_requests()],
    ),
    Door("mail.notice", believed, _UNTRUE, lambda: [signed().to_json()]),
    Door("mail.stated", stated, _UNTRUE, lambda: [notice().to_octets()]),
)
