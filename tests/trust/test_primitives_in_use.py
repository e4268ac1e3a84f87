"""No primitive is used that the bill of materials does not list, and each only where it belongs.

The sources are read, not run: every dotted name that leads into a module that does cryptography is
either one by which the catalogue says an algorithm is reached, or is listed here as no primitive.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import baluardo
from baluardo.trust.bill.algorithms import ALGORITHMS
from baluardo.trust.bill.cyclonedx import LIBRARIES, bill_of_materials

PACKAGE = Path(baluardo.__file__).parent
REPOSITORY = PACKAGE.parents[1]

ROOTS = {
    "Crypto",
    "Cryptodome",
    "OpenSSL",
    "cryptography",
    "ecdsa",
    "hashlib",
    "hmac",
    "jose",
    "jwt",
    "nacl",
    "pkcs11",
    "random",
    "secrets",
    "shamir_mnemonic",
    "signxml",
    "ssl",
    "webauthn",
}
"""Modules that do cryptography or could be mistaken for it."""
OTHERS = {"os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid3", "uuid.uuid4", "uuid.uuid5"}
"""The same in modules that are otherwise harmless."""

REACHED = {name: a.name for a in ALGORITHMS.values() for name in a.reached_by}

NO_PRIMITIVE = {
    "cryptography.exceptions.": "exceptions",
    "cryptography.hazmat.backends.openssl.backend.backend": "tells OpenSSL's version",
    "cryptography.hazmat.primitives.asymmetric.ec.ECDSA": "its hash is a name of its own",
    "cryptography.hazmat.primitives.hashes.Hash": "takes a hash, which is a name of its own",
    "cryptography.hazmat.primitives.hashes.HashAlgorithm": "a type",
    "cryptography.hazmat.primitives.hpke.AEAD": "members are names of their own",
    "cryptography.hazmat.primitives.hpke.KDF": "members are names of their own",
    "cryptography.hazmat.primitives.hpke.KEM": "members are names of their own",
    "cryptography.hazmat.primitives.hpke.Suite": "put together from the three above",
    "cryptography.hazmat.primitives.keywrap.InvalidUnwrap": "an exception",
    "cryptography.hazmat.primitives.serialization.Encoding": "a format",
    "cryptography.hazmat.primitives.serialization.NoEncryption": "a format",
    "cryptography.hazmat.primitives.serialization.PrivateFormat": "a format",
    "cryptography.hazmat.primitives.serialization.PublicFormat": "a format",
    "cryptography.hazmat.primitives.serialization.load_der_": "a format",
    "cryptography.hazmat.primitives.serialization.load_pem_": "a format",
    "cryptography.x509.": "certificates; keys and hashes are names of their own",
    "hmac.compare_digest": "a comparison in constant time",
    "OpenSSL.": "TLS; groups, signature algorithms and cipher come from the suites",
    "pkcs11.": "an interface and its exceptions; mechanisms are names of their own",
    "random.Random": "spreads reconnections in time, makes tracks up; nothing secret hangs on it",
    "shamir_mnemonic.MnemonicError": "an exception",
    "shamir_mnemonic.share.": "how a share is written",
    "shamir_mnemonic.wordlist.": "how a share is written",
    "signxml.": "XML signatures; algorithms are names of their own",
    "webauthn.": "ceremonies of passkeys; algorithms are names of their own",
}
"""Names that are no primitives, with all within them; beginnings, where they end in `.` or `_`."""

_HPKE = "cryptography.hazmat.primitives.hpke"
ALWAYS_PRIMITIVES = (
    "webauthn.helpers.cose.COSEAlgorithmIdentifier.",
    *("signxml.algorithms.SignatureMethod.", "signxml.algorithms.DigestAlgorithm."),
    *("pkcs11.KeyType.", "pkcs11.Mechanism.", "pkcs11.mechanisms."),
    *(f"{_HPKE}.AEAD.", f"{_HPKE}.KDF.", f"{_HPKE}.KEM."),
)
"""Beginnings that no entry above excuses."""

PLACES: dict[str, tuple[str, ...]] = {
    "OpenSSL": ("trust/channel/",),
    "cryptography.hazmat.backends": ("trust/bill/cyclonedx.py",),
    "cryptography.hazmat.primitives": ("trust/primitives/",),
    "cryptography.hazmat.primitives.serialization": ("trust/certificates/", "trust/channel/"),
    "cryptography.x509": ("trust/certificates/", "trust/channel/"),
    "hashlib": ("trust/primitives/", "twin/downloads.py"),
    "hmac": ("trust/primitives/", "trust/secret.py"),
    "os.urandom": ("trust/primitives/",),
    "pkcs11": ("trust/custody/",),
    "random": (
        *("edge/calls/neighbour", "edge/link.py", "edge/tunnels/membership.py"),
        "fleet/tracks/simulated.py",
        "network/tunnel/",
        "trust/channel/reconnect.py",
    ),
    "shamir_mnemonic": ("trust/custody/",),
    "signxml": ("trust/xml_signature.py",),
    "webauthn": ("trust/passkeys.py",),
}
"""Where each may be imported: the sharp floor, and the few that stand on its edge."""


class Names(ast.NodeVisitor):
    """Collects the dotted names of everything that a module reaches by its imports."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.found: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            known = alias.asname or alias.name.partition(".")[0]
            self.aliases[known] = alias.name if alias.asname else known
            self.found.add(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            dotted = f"{node.module}.{alias.name}"
            self.aliases[alias.asname or alias.name] = dotted
            self.found.add(dotted)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in self.aliases:
            self.found.add(".".join([self.aliases[inner.id], *reversed(parts)]))
        self.generic_visit(node)


def names_in(source: str) -> set[str]:
    """Every name in a source that leads into a module of ROOTS, or is one of OTHERS."""
    visitor = Names()
    visitor.visit(ast.parse(source))
    return {name for name in visitor.found if name.partition(".")[0] in ROOTS or name in OTHERS}


def used() -> list[tuple[str, str]]:
    """(file, name) for every such name in the package."""
    return [
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in sorted(names_in(path.read_text(encoding="utf-8")))
    ]


def algorithm_reached(name: str) -> str | None:
    """The algorithm that a name reaches, itself or as the beginning of a longer one."""
    return next((a for known, a in REACHED.items() if f"{name}.".startswith(f"{known}.")), None)


def no_primitive(name: str) -> bool:
    if name.startswith(ALWAYS_PRIMITIVES):
        return False
    if any(
        name.startswith(known) if known[-1] in "._" else f"{name}.".startswith(f"{known}.")
        for known in NO_PRIMITIVE
    ):
        return True
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return name not in ROOTS - {
        "OpenSSL",
        "hashlib",
        "hmac",
        "pkcs11",
        "shamir_mnemonic",
        "signxml",
        "webauthn",
    }


def test_every_primitive_is_listed() -> None:
    unlisted = [
        f"{file}: {name}"
        for file, name in used()
        if algorithm_reached(name) is None and not no_primitive(name)
    ]
    assert unlisted == [], "list them in trust/bill/algorithms.py, or here as no primitives"


def test_the_bill_shows_what_is_used() -> None:
    shown = {component["name"] for component in components()}
    reached = {algorithm_reached(name) for _, name in used()} - {None}
    assert reached <= shown
    assert {"AES-256-GCM", "HKDF-SHA384", "ML-DSA-65", "ML-DSA-87", "SHA-256"} <= reached


def test_primitives_stay_on_their_floor() -> None:
    misplaced = []
    for file, name in used():
        places = [p for root, p in PLACES.items() if f"{name}.".startswith(f"{root}.")]
        if name in {"cryptography", "os"} or name.startswith("cryptography.exceptions"):
            places = [("trust/",)]
        if not any(file.startswith(place) for place in places for place in place):
            misplaced.append(f"{file}: {name}")
    assert misplaced == []


def components() -> list[Any]:
    bill: Any = bill_of_materials()
    return list(bill["components"])


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import hashlib\nhashlib.md5(b'')", "hashlib.md5"),
        ("import hashlib as h\nh.new('md5')", "hashlib.new"),
        ("from hashlib import blake2b", "hashlib.blake2b"),
        ("import hmac\nhmac.digest(b'', b'', 'sha1')", "hmac.digest"),
        ("import secrets\nsecrets.token_bytes(8)", "secrets.token_bytes"),
        ("import ssl", "ssl"),
        (
            "from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305",
            "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305",
        ),
        (
            "from cryptography.hazmat.primitives.asymmetric import ec\nec.SECP256R1()",
            "cryptography.hazmat.primitives.asymmetric.ec.SECP256R1",
        ),
        (
            "from cryptography.hazmat.primitives import hashes\nhashes.SHA1()",
            "cryptography.hazmat.primitives.hashes.SHA1",
        ),
        ("import cryptography.fernet", "cryptography.fernet.Fernet"),
        ("from pkcs11 import Mechanism\nMechanism.AES_CBC", "pkcs11.Mechanism.AES_CBC"),
        ("import os\nos.getrandom(8)", "os.getrandom"),
        (
            "from cryptography.hazmat.primitives import hpke\nhpke.KEM.X25519",
            "cryptography.hazmat.primitives.hpke.KEM.X25519",
        ),
        (
            "from cryptography.hazmat.primitives.hpke import AEAD\nAEAD.CHACHA20_POLY1305",
            "cryptography.hazmat.primitives.hpke.AEAD.CHACHA20_POLY1305",
        ),
        (
            "from webauthn.helpers.cose import COSEAlgorithmIdentifier as C\nC.ECDSA_SHA_512",
            "webauthn.helpers.cose.COSEAlgorithmIdentifier.ECDSA_SHA_512",
        ),
        (
            "from signxml.algorithms import SignatureMethod\nSignatureMethod.RSA_SHA1",
            "signxml.algorithms.SignatureMethod.RSA_SHA1",
        ),
        ("from random import RandomBytes", "random.RandomBytes"),
        ("import hmac\nhmac.compare_digests", "hmac.compare_digests"),
    ],
)
def test_the_walk_finds_what_is_not_listed(source: str, name: str) -> None:
    if name.endswith("Fernet"):
        source += "\ncryptography.fernet.Fernet"
    assert name in names_in(source)
    assert algorithm_reached(name) is None
    assert not no_primitive(name)


def test_libraries_are_those_that_the_project_asks_for() -> None:
    imported = {name.partition(".")[0] for _, name in used()}
    packages = {
        "OpenSSL": "pyOpenSSL",
        "cryptography": "cryptography",
        "pkcs11": "python-pkcs11",
        "shamir_mnemonic": "shamir-mnemonic",
        "signxml": "signxml",
        "webauthn": "webauthn",
    }
    assert {packages[root] for root in imported & packages.keys()} <= set(LIBRARIES)
    asked = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8").lower()
    assert all(f'"{name.lower()}>=' in asked for name in LIBRARIES)


PAGE_CRYPTOGRAPHY = re.compile(
    r"\bsubtle\b|\bgetRandomValues\b|\brandomUUID\b|RTCRtpScriptTransform|navigator\.credentials"
)
LISTED_IN_PAGES = frozenset(
    {
        "authority/kit/passkey.ts: navigator.credentials",
        "calls/media/keying.ts: getRandomValues",
        "calls/media/sframe.ts: subtle",
        "calls/media/transform.ts: RTCRtpScriptTransform",
        "calls/media/transform.ts: subtle",
        "calls/media/worker.ts: RTCRtpScriptTransform",
        "calls/mls/binding.ts: subtle",
        "calls/mls/joining.ts: getRandomValues",
        "calls/mls/vault.ts: getRandomValues",
        "calls/mls/vault.ts: subtle",
        "trust/commands.ts: getRandomValues",
        "trust/device.ts: subtle",
        "trust/implementations.ts: subtle",
        "trust/mldsa.ts: subtle",
        "trust/octets.ts: subtle",
        "trust/safetyNumber.ts: subtle",
        "trust/sealedSeed.ts: getRandomValues",
        "trust/sealedSeed.ts: subtle",
    }
)
"""Uses of WebCrypto and of passkeys that the bill lists (`bill.uses`)."""

LIBRARIES_IN_PAGES = {
    "@hpke/core": ("calls/mls/",),
    "@hpke/hybridkem-x-wing": ("calls/mls/",),
    "@hpke/ml-kem": ("calls/mls/",),
    "@noble/ciphers": ("calls/mls/",),
    "@noble/curves": ("calls/mls/",),
    "@noble/hashes": ("calls/mls/", "trust/"),
    "@noble/post-quantum": ("calls/mls/", "trust/"),
    "ts-mls": ("calls/mls/",),
}
"""What is not in every browser, and where alone it may be reached from."""

PAGES = REPOSITORY / "web" / "src"


def pages() -> dict[str, str]:
    """Sources of the pages, without their tests, by name."""
    found = [path for path in PAGES.rglob("*") if path.suffix in {".ts", ".tsx"}]
    names = {path.relative_to(PAGES).as_posix(): path for path in found}
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in names.items()
        if not re.search(r"\.(test|testing|bench)\.tsx?$", name)
    }


def test_the_pages_use_no_cryptography_that_is_not_listed() -> None:
    assert pages(), "the pages' sources have moved"
    found = {
        f"{name}: {match[0]}"
        for name, text in pages().items()
        for match in PAGE_CRYPTOGRAPHY.finditer(text)
    }
    assert found <= LISTED_IN_PAGES
    assert PAGE_CRYPTOGRAPHY.search("await crypto.subtle.sign(key)")


def test_the_pages_bring_no_cryptographic_library_that_is_not_listed() -> None:
    known = re.compile(
        r"@noble/|@hpke/|@peculiar/|crypto|forge|jose|libsodium|mls|nacl|openpgp|pkijs|sjcl|elliptic"
    )
    package = json.loads((REPOSITORY / "web" / "package.json").read_text(encoding="utf-8"))
    brought = {name: pin for name, pin in package["dependencies"].items() if known.search(name)}
    assert brought.keys() == LIBRARIES_IN_PAGES.keys()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", pin) for pin in brought.values()), "pinned exactly"
    for source, text in pages().items():
        for name, places in LIBRARIES_IN_PAGES.items():
            if re.search(rf'from "{re.escape(name)}["/]', text):
                assert source.startswith(places), f"{source} reaches {name}"
