"""Signed envelopes: DSSE's own vectors, and everything that must not pass for signed."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import (
    CertificateError,
    ExpiredError,
    InvalidInputError,
    ProfileError,
    RevokedError,
    SignatureError,
    TrustError,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.revocation import Revocation
from baluardo.trust.certificates.verification import Standing
from baluardo.trust.envelope import (
    LARGEST_ENVELOPE,
    LARGEST_PAYLOAD,
    LONGEST_TYPE,
    MOST_SIGNATURES,
    Envelope,
    add_signature,
    pre_authentication_encoding,
    sign,
    verify,
)
from baluardo.trust.identity import DAY
from baluardo.trust.labels import Label
from baluardo.trust.suites import CNSA
from trust.community import NOW, TestCommunity, make_community

TYPE = "application/vnd.baluardo.test+json"


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return make_community()


@pytest.fixture(scope="module")
def anna(community: TestCommunity) -> Credential:
    return community.credential("person/anna.rossi/phone")


@pytest.fixture(scope="module")
def ship(community: TestCommunity) -> Credential:
    return community.credential("ship/bergamini")


@pytest.fixture(scope="module")
def envelope(anna: Credential) -> Envelope:
    return sign(b'{"say":"hello"}', TYPE, anna)


# github.com/secure-systems-lab/dsse: the first from protocol.md 1.0.0, the others from
# testvectors/vectors.json, commit 82043adf78bb4e67c208f9ffa72b38804ea6a0c4, one for each case.
IN_TOTO = "application/vnd.in-toto+json"
PUBLISHED_PAE = [
    (
        "http://example.com/HelloWorld",
        b"hello world",
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    ),
    (
        IN_TOTO,
        b"\xfb\xff\xbf>?",
        bytes.fromhex(
            "445353457631203238206170706c69636174696f6e2f766e642e696e2d746f746f2b6a736f6e"
            "203520fbffbf3e3f"
        ),
    ),
    (
        "application/vnd.exämple+json",
        b'{"_type":"https://in-toto.io/Statement/v1"}',
        bytes.fromhex(
            "445353457631203239206170706c69636174696f6e2f766e642e6578c3a46d706c652b6a736f6e"
            "203433207b225f74797065223a2268747470733a2f2f696e2d746f746f2e696f2f53746174656d"
            "656e742f7631227d"
        ),
    ),
    (
        IN_TOTO,
        b"",
        bytes.fromhex(
            "445353457631203238206170706c69636174696f6e2f766e642e696e2d746f746f2b6a736f6e203020"
        ),
    ),
    (
        "",
        b'{"_type":"https://in-toto.io/Statement/v1"}',
        bytes.fromhex(
            "445353457631203020203433207b225f74797065223a2268747470733a2f2f696e2d746f746f2e"
            "696f2f53746174656d656e742f7631227d"
        ),
    ),
]


@pytest.mark.parametrize(("kind", "payload", "pae"), PUBLISHED_PAE)
def test_published_encodings(kind: str, payload: bytes, pae: bytes) -> None:
    assert pre_authentication_encoding(kind, payload) == pae


@given(st.tuples(st.text(), st.binary()), st.tuples(st.text(), st.binary()))
def test_the_encoding_is_injective(one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
    assert (pre_authentication_encoding(*one) == pre_authentication_encoding(*other)) == (
        one == other
    )


def test_round_trip(community: TestCommunity, envelope: Envelope) -> None:
    read = Envelope.of_json(envelope.to_json())
    assert read == envelope
    verified = verify(read, community.verifier(), NOW, TYPE)
    assert verified.payload == b'{"say":"hello"}'
    (signer,) = verified.signers
    assert signer.identity == community.identity("person/anna.rossi/phone")


def test_the_form_is_dsse(envelope: Envelope) -> None:
    form = json.loads(envelope.to_json())
    assert form.keys() == {"payload", "payloadType", "signatures"}
    assert base64.b64decode(form["payload"]) == envelope.payload
    assert form["signatures"][0].keys() == {"keyid", "sig", "chain"}
    assert len(base64.b64decode(form["signatures"][0]["sig"])) == 3309  # FIPS 204 table 2


def test_what_is_signed_is_the_encoding_under_our_label(envelope: Envelope) -> None:
    signature = envelope.signatures[0]
    message = pre_authentication_encoding(TYPE, envelope.payload)
    signature.chain.leaf.key.verify(signature.signature, message, Label.SIGN_ENVELOPE)
    with pytest.raises(SignatureError):
        signature.chain.leaf.key.verify(signature.signature, message, Label.SIGN_CHECKPOINT)


def test_either_alphabet_and_no_key_id_are_read(community: TestCommunity, anna: Credential) -> None:
    """DSSE protocol: verifiers must accept both alphabets, and keyid is optional."""
    form = json.loads(sign(b"\xfb\xff\xbf>?", TYPE, anna).to_json())
    signature = form["signatures"][0]
    del signature["keyid"]
    for holder, name in ((form, "payload"), (signature, "sig")):
        holder[name] = holder[name].replace("+", "-").replace("/", "_")
    assert form["payload"] == "-_-_Pj8="
    verify(Envelope.of_json(json.dumps(form).encode()), community.verifier(), NOW, TYPE)


def test_the_key_id_decides_nothing(community: TestCommunity, envelope: Envelope) -> None:
    form = json.loads(envelope.to_json())
    form["signatures"][0]["keyid"] = "somebody else's"
    verify(Envelope.of_json(json.dumps(form).encode()), community.verifier(), NOW, TYPE)


def test_several_sign(community: TestCommunity, envelope: Envelope, ship: Credential) -> None:
    both = Envelope.of_json(add_signature(envelope, ship).to_json())
    signers = verify(both, community.verifier(), NOW, TYPE).signers
    assert [str(signer.identity) for signer in signers] == [
        "person/anna.rossi/phone",
        "ship/bergamini",
    ]
    with pytest.raises(InvalidInputError, match="already"):
        add_signature(both, ship)


def test_one_bad_signature_spoils_all(
    community: TestCommunity, envelope: Envelope, ship: Credential
) -> None:
    both = add_signature(envelope, ship)
    first, second = both.signatures
    bad = dataclasses.replace(second, signature=first.signature)
    with pytest.raises(SignatureError, match="ship/bergamini has not signed"):
        verify(dataclasses.replace(both, signatures=(first, bad)), community.verifier(), NOW, TYPE)


def test_one_key_counts_once(community: TestCommunity, envelope: Envelope) -> None:
    twice = dataclasses.replace(envelope, signatures=envelope.signatures * 2)
    with pytest.raises(SignatureError, match="twice"):
        verify(twice, community.verifier(), NOW, TYPE)


def test_altered_payload_type_and_payload(community: TestCommunity, envelope: Envelope) -> None:
    verifier = community.verifier()
    for change in ({"payload": b"{}"}, {"payload_type": f"{TYPE}2"}):
        altered = dataclasses.replace(envelope, **change)
        with pytest.raises(SignatureError, match="has not signed"):
            verify(altered, verifier, NOW, altered.payload_type)
    with pytest.raises(SignatureError, match="expected"):
        verify(envelope, verifier, NOW, f"{TYPE}2")


def test_another_signers_chain(
    community: TestCommunity, envelope: Envelope, ship: Credential
) -> None:
    claimed = dataclasses.replace(envelope.signatures[0], chain=ship.chain)
    with pytest.raises(SignatureError):
        verify(
            dataclasses.replace(envelope, signatures=(claimed,)), community.verifier(), NOW, TYPE
        )


def test_the_chain_is_judged_at_its_time(
    community: TestCommunity, envelope: Envelope, ship: Credential, anna: Credential
) -> None:
    late = NOW + 31 * DAY
    verifier = dataclasses.replace(community).verifier()
    verifier.list_grace = 60 * DAY
    with pytest.raises(ExpiredError):
        verify(envelope, verifier, late, TYPE)
    at_sea = sign(b"", TYPE, ship)
    assert verify(at_sea, verifier, late, TYPE).signers[0].standing is Standing.GRACE
    after = community.revoking({anna.chain.leaf.serial: Revocation(NOW)}, now=NOW)
    with pytest.raises(RevokedError):
        verify(envelope, after.verifier(), NOW + 60, TYPE)


def test_strangers_and_other_profiles(envelope: Envelope, community: TestCommunity) -> None:
    with pytest.raises(CertificateError):
        verify(envelope, make_community().verifier(), NOW, TYPE)
    cnsa = make_community(CNSA)
    theirs = sign(b"", TYPE, cnsa.credential("ship/bergamini"))
    verify(Envelope.of_json(theirs.to_json()), cnsa.verifier(), NOW, TYPE)
    with pytest.raises(ProfileError):
        verify(theirs, community.verifier(), NOW, TYPE)


def test_limits(anna: Credential, envelope: Envelope) -> None:
    largest = sign(bytes(LARGEST_PAYLOAD), "t" * LONGEST_TYPE, anna)
    assert Envelope.of_json(largest.to_json()) == largest
    for payload, kind in (
        (bytes(LARGEST_PAYLOAD + 1), TYPE),
        (b"", ""),
        (b"", "t" * (LONGEST_TYPE + 1)),
        (b"", "a\nb"),
        (b"", "\ud800"),
    ):
        with pytest.raises(InvalidInputError):
            sign(payload, kind, anna)
    for count in (0, MOST_SIGNATURES + 1):
        with pytest.raises(InvalidInputError):
            dataclasses.replace(envelope, signatures=envelope.signatures * count)
    with pytest.raises(InvalidInputError, match="larger"):
        Envelope.of_json(b" " * (LARGEST_ENVELOPE + 1))


def spoiled(form: Any) -> list[tuple[str, Any]]:
    """Forms that are nearly an envelope, each with what is wrong."""
    signature = form["signatures"][0]
    chain = signature["chain"]

    def signed(**change: Any) -> dict[str, Any]:
        return {**form, "signatures": [{**signature, **change}]}

    return [
        ("a list", [form]),
        ("no payload", {k: v for k, v in form.items() if k != "payload"}),
        ("an unknown field", {**form, "more": 1}),
        ("an unknown field of a signature", signed(more=1)),
        ("payload of blanks", {**form, "payload": " e30="}),
        ("payload not padded", {**form, "payload": "e30"}),
        ("payload with stray bits", {**form, "payload": "e31="}),
        ("payload of a number", {**form, "payload": 7}),
        ("type missing", {**form, "payloadType": None}),
        ("no signatures", {**form, "signatures": []}),
        ("signatures as object", {**form, "signatures": {}}),
        ("a signature of text", {**form, "signatures": ["sig"]}),
        ("too many signatures", {**form, "signatures": [signature] * 17}),
        ("a signature too long", signed(sig="A" * 8000)),
        ("key id too long", signed(keyid="k" * 129)),
        ("no chain", signed(chain=[])),
        ("chain of text", signed(chain=chain[0])),
        ("chain of numbers", signed(chain=[1])),
        ("chain too long", signed(chain=chain * 3)),
        ("chain of no certificate", signed(chain=["e30="])),
        ("a certificate too large", signed(chain=["A" * 100_000])),
    ]


def test_nearly_envelopes_are_refused(envelope: Envelope) -> None:
    passed = []
    for what, form in spoiled(json.loads(envelope.to_json())):
        try:
            Envelope.of_json(json.dumps(form).encode())
        except (InvalidInputError, CertificateError):
            continue
        passed.append(what)
    assert passed == []


def test_a_field_twice_is_refused(envelope: Envelope) -> None:
    octets = envelope.to_json()
    with pytest.raises(InvalidInputError, match="twice"):
        Envelope.of_json(octets[:-1] + b',"payload":"e30="}')


@given(st.binary(max_size=200))
def test_any_octets_are_refused(octets: bytes) -> None:
    with pytest.raises((InvalidInputError, CertificateError)):
        Envelope.of_json(octets)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutations_are_refused_or_change_nothing(
    community: TestCommunity, envelope: Envelope, data: st.DataObject
) -> None:
    """Whatever one octet becomes: refused, or payload and signer are still what they were."""
    octets = bytearray(envelope.to_json())
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    try:
        verified = verify(Envelope.of_json(bytes(octets)), community.verifier(), NOW, TYPE)
    except (InvalidInputError, TrustError):
        return
    assert verified.payload == envelope.payload
    assert str(verified.signers[0].identity) == "person/anna.rossi/phone"
