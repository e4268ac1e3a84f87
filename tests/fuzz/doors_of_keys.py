"""Doors for names, keys, certificates, requests, revocation lists, key files and shares."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Sequence

from community import NOW
from door import Door
from material import as_file, as_text, folder, italy, member, only, seeded_key, verifier

from baluardo.errors import (
    CertificateError,
    CustodyError,
    InvalidInputError,
    ProfileError,
    SourceError,
)
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.browser import make_page_request, read_page_request
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.request import make_request, read_request
from baluardo.trust.certificates.revocation import (
    Reason,
    Revocation,
    Revocations,
    make_delta,
    make_list,
)
from baluardo.trust.custody.jwe import ROUNDS, Jwe
from baluardo.trust.custody.keyfile import (
    PKCS8,
    Passphrase,
    Unlock,
    Unprotected,
    lock_of,
    read_key,
    seal_secret,
    write_key,
)
from baluardo.trust.custody.printing import printable_share, read_page
from baluardo.trust.custody.sealing_file import open_sealing_key, store_sealing_key
from baluardo.trust.custody.shares import Share, reconstruct, split
from baluardo.trust.custody.token import TokenKey
from baluardo.trust.identity import Identity
from baluardo.trust.primitives.hpke import HpkePrivateKey, HpkePublicKey
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey
from baluardo.trust.sealing import SealingKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, SignatureAlgorithm

WEEK = 7 * 86_400.0


@functools.cache
def leaf() -> Certificate:
    return member("ship/bergamini").chain.leaf


@functools.cache
def classical() -> SigningKey:
    return SigningKey.generate(SignatureAlgorithm.ECDSA_P384)


def certificates() -> Sequence[bytes]:
    return [leaf().der(), italy().issuer.der(), italy().root.der()]


def lists() -> Sequence[bytes]:
    key, issuer = italy().issuer_key, italy().issuer
    gone = {leaf().serial: Revocation(NOW, Reason.KEY_COMPROMISE)}
    return [
        make_list(key, issuer, 2, gone, NOW, NOW + WEEK),
        make_delta(key, issuer, 2, 1, gone, NOW, NOW + WEEK),
    ]


def file_of_lists() -> Sequence[bytes]:
    italy().revocations.write(folder() / "lists")
    return [path.read_bytes() for path in sorted((folder() / "lists").iterdir())]


def index_of_anchors() -> Sequence[bytes]:
    shutil.rmtree(folder() / "anchors", ignore_errors=True)
    italy().anchors.write(folder() / "anchors")
    index = (folder() / "anchors" / "anchors.json").read_bytes()
    value = json.loads(index)
    value["anchors"][0]["until"] = NOW + WEEK
    return [index, json.dumps(value).encode()]


def verified(octets: bytes) -> None:
    peer = verifier().verify(Chain.of_pem(octets), NOW)
    only("ship/bergamini", "office/rome")(peer.identity.path)


def sealed_keys() -> Sequence[bytes]:
    protection = Passphrase(Secret(b"correct horse battery"), ROUNDS[0])
    return [seal_secret(seeded_key().pkcs8(), protection, PKCS8)]


def open_keys() -> Sequence[bytes]:
    path = folder() / "open.pem"
    write_key(path, seeded_key(), Unprotected(), replace=True)
    return [path.read_bytes()]


def open_sealing_keys() -> Sequence[bytes]:
    path = folder() / "sealing.json"
    key = SealingKey(EU_HYBRID, Secret(bytes(range(32))))
    store_sealing_key(path, key, Unprotected(), replace=True)
    return [path.read_bytes()]


@functools.cache
def shares() -> tuple[Share, ...]:
    return split(Secret(bytes(32)), 3, 2)


def words() -> Sequence[bytes]:
    return [share.words.reveal() for share in shares()]


def pages() -> Sequence[bytes]:
    return [printable_share(s, bytes(32), "italia.example", 3, NOW).encode() for s in shares()]


def pair_of_shares() -> Sequence[bytes]:
    first, second, third = words()
    return [first + b"\n\n" + second, third + b"\n\n" + first]


def rejoined(text: str) -> None:
    only(Secret(bytes(32)))(reconstruct(text.split("\n\n")))


def identities() -> Sequence[bytes]:
    return [b"spiffe://italia.example/ship/bergamini", b"spiffe://it/person/anna.rossi/phone"]


REFUSED = (CertificateError, ProfileError)

DOORS = (
    Door("identity.uri", as_text(Identity.of_uri), (InvalidInputError,), identities),
    Door(
        "key.public",
        VerifyingKey.of_der,
        (InvalidInputError,),
        lambda: [seeded_key().public.der(), classical().public.der()],
    ),
    Door(
        "key.private",
        lambda octets: SigningKey.of_pkcs8(Secret(octets)),
        (InvalidInputError,),
        lambda: [seeded_key().pkcs8().reveal(), classical().pkcs8().reveal()],
    ),
    *(
        Door(
            f"key.sealing.{profile.name}",
            lambda octets, suite=profile.sealing: HpkePublicKey(suite, octets).seal(b"x", b""),
            (InvalidInputError,),
            lambda suite=profile.sealing: [HpkePrivateKey.generate(suite).public.octets],
        )
        for profile in (EU_HYBRID, CNSA)
    ),
    Door("certificate.der", Certificate.of_der, REFUSED, certificates),
    Door(
        "certificate.pem",
        Certificate.of_pem,
        REFUSED,
        lambda: [leaf().pem().encode(), italy().root.pem().encode()],
    ),
    Door(
        "certificate.chain",
        Chain.of_pem,
        REFUSED,
        lambda: [member("ship/bergamini").chain.pem().encode()],
    ),
    Door(
        "certificate.verification",
        verified,
        REFUSED,
        lambda: [member(path).chain.pem().encode() for path in ("ship/bergamini", "office/rome")],
    ),
    Door(
        "certificate.request",
        read_request,
        REFUSED,
        lambda: [make_request(seeded_key(), Identity.of_path("italia.example", "ship/bergamini"))],
    ),
    Door(
        "certificate.page-request",
        read_page_request,
        REFUSED,
        lambda: [make_page_request(classical(), ["rome.italia.example"])],
    ),
    Door(
        "certificate.revocation-list",
        lambda octets: italy().revocations.apply(octets, italy().issuer),
        REFUSED,
        lists,
    ),
    Door("certificate.lists-file", Revocations().apply_file, REFUSED, file_of_lists),
    Door(
        "certificate.anchors",
        as_file("anchors/anchors.json", lambda path: Anchors.read(path.parent)),
        (*REFUSED, SourceError),
        index_of_anchors,
    ),
    Door("custody.jwe", Jwe.of_compact, (CustodyError,), sealed_keys),
    Door("custody.lock", as_file("sealed.jwe", lock_of), (CustodyError,), sealed_keys),
    Door("custody.key-file", as_file("key.pem", read_key), (CustodyError, SourceError), open_keys),
    Door(
        "custody.sealing-key",
        lambda octets: open_sealing_key(octets, EU_HYBRID, Unlock(), "sealing.json"),
        (CustodyError, ProfileError),
        open_sealing_keys,
    ),
    Door(
        "custody.token-uri",
        as_text(TokenKey.of_uri),
        (CustodyError,),
        lambda: [TokenKey("baluardo", "wrapping key", bytes(range(16))).uri().encode()],
    ),
    Door("custody.share", as_text(Share.of_text), (CustodyError,), lambda: [*words(), *pages()]),
    Door("custody.page", as_text(read_page), (CustodyError,), pages),
    Door("custody.shares", as_text(rejoined), (CustodyError,), pair_of_shares),
)
