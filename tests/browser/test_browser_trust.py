"""What a browser signs and verifies, against the authority's own code."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser
from trust_page import (
    TrustPage,
    asked,
    bundle,
    enrolled,
    granted,
    installed,
    octets,
    site,
    text,
    trust_page,
)

from baluardo.errors import CertificateError, SignatureError, TrustError
from baluardo.trust.certificates.certificate import Certificate, key_identifier
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.certificates.request import make_request, read_request
from baluardo.trust.envelope import Envelope, verify
from baluardo.trust.issuing.renewal import read_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.strict_json import write_json
from baluardo.trust.suites import CNSA, EU_HYBRID
from trust.community import NOW, TestCommunity, make_community

NOTE_TYPE = "text/plain"
_CHARACTERS = [*range(0x20), *b'"\\/az', 0x7F, 0xE8, 0x2028, 0xFEFF, 0xFFEE, 0x1F6F0]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("trust-page")
    bundle(folder)
    with site(folder) as address:
        yield address


@pytest.fixture
def anna(chromium: Browser, url: str) -> Iterator[TrustPage]:
    with trust_page(chromium, url) as page:
        yield page


@pytest.fixture
def bruno(chromium: Browser, url: str) -> Iterator[TrustPage]:
    with trust_page(chromium, url) as page:
        yield page


@pytest.fixture(scope="module", params=[EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def community(request: pytest.FixtureRequest) -> TestCommunity:
    return make_community(request.param)


@pytest.fixture(scope="module")
def italy() -> TestCommunity:
    return make_community()


def test_a_browser_knows_whether_it_can(anna: TrustPage, community: TestCommunity) -> None:
    name = community.profile.name
    assert anna.do("return trust.device.keepingOf(name);", name=name) == "hidden"
    lacking = "Object.defineProperty(window, 'indexedDB', {value: null});"
    assert anna.do(f"{lacking} return trust.device.keepingOf(name);", name=name) == "none"


def test_a_key_is_asked_for_granted_and_kept(anna: TrustPage, community: TestCommunity) -> None:
    identity = community.identity("person/anna.rossi/phone")
    request = asked(anna, identity, community.profile)
    read = read_request(request)
    assert read.identity == identity
    assert read.key.algorithm is community.profile.certificates.leaf
    anna.page.reload()
    assert read_request(asked(anna, identity, community.profile)).key == read.key  # it waits
    assert installed(anna, identity, granted(community, request)) == ""
    anna.page.reload()
    shown = anna.do(
        "const {chain, readable, identity} = await keyOf(uri);"
        "const {keys} = await trust.database.keep("
        " ['devices'], 'readonly', (stores) => stores.get('devices', uri));"
        "const private_ = await codeOf(() => crypto.subtle.exportKey('pkcs8', keys.privateKey));"
        "return {uri: identity.uri, spki: to(chain[0].spki), leaf: to(chain[0].der),"
        " from: chain[0].notBefore, until: chain[0].notAfter, serial: chain[0].serial,"
        " keyId: trust.octets.hex(chain[0].keyId), extractable: keys.privateKey.extractable,"
        " private_, readable, held: await trust.device.held()};",
        uri=identity.uri,
    )
    leaf = Certificate.of_der(octets(shown["leaf"]))
    assert (shown["uri"], octets(shown["spki"])) == (identity.uri, read.key.der())
    assert (shown["from"], shown["until"]) == (leaf.not_before, leaf.not_after)
    assert (shown["serial"], shown["keyId"]) == (f"{leaf.serial:x}", leaf.key_id.hex())
    assert (shown["extractable"], shown["private_"] != "") == (False, True)
    assert shown["readable"] is False
    assert [each["uri"] for each in shown["held"]["devices"]] == [identity.uri]
    assert shown["held"]["waiting"] == []
    anna.do("await trust.device.forget(trust.identity.identityOfUri(uri));", uri=identity.uri)
    assert anna.do("return await keyOf(uri);", uri=identity.uri) is None


def test_two_pages_wait_with_one_key(anna: TrustPage, italy: TestCommunity) -> None:
    keys = anna.do(
        "const identity = trust.identity.identityOfUri(uri);"
        "const make = () => trust.device.waitingKey(identity, 'eu-hybrid');"
        "return (await Promise.all([make(), make(), make()])).map(({signer}) => to(signer.spki));",
        uri=italy.identity("person/anna.rossi/phone").uri,
    )
    assert len(set(keys)) == 1


def test_a_browser_that_keeps_nothing_says_so(anna: TrustPage, italy: TestCommunity) -> None:
    code = anna.code(
        "Object.defineProperty(window, 'indexedDB', {value: null});"
        "await trust.device.waitingKey(trust.identity.identityOfUri(uri), 'eu-hybrid');",
        uri=italy.identity("person/anna.rossi/phone").uri,
    )
    assert code == "storage"


def test_the_request_is_written_as_the_authority_writes_it(
    anna: TrustPage, italy: TestCommunity
) -> None:
    for path in ("person/anna.rossi/phone", f"person/{'a' * 63}/{'b' * 60}"):
        key = SigningKey.generate(italy.profile.certificates.leaf)
        ours = make_request(key, italy.identity(path))
        info = anna.do(
            "return to(trust.request.requestInfo(of(spki), trust.identity.identityOfUri(uri)));",
            spki=text(key.public.der()),
            uri=italy.identity(path).uri,
        )
        assert ours[4:].startswith(octets(info))


def test_a_request_altered_anywhere_is_refused(anna: TrustPage, italy: TestCommunity) -> None:
    request = asked(anna, italy.identity("person/anna.rossi/phone"), EU_HYBRID)
    for at in [*range(60), *range(60, len(request), 211)]:
        altered = request[:at] + bytes([request[at] ^ 1]) + request[at + 1 :]
        with pytest.raises((CertificateError, TrustError)):
            read_request(altered)


def test_a_chain_of_somebody_else_is_not_installed(
    anna: TrustPage, bruno: TrustPage, italy: TestCommunity
) -> None:
    one, other = italy.identity("person/anna.rossi/phone"), italy.identity("person/bruno.b/phone")
    request = asked(anna, one, EU_HYBRID)
    own = granted(italy, request)
    of_other_key = granted(italy, asked(bruno, one, EU_HYBRID))
    of_other_name = granted(italy, asked(bruno, other, EU_HYBRID))
    assert installed(anna, one, of_other_key) == "key"
    assert installed(anna, one, of_other_name) == "identity"
    assert installed(anna, other, own) == "key"  # no key waits for that one
    assert installed(anna, one, []) == "malformed"
    assert installed(anna, one, own * 3) == "too-large"
    assert installed(anna, one, own) == ""
    assert installed(anna, one, own) == "key"


def test_a_broken_certificate_is_refused_by_code(anna: TrustPage, italy: TestCommunity) -> None:
    leaf = italy.credential("person/anna.rossi/phone").chain.leaf
    said = anna.do(
        "const whole = of(der); const found = new Set();"
        "for (let at = 0; at < whole.length; at += at < 300 || at > 2200 ? 1 : 97) {"
        " for (const bit of [1, 128]) {"
        "  const altered = whole.slice(); altered[at] ^= bit;"
        "  found.add(await codeOf(() => trust.certificate.readCertificate(altered)));"
        " }"
        " found.add(await codeOf(() => trust.certificate.readCertificate(whole.slice(0, at))));"
        "}"
        "return [...found];",
        der=text(leaf.der()),
    )
    assert {"", "malformed"} <= set(said) <= {"", "malformed", "too-large"}


def test_an_envelope_of_a_browser_is_verified(anna: TrustPage, community: TestCommunity) -> None:
    identity = enrolled(anna, community, "person/anna.rossi/phone")
    payload = bytes(range(256))
    made = anna.do(
        "return shown(await trust.envelope.signEnvelope(of(payload), type, await keyOf(uri)));",
        payload=text(payload),
        type=NOTE_TYPE,
        uri=identity.uri,
    )
    envelope = Envelope.of_json(made.encode())
    assert envelope.to_json() == made.encode()
    verified = verify(envelope, community.verifier(), NOW, NOTE_TYPE)
    assert verified.payload == payload
    assert [peer.identity for peer in verified.signers] == [identity]
    assert (
        envelope.signatures[0].key_id == key_identifier(envelope.signatures[0].chain.leaf.key).hex()
    )
    with pytest.raises(SignatureError):
        verify(replace(envelope, payload=payload + b"."), community.verifier(), NOW, NOTE_TYPE)
    renamed = replace(envelope, payload_type="text/html")
    with pytest.raises(SignatureError):
        verify(renamed, community.verifier(), NOW, "text/html")


def test_the_next_key_is_asked_for_with_the_present_one(
    anna: TrustPage, italy: TestCommunity
) -> None:
    identity = enrolled(anna, italy, "person/anna.rossi/phone")
    made = anna.do(
        "const device = await keyOf(uri);"
        "const next = await trust.device.waitingKey(device.identity, 'eu-hybrid');"
        "return {envelope: shown(await trust.commands.askRenewal(device, next)),"
        " due: trust.device.renewAt(device)};",
        uri=identity.uri,
    )
    envelope = Envelope.of_json(made["envelope"].encode())
    peer, request = read_renewal(envelope, italy.verifier(), NOW)
    assert (peer.identity, request.identity) == (identity, identity)
    credential = italy.credential("person/anna.rossi/phone")
    assert made["due"] == pytest.approx(credential.renew_at, abs=1e-3)
    later = NOW + 20 * 86_400
    leaf = make_leaf(italy.issuer_key, italy.issuer, request.key, identity, later, EU_HYBRID)
    assert installed(anna, identity, [text(leaf.der()), text(italy.issuer.der())]) == ""
    serial = anna.do("return (await keyOf(uri)).chain[0].serial;", uri=identity.uri)
    assert serial == f"{leaf.serial:x}"


def test_json_is_written_alike(anna: TrustPage) -> None:
    chance = random.Random(1_763_765_640)  # noqa: S311 - values to compare, nothing secret
    numbers = [chance.uniform(-1, 1) * 10.0 ** chance.randint(-30, 15) for _ in range(2000)]
    times = [round(chance.uniform(0, 4e9), 3) for _ in range(500)]
    both = [each for each in numbers + times if each % 1]  # the browser cannot tell 5 from 5.0
    words = ["".join(chr(chance.choice(_CHARACTERS)) for _ in range(6)) for _ in range(300)]
    value = {"numbers": both, "words": words, **dict.fromkeys(words, 1)}
    written = write_json(value)
    made = anna.do(
        "const {parseCanonical, writeJson} = trust.strictJson;"
        "return to(writeJson(parseCanonical(of(written), 1 << 20)));",
        written=text(written),
    )
    assert octets(made) == written
