"""CAP pushed to subscribers over real HTTP, and who they are."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.posting import Target, exchange
from baluardo.emergency.ways.subscribers import Form, Subscriber, read_subscribers
from baluardo.emergency.ways.webhook import CAP_TYPE, Webhook
from baluardo.errors import ConflictError, InvalidInputError, SignatureError, SourceError
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.certificates.xml_seal import XmlSeal, make_xml_seal
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import Envelope, verify
from baluardo.trust.xml_signature import verify_xml
from emergency.way_world import ALERT, KEY, Taken, community, order, sender, taking
from fuzz.good_alerts import alert_octets
from trust.community import NOW

EXERCISE = frozenset({Channel.EXERCISE})


@pytest.fixture
def server() -> Iterator[Taken]:
    with taking() as server:
        yield server


@cache
def seal() -> XmlSeal:
    return make_xml_seal(sender(Channel.EXERCISE).identity, NOW - 60.0)


def webhook(server: Taken, form: Form = Form.ENVELOPE, *, signs_xml: bool = True) -> Webhook:
    target = Target(f"{server.address}/in/secret", private=True, answer_s=30.0)
    subscriber = Subscriber("radio-uno", target, EXERCISE, form)
    return Webhook(subscriber, sender, (lambda _: seal()) if signs_xml else None, lambda: NOW + 1.5)


def test_the_alerts_very_octets_in_a_signed_envelope(server: Taken) -> None:
    receipt = asyncio.run(webhook(server).send(order()))
    assert (receipt.way, receipt.accepted_at) == ("webhook-radio-uno", NOW + 1.5)
    ((method, path, headers, body),) = server.asked
    assert (method, path) == ("POST", "/in/secret")
    verified = verify(Envelope.of_json(body), community().verifier(), NOW, CAP_TYPE)
    assert verified.payload == ALERT
    assert [str(each.identity) for each in verified.signers] == ["sender/exercise"]
    assert headers["webhook-id"] == KEY
    assert headers["webhook-timestamp"] == str(int(NOW + 1))
    assert headers["content-digest"] == f"sha-256=:{to_base64(digest_256(body))}:"


def test_bare_cap_bears_an_xml_signature(server: Taken) -> None:
    """Who pins the channel's certificate believes it; the alert within is the one released."""
    written = alert_octets()[0]
    asyncio.run(webhook(server, Form.CAP).send(replace(order(), alert=written)))
    ((_, _, headers, body),) = server.asked
    assert headers["content-type"] == CAP_TYPE
    covered = verify_xml(body, [PinnedCertificate(seal().certificate.der())], NOW)
    assert read_alert(covered.octets, "it") == read_alert(written, "it") == read_alert(body, "it")
    with pytest.raises(SignatureError):
        verify_xml(body.replace(b"urn:oasis", b"urn:oases", 1), [covered.signer], NOW)


def test_bare_cap_where_a_country_asks_for_no_signature(server: Taken) -> None:
    asyncio.run(webhook(server, Form.CAP, signs_xml=False).send(order()))
    assert server.asked[0][3] == ALERT


def test_who_listens_for_one_channel_hears_no_other(server: Taken) -> None:
    for channel in (Channel.PUBLIC, Channel.TEST):
        with pytest.raises(ConflictError, match="has not asked"):
            asyncio.run(webhook(server).send(order(channel)))
    wrong = Webhook(
        Subscriber("radio", Target(server.address, private=True), EXERCISE),
        lambda _: sender(Channel.TEST),
        None,
    )
    with pytest.raises(InvalidInputError, match="does not send on"):
        asyncio.run(wrong.send(order()))
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
def test_whatever_is_no_success_is_tried_again(server: Taken, status: int) -> None:
    with taking() as elsewhere:
        server.headers = {"Location": elsewhere.address}
        server.answer = lambda *_: (status, b"no")
        with pytest.raises(SourceError, match=f"status {status}") as refused:
            asyncio.run(webhook(server).send(order()))
        assert "secret" not in str(refused.value)
        assert elsewhere.asked == []


def ask(target: Target) -> None:
    asyncio.run(exchange(target, "POST", b"x", {}))


PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "[::1]", "[fe80::1]", "[fc00::1]", "[::ffff:10.0.0.1]"),  # noqa: S104
    *(
        "[2002:a00:1::]",
        "[64:ff9b::10.0.0.1]",
        "localhost",
        "roma.localhost",
        "2130706433",
        "0x7f000001",
    ),
)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_not_called_unless_permitted(host: str) -> None:
    with pytest.raises(SourceError, match=r"private network|no address"):
        ask(Target(f"https://{host}/"))


def test_what_a_name_leads_to_is_looked_up_once_and_dialled(
    server: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere at the second look is not looked at twice."""
    asked = []

    async def look_up(_: object, host: str, *__: Any, **___: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) > 1 else "127.0.0.2"  # nobody listens at the second
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    with pytest.raises(SourceError, match="cannot be reached"):
        ask(Target(f"http://changes.example:{server.server_port}/", private=True))
    assert asked == ["changes.example"]
    assert server.asked == []


@pytest.fixture(scope="module")
def strange_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for roma.localhost that no browser's root has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roma.localhost")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("roma.localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(plain + made.public_bytes(pem))
    return path


def test_over_https_the_name_counts_not_the_address(
    server: Taken, strange_certificate: Path
) -> None:
    named = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(strange_certificate)
    context.sni_callback = lambda _, name, __: named.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://roma.localhost:{server.server_port}/"
    ask(Target(url, private=True, any_certificate=True))
    assert named == ["roma.localhost"]
    assert len(server.asked) == 1
    with pytest.raises(SourceError, match=r"(?i)certificate"):
        ask(Target(url, private=True))
    assert len(server.asked) == 1


def test_the_host_is_told_although_its_address_is_dialled(server: Taken) -> None:
    ask(Target(f"http://roma.localhost:{server.server_port}/in", private=True))
    ((_, path, headers, _),) = server.asked
    assert headers["host"] == f"roma.localhost:{server.server_port}"
    assert path == "/in"
    with pytest.raises(SourceError, match="no address that can be found"):
        ask(Target("http://no-such-host.invalid/", private=True))


TOML = """
[[subscribers]]
name = "radio-uno"
url = "https://cap.radio.example/in"
channels = ["public"]

[[subscribers]]
name = "sala-prove"
url = "http://10.0.0.5:8080/cap"
channels = ["exercise", "test"]
form = "cap"
private = true
"""


def test_subscribers_are_read() -> None:
    radio, room = read_subscribers(TOML.encode(), "subscribers.toml")
    assert (radio.name, radio.channels, radio.form) == (
        "radio-uno",
        frozenset({Channel.PUBLIC}),
        Form.ENVELOPE,
    )
    assert not radio.target.private
    assert room.channels == {Channel.EXERCISE, Channel.TEST}
    assert (room.form, room.target.private) == (Form.CAP, True)
    assert read_subscribers(b"", "s") == ()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('["public"]', "[]", "no channel"),
        ('["public"]', '["all"]', "channels is a list of"),
        ('["public"]', '"public"', "channels is a list of"),
        ("https://cap", "http://cap", "plain http"),
        ("https://cap", "ftp://cap", "no address"),
        ("https://cap", "https://me:pass@cap", "no user or password"),
        ('url = "https://cap.radio.example/in"\n', "", "url is missing"),
        ('"radio-uno"', '"Radio Uno"', "small letters"),
        ('"radio-uno"', '"sala-prove"', "name of its own"),
        ('form = "cap"', 'form = "xml"', "form 'xml'"),
        ("private = true", 'private = "yes"', "private is true or false"),
        ("private = true", "privat = true", "'privat' is no setting"),
        ("[[subscribers]]", "[[subscriber]]", "'subscriber' is no setting"),
        ('"test"]', '"test"', "is not TOML"),
    ],
)
def test_subscribers_that_are_wrong(old: str, new: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why) as refused:
        read_subscribers(TOML.replace(old, new, 1).encode(), "subscribers.toml")
    assert "subscribers.toml" in str(refused.value)
    assert "pass@" not in str(refused.value)
