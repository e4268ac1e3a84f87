"""Keys of a log and of witnesses; growing them from seeds keeps the tests fast and repeatable."""

from __future__ import annotations

import pytest

from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

ORIGIN = "marina.example/log"


def key_of(seed: int, algorithm: SignatureAlgorithm = SignatureAlgorithm.ML_DSA_65) -> SigningKey:
    return SigningKey.from_seed(algorithm, Secret(bytes([seed]) * 32))


@pytest.fixture(scope="session")
def log_key() -> SigningKey:
    return key_of(1)


@pytest.fixture(scope="session")
def log_vkey(log_key: SigningKey) -> VerifierKey:
    return VerifierKey(ORIGIN, log_key.public)


@pytest.fixture(scope="session")
def witness_keys() -> dict[str, SigningKey]:
    return {
        "witness.example/navy": key_of(2),
        "witness.example/court": key_of(3),
    }


@pytest.fixture(scope="session")
def witness_vkeys(witness_keys: dict[str, SigningKey]) -> list[VerifierKey]:
    return [VerifierKey(name, key.public) for name, key in witness_keys.items()]
