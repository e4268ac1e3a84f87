"""Why a handshake failed, in sentences: what OpenSSL means, and what came instead of TLS.

OpenSSL's reasons (`ERR_reason_error_string`) and the peer's alerts (RFC 8446 section 6.2) are
tables here. An end that has nothing of the profile in common with us is either an ordinary TLS
program or somebody on the way who took the strong choices out: both are a downgrade, refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from OpenSSL import SSL
from OpenSSL._util import lib

from baluardo.foreign_input import quoted
from baluardo.trust.channel.tls import verdict_text
from baluardo.trust.suites import AnyProfile

NOT_SENT: Final = "Nothing was sent over it."


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a channel was refused."""

    text: str
    by_peer: bool = False
    """Whether the other end refused us, rather than we it."""
    downgrade: bool = False
    """Whether something weaker than the profile was offered or demanded."""


_OURS: Final[tuple[tuple[str, bool, str], ...]] = (
    (
        "no suitable key share|no suitable groups|bad key share|no shared groups|"
        "no suitable key exchange",
        True,
        "The other end offers no key exchange of profile {profile}, which needs {group}: it is "
        "an ordinary TLS program without post-quantum keys, or of a community with another "
        "profile.",
    ),
    (
        "no shared signature algorithms|no suitable signature algorithm|wrong signature type",
        True,
        "The other end cannot sign or verify with {signatures}, as profile {profile} demands: it "
        "has a classical certificate, or is of a community with another profile.",
    ),
    (
        "peer did not return a certificate",
        True,
        "The other end showed no certificate that {signatures} can verify: it has none, or a "
        "classical one. Every member of the community needs one of profile {profile}.",
    ),
    (
        "unsupported protocol|wrong version number|version too low|wrong ssl version|"
        "bad protocol version number|tlsv1 alert protocol version",
        True,
        "The other end speaks a TLS older than 1.3, which was refused.",
    ),
    (
        "no shared cipher|no ciphers available|wrong cipher returned|cipher mismatch",
        True,
        "The other end does not offer the cipher {cipher} of profile {profile}.",
    ),
    (
        "inappropriate fallback|downgrade",
        True,
        "Somebody on the way tried to make both ends use an older TLS; it was refused.",
    ),
    (
        "no application protocol|no protocols available",
        False,
        "The other end speaks TLS but not the channels of Baluardo.",
    ),
    (
        "decryption failed or bad record mac|bad record mac|digest check failed|bad signature",
        False,
        "What the other end sent does not authenticate: it was altered on the way.",
    ),
    (
        "unexpected eof while reading",
        False,
        "The other end, or the way to it, went away in the middle.",
    ),
)
"""OpenSSL's reasons, any of them; whether it is a downgrade; the sentence."""

_ALERTS: Final[tuple[tuple[str, bool, str], ...]] = (
    (
        "handshake failure|insufficient security|illegal parameter|missing extension",
        True,
        "It has nothing in common with profile {profile}, which needs the key exchange {group} and "
        "certificates of {signatures}: it is an ordinary TLS program, or of another profile.",
    ),
    (
        "protocol version",
        True,
        "It speaks a TLS older than 1.3, which we do not.",
    ),
    (
        "certificate required",
        False,
        "It wants a certificate and was shown none it can verify.",
    ),
    (
        "unknown ca",
        False,
        "It does not know the authority that issued our certificate: the two ends are of "
        "different communities, or one of them has not yet learnt of a new root.",
    ),
    (
        "bad certificate|unsupported certificate|certificate unknown",
        False,
        "It does not accept our certificate. Ask for a new one.",
    ),
    (
        "certificate expired",
        False,
        "It says that our certificate has expired. Ask for a new one, or check both clocks.",
    ),
    (
        "certificate revoked",
        False,
        "It says that our certificate has been revoked. Only the authority can issue another.",
    ),
    (
        "decrypt error|bad record mac",
        False,
        "What we sent did not authenticate there: it was altered on the way.",
    ),
    (
        "no application protocol",
        False,
        "It speaks TLS but not the channels of Baluardo.",
    ),
    ("access denied", False, "It does not let us in."),
    ("internal error", False, "It failed by itself (internal error)."),
)
"""Alerts by the words OpenSSL has for them."""

_VERDICTS: Final[dict[str, str]] = {
    "UNABLE_TO_GET_ISSUER_CERT": "unknown",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY": "unknown",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE": "unknown",
    "DEPTH_ZERO_SELF_SIGNED_CERT": "unknown",
    "SELF_SIGNED_CERT_IN_CHAIN": "unknown",
    "CERT_SIGNATURE_FAILURE": "forged",
    "INVALID_CA": "authority",
    "INVALID_NON_CA": "authority",
    "PATH_LENGTH_EXCEEDED": "authority",
    "KEYUSAGE_NO_CERTSIGN": "authority",
    "INVALID_PURPOSE": "purpose",
}
_VERDICT_TEXTS: Final[dict[str, str]] = {
    "unknown": (
        "The certificate of the other end was issued by nobody this end knows: it is of another "
        "community, or one of the two has not yet learnt of a new root."
    ),
    "forged": "The certificate of the other end is forged: its signature is not its issuer's.",
    "authority": (
        "The certificate of the other end was issued by one who may issue none: a member's key "
        "signed it."
    ),
    "purpose": "The certificate of the other end was not made for channels.",
}
_VERDICT_KINDS: Final = {
    getattr(lib, f"X509_V_ERR_{name}"): kind for name, kind in _VERDICTS.items()
}


def reason_of(problem: SSL.Error, profile: AnyProfile, verdict: tuple[int, int] | None) -> Reason:
    """Return what an error of OpenSSL's means; `verdict` is what `tls.verdict_of` returned."""
    told = _words(problem)
    if "certificate verify failed" in told and verdict is not None:
        kind = _VERDICT_KINDS.get(verdict[0])
        if kind is None:
            return Reason(
                f"The certificate of the other end is refused ({verdict_text(verdict[0])})."
            )
        return Reason(_VERDICT_TEXTS[kind])
    if " alert " in f" {told} ":
        alert = told.rpartition("alert ")[2]
        for words, downgrade, text in _ALERTS:
            if any(w in alert for w in words.split("|")):
                sentence = _filled(text, profile, downgrade)
                return Reason(f"The other end refused us. {sentence}", True, downgrade)
        return Reason(f"The other end refused us ({quoted(alert)}).", by_peer=True)
    for words, downgrade, text in _OURS:
        if any(w in told for w in words.split("|")):
            return Reason(_filled(text, profile, downgrade), downgrade=downgrade)
    return Reason(f"The other end does not keep to TLS 1.3 ({quoted(told)}).")


def _words(problem: SSL.Error) -> str:
    """Return OpenSSL's reasons in one line, the first (the cause) first."""
    entries = problem.args[0] if problem.args and isinstance(problem.args[0], list) else []
    return "; ".join(str(entry[-1]) for entry in entries if entry) or "no reason given"


def _filled(text: str, profile: AnyProfile, downgrade: bool) -> str:
    channel = profile.channel
    sentence = text.format(
        profile=profile.name,
        group=channel.group,
        signatures=" or ".join(
            name.replace("mldsa", "ML-DSA-") for name in channel.signature_algorithms
        ),
        cipher=channel.cipher,
    )
    return f"{sentence} {NOT_SENT}" if downgrade else sentence
