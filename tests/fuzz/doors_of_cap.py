"""Doors of warnings: alerts and their chains, countries' profiles, what phones receive."""

from __future__ import annotations

import functools
from dataclasses import replace
from importlib.resources import files

from door import Door
from good_alerts import GOOD, alert_octets

from baluardo.emergency.broadcast.alphabet import alphabet_of
from baluardo.emergency.broadcast.geometry import (
    AirArea,
    AirCircle,
    AirPolygon,
    contains,
    decode_area,
    encode_area,
)
from baluardo.emergency.broadcast.message import PAGE_OCTETS, Coding
from baluardo.emergency.broadcast.pages import pages_of
from baluardo.emergency.broadcast.receiving import language_of, text_of
from baluardo.emergency.cap.alert import MessageType
from baluardo.emergency.cap.chains import Chains
from baluardo.emergency.cap.feeds import read_feed
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.errors import (
    CertificateError,
    ConflictError,
    InvalidInputError,
    ProfileError,
    SignatureError,
)
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.certificates.xml_seal import XmlSeal, make_xml_seal
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.xml_signature import sign_xml, verify_xml

NOW = GOOD.sent.timestamp() + 60.0
PAGE = PAGE_OCTETS + 1


def read(octets: bytes) -> None:
    """What is taken is judged without a fault, and written again if XML can carry it."""
    alert = read_alert(octets, "the alert")
    for problem in problems_of(alert, NOW):
        assert problem.text.en
    try:
        again = write_alert(alert)
    except InvalidInputError:
        return  # a carriage return by its number, a quotation mark
    assert write_alert(read_alert(again, "the alert")) == again


def listed(octets: bytes) -> None:
    """Each entry of a feed has one thing: an alert, an address that can be asked, or a sentence."""
    for entry in read_feed(octets, "the feed", "https://cap.example/feed"):
        assert sum(each is not None for each in (entry.alert, entry.address, entry.problem)) == 1
        assert (entry.problem or "-").isprintable()
        if entry.address is not None:
            assert entry.address.startswith(("http://", "https://"))


@functools.cache
def signer() -> XmlSeal:
    """A key that signs itself."""
    identity = Identity("italia.example", Kind.SENDER, "exercise")
    return make_xml_seal(identity, GOOD.sent.timestamp() - 3_600.0)


@functools.cache
def signed_alerts() -> tuple[bytes, ...]:
    return tuple(sign_xml(each, signer()) for each in alert_octets())


def believed(octets: bytes) -> None:
    """Nothing comes out but what was signed."""
    found = verify_xml(octets, [PinnedCertificate(signer().certificate.der())], NOW)
    assert read_alert(found.octets, "the alert") in [
        read_alert(each, "the alert") for each in alert_octets()
    ]


@functools.cache
def feed_octets() -> tuple[bytes, ...]:
    within = write_alert(GOOD).decode().partition("?>")[2]
    return (
        f"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><updated>2026</updated>
        <link type="application/cap+xml" href="../1.xml"/></entry><entry><id>2</id>
        <content type="text/xml">{within}</content></entry></feed>""".encode(),
        f"""<rss version="2.0"><channel><item><guid>1</guid><link>https://a.example/1</link></item>
        <item><enclosure url="/2.xml" type="application/cap+xml"/></item><item>{within}</item>
        </channel></rss>""".encode(),
        write_alert(GOOD),
    )


@functools.cache
def held() -> tuple[str, ...]:
    """Alerts of a chain, separated as `chained` separates them."""
    update = replace(
        GOOD,
        identifier="IT-EXERCISE-0002",
        message_type=MessageType.UPDATE,
        references=(GOOD.reference,),
    )
    cancel = replace(
        GOOD,
        identifier="IT-EXERCISE-0003",
        message_type=MessageType.CANCEL,
        references=(update.reference,),
        infos=(),
    )
    return tuple(write_alert(each).decode() for each in (cancel, GOOD, update))


def chained(octets: bytes) -> None:
    """Many alerts, behind each other; whatever is refused, the rest stands and can be told."""
    chains, refusal = Chains(), None
    for document in octets.split(b"\n\n"):
        try:
            chains.add(read_alert(document, "the alert"))
        except (InvalidInputError, ConflictError) as problem:
            refusal = problem
    for alert in chains:
        assert chains.standing(alert.reference, NOW)
        assert alert in chains.chain(alert.reference)
    for name in chains.unknown():
        assert chains.get(name) is None
        assert chains.standing(name, NOW)
    assert set(chains.in_force(NOW)) <= set(chains)
    if refusal is not None:
        raise refusal


def country(octets: bytes) -> None:
    """Whatever profile is taken, its channels cannot be confused."""
    profile = Profile.parse(octets, "it.toml")
    numbers = [n for each in profile.levels for n in (each.message_id, each.message_id_additional)]
    assert len(set(numbers)) == len(numbers)
    assert len({profile.prefix(channel) for channel in Channel}) == len(Channel)


@functools.cache
def received_pages() -> tuple[bytes, ...]:
    """The scheme's octet, then pages."""
    made = []
    for text, language, additional in (
        ("ALLARME: terremoto a Norcia. Esci dagli edifici. " * 5, "it", False),
        ("POTRES! Zapustite stavbe \u010d\u0161\u017e.", "sl", True),
        ("[POTRES] 20 \u20ac {~}", "sl", True),
    ):
        coding = Coding.of(alphabet_of(text), language, additional=additional)
        made.append(bytes([coding.dcs]) + b"".join(pages_of(text, coding, language)))
    return tuple(made)


def shown(octets: bytes) -> None:
    """A phone shows a text or refuses; it has no more characters than pages have room."""
    if not octets:
        raise InvalidInputError("No scheme.")
    pages = tuple(octets[start : start + PAGE] for start in range(1, len(octets), PAGE))
    assert len(text_of(octets[0], pages)) <= 93 * len(pages)
    assert language_of(octets[0], pages) == "" or len(language_of(octets[0], pages)) == 2


@functools.cache
def coordinates() -> tuple[bytes, ...]:
    square = AirPolygon(((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.5, 14.5), (42.0, 14.0)))
    return (
        encode_area(AirArea((square,), 30)),
        encode_area(AirArea((AirCircle(42.0, 13.0, 20.0), square, square))),
    )


def fenced(octets: bytes) -> None:
    """Coordinates lie on the Earth, can be looked into, and are written as they were read."""
    area = decode_area(octets)
    assert contains(area, 42.5, 13.5) in (True, False)
    if area.shapes and all(isinstance(each, AirPolygon) for each in area.shapes):
        assert decode_area(encode_area(area)) == area


_REFUSALS = (InvalidInputError,)
_UNTRUE = (InvalidInputError, SignatureError, CertificateError)

DOORS = (
    Door("cap.alert", read, _REFUSALS, alert_octets),
    Door("cap.signature", believed, _UNTRUE, signed_alerts),
    Door(
        "cap.signer",
        PinnedCertificate.of_pem,
        (CertificateError, ProfileError),
        lambda: [signer().certificate.pem().encode()],
    ),
    Door("cap.feed", listed, _REFUSALS, feed_octets),
    Door(
        "cap.chains",
        chained,
        (InvalidInputError, ConflictError),
        lambda: ["\n\n".join(each.strip() for each in held()).encode()],
    ),
    Door(
        "warnings.profile",
        country,
        _REFUSALS,
        lambda: [
            each.read_bytes()
            for each in (files("baluardo.emergency.profile") / "data").iterdir()
            if each.name.endswith(".toml")
        ],
    ),
    Door("broadcast.pages", shown, _REFUSALS, received_pages),
    Door("broadcast.area", fenced, _REFUSALS, coordinates),
)
