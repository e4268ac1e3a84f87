"""What OpenSSL says becomes a sentence, whatever it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from OpenSSL._util import lib

from baluardo.trust.channel.reasons import Reason, reason_of
from baluardo.trust.suites import CNSA, EU_HYBRID


def error(*reasons: str) -> SSL.Error:
    return SSL.Error([("SSL routines", "", reason) for reason in reasons])


@pytest.mark.parametrize(
    ("told", "by_peer", "downgrade", "words"),
    [
        ("no suitable key share", False, True, "needs X25519MLKEM768"),
        ("no suitable signature algorithm", False, True, "ML-DSA-65 or ML-DSA-87"),
        ("unsupported protocol", False, True, "older than 1.3"),
        ("no shared cipher", False, True, "TLS_AES_256_GCM_SHA384"),
        ("inappropriate fallback", False, True, "Somebody on the way"),
        ("peer did not return a certificate", False, True, "showed no certificate"),
        ("decryption failed or bad record mac", False, False, "altered on the way"),
        ("bad extension", False, False, "does not keep to TLS 1.3 ('bad extension')"),
        ("tls alert handshake failure", True, True, "needs the key exchange X25519MLKEM768"),
        ("tlsv1 alert protocol version", True, True, "older than 1.3"),
        ("tlsv1 alert unknown ca", True, False, "different communities"),
        ("tlsv13 alert certificate required", True, False, "wants a certificate"),
        ("ssl/tls alert certificate expired", True, False, "check both clocks"),
        ("tls alert certificate revoked", True, False, "has been revoked"),
        ("tlsv1 alert no application protocol", True, False, "not the channels of Baluardo"),
        ("tls alert unheard of", True, False, "refused us ('unheard of')"),
    ],
)
def test_each_has_its_sentence(told: str, by_peer: bool, downgrade: bool, words: str) -> None:
    reason = reason_of(error(told), EU_HYBRID, None)
    assert (reason.by_peer, reason.downgrade) == (by_peer, downgrade)
    assert words in reason.text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "issued by nobody this end knows"),
        ("SELF_SIGNED_CERT_IN_CHAIN", "issued by nobody this end knows"),
        ("CERT_SIGNATURE_FAILURE", "is forged"),
        ("INVALID_CA", "a member's key signed it"),
        ("INVALID_PURPOSE", "not made for channels"),
        ("UNHANDLED_CRITICAL_EXTENSION", "unhandled critical extension"),
    ],
)
def test_a_chain_that_openssl_refuses_has_its_own(name: str, words: str) -> None:
    verdict = getattr(lib, f"X509_V_ERR_{name}"), 0
    reason = reason_of(error("certificate verify failed"), EU_HYBRID, verdict)
    assert words in reason.text
    assert not reason.by_peer


@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from([EU_HYBRID, CNSA]))
def test_whatever_it_says_is_one_sentence(told: list[str], profile: object) -> None:
    reason = reason_of(error(*told), profile, None)
    assert isinstance(reason, Reason)
    assert reason.text.isprintable()
    assert reason.text.endswith(".")


def test_an_error_without_words_is_a_sentence_too() -> None:
    for problem in (SSL.Error(), SSL.Error([]), SSL.SysCallError(-1, "Unexpected EOF")):
        assert reason_of(problem, EU_HYBRID, None).text.endswith(".")
