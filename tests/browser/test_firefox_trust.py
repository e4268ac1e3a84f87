"""The pages' code for trust in Firefox, which has no ML-DSA: keys are seeds, noble signs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from firefox import Firefox
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
)

from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.certificates.request import read_request
from baluardo.trust.envelope import Envelope, verify
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.renewal import read_renewal
from baluardo.trust.suites import CNSA, EU_HYBRID
from trust.community import NOW, TestCommunity, make_community

PHONE = "person/anna.rossi/phone"
NOTE_TYPE = "text/plain"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("trust-page")
    bundle(folder)
    with site(folder) as address:
        yield address


@pytest.fixture
def anna(firefox: Firefox, url: str) -> Iterator[TrustPage]:
    with firefox.page(url) as page:
        yield TrustPage(page)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=[EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def community(request: pytest.FixtureRequest) -> TestCommunity:
    return make_community(request.param)


def signed(page: TrustPage, uri: str, payload: bytes) -> Envelope:
    """Let the browser sign a payload with the key that it keeps of an identity."""
    made = page.do(
        "return shown(await trust.envelope.signEnvelope(of(payload), type, await keyOf(uri)));",
        payload=text(payload),
        type=NOTE_TYPE,
        uri=uri,
    )
    return Envelope.of_json(made.encode())


def test_firefox_has_no_ml_dsa_and_says_how_it_keeps_a_key(
    anna: TrustPage, community: TestCommunity
) -> None:
    name = community.profile.name
    told = anna.do(
        "const algorithm = trust.mldsa.MEMBER_ALGORITHM[name];"
        "const { implementationOf } = trust.implementations;"
        "return [(await implementationOf(algorithm)).name, await trust.device.keepingOf(name)];",
        name=name,
    )
    assert told == ["noble", "readable"]


def test_a_key_is_asked_for_granted_kept_and_signs_what_the_authority_verifies(
    anna: TrustPage, community: TestCommunity
) -> None:
    identity = community.identity(PHONE)
    request = asked(anna, identity, community.profile)
    anna.page.reload()
    key = read_request(request).key
    assert read_request(asked(anna, identity, community.profile)).key == key  # it waits
    assert key.algorithm is community.profile.certificates.leaf
    assert installed(anna, identity, granted(community, request)) == ""
    anna.page.reload()
    assert anna.do("return (await keyOf(uri)).readable;", uri=identity.uri) is True
    payload = bytes(range(256))
    verified = verify(signed(anna, identity.uri, payload), community.verifier(), NOW, NOTE_TYPE)
    assert verified.payload == payload
    assert [peer.identity for peer in verified.signers] == [identity]


def test_another_certificate_is_refused(anna: TrustPage, community: TestCommunity) -> None:
    identity = community.identity(PHONE)
    asked(anna, identity, community.profile)
    stranger = community.credential(PHONE).chain
    assert installed(anna, identity, [text(der) for der in stranger.ders()]) == "key"


KEPT = (
    "const kept = (await trust.database.keep("
    " ['devices'], 'readonly', (stores) => stores.get('devices', uri)));"
)


def test_the_seed_lies_sealed_in_the_store(anna: TrustPage, community: TestCommunity) -> None:
    identity = enrolled(anna, community, PHONE)
    told = anna.do(
        f"{KEPT} const {{ seed }} = kept;"
        "const out = await codeOf(() => crypto.subtle.exportKey('raw', seed.sealingKey));"
        "return { fields: Object.keys(kept).sort(), seed: Object.keys(seed).sort(),"
        " sealed: seed.sealed.length, extractable: seed.sealingKey.extractable, out };",
        uri=identity.uri,
    )
    assert told["fields"] == ["chain", "identity", "seed"]
    assert told["seed"] == ["algorithm", "nonce", "sealed", "sealingKey", "spki"]
    assert told["sealed"] == 32 + 16
    assert (told["extractable"], told["out"] != "") == (False, True)
    altered = (
        f"{KEPT} kept.seed.sealed[0] ^= 1;"
        "await trust.database.keep("
        " ['devices'], 'readwrite', (stores) => stores.put('devices', kept));"
        "await trust.envelope.signEnvelope(of('AAEC'), 'text/plain', await keyOf(uri));"
    )
    assert anna.code(altered, uri=identity.uri) == "storage"


def test_the_next_key_is_asked_for_with_the_present_one(
    anna: TrustPage, community: TestCommunity
) -> None:
    identity = enrolled(anna, community, PHONE)
    before = anna.do("return to((await keyOf(uri)).signer.spki);", uri=identity.uri)
    made = anna.do(
        "const device = await keyOf(uri);"
        "const next = await trust.device.waitingKey(device.identity, profile);"
        "return shown(await trust.commands.askRenewal(device, next));",
        uri=identity.uri,
        profile=community.profile.name,
    )
    peer, request = read_renewal(Envelope.of_json(made.encode()), community.verifier(), NOW)
    assert (peer.identity, request.identity) == (identity, identity)
    later = NOW + 3 * DAY
    leaf = make_leaf(
        community.issuer_key,
        community.issuer,
        request.key,
        identity,
        later,
        community.profile,
    )
    assert installed(anna, identity, [text(leaf.der()), text(community.issuer.der())]) == ""
    anna.page.reload()
    verify(signed(anna, identity.uri, b"renewed"), community.verifier(), later, NOTE_TYPE)
    after = anna.do("return to((await keyOf(uri)).signer.spki);", uri=identity.uri)
    assert octets(after) == request.key.der()
    assert after != before
    forgotten = "await trust.device.forget(trust.identity.identityOfUri(uri));"
    assert anna.do(f"{forgotten} return await keyOf(uri);", uri=identity.uri) is None


def test_a_key_of_before_signs_on_where_the_browser_has_learnt_ml_dsa(
    anna: TrustPage, community: TestCommunity
) -> None:
    """Played by a browser that says it has it: new keys are its own, the kept one is not lost."""
    identity = enrolled(anna, community, PHONE)
    anna.page.reload()
    told = anna.do(
        "const own = crypto.subtle;"
        "const { noble } = trust.implementations;"
        "own.generateKey = async () => ({ privateKey: {}, publicKey: {} });"
        "own.sign = async () => new ArrayBuffer(1);"
        "own.verify = async (params) => params.context.length === 3;"
        "return [await trust.device.keepingOf(name),"
        " await codeOf(() => trust.sealedSeed.drawSeed(algorithm, uri)),"
        " shown(await trust.envelope.signEnvelope(of('AAEC'), 'text/plain', await keyOf(uri)))];",
        name=community.profile.name,
        algorithm=community.profile.certificates.leaf.name,
        uri=identity.uri,
    )
    assert told[:2] == ["hidden", "key"]
    verify(Envelope.of_json(told[2].encode()), community.verifier(), NOW, NOTE_TYPE)
