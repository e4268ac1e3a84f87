"""People who write to each other, and their authority: what the pages' own tests judge them by.

`python tests/browser/mail_community.py` prints `web/src/calls/mail/community.testing.json`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from baluardo.protocol.mail_notice import MailNotice
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile
from browser.call_community import CallCommunity, call_community, seed_of

MEMBERS = [
    ("annaPhone", "person/anna.rossi/phone"),
    ("annaDesk", "person/anna.rossi/desk"),
    ("annaLost", "person/anna.rossi/lost"),
    ("brunoPhone", "person/bruno.verdi/phone"),
    ("brunoDesk", "person/bruno.verdi/desk"),
    ("carlaPhone", "person/carla.neri/phone"),
    ("authority", "authority/service"),
    ("otherAuthority", "authority/other"),
]
RENEWED_SEED = 60


def notice_of(made: CallCommunity, name: str, profile: AnyProfile) -> dict[str, Any]:
    """Return a notice signed by a member, as the authority signs one."""
    leaf, seed = made.leaves[name]
    key = SigningKey.from_seed(profile.certificates.leaf, seed_of(seed))
    credential = Credential(Chain(leaf, (made.community.issuer,)), key)
    notice = MailNotice(
        group="ab" * 32,
        epoch=7,
        commit="cd" * 32,
        orderer=credential.identity.uri,
        at=int(made.community.now) * 1_000,
    )
    return notice.sign(credential).to_object()


def vectors() -> dict[str, Any]:
    """Return both profiles' communities, each with a notice that Python has signed.

    `before` are the lists from before a device's certificate was taken back.
    """
    shown = {}
    for name, profile, seed in (("eu", EU_HYBRID, 1), ("cnsa", CNSA, 30)):
        made = call_community(profile, MEMBERS, seed)
        renewed = SigningKey.from_seed(profile.certificates.leaf, seed_of(RENEWED_SEED))
        made.add("annaPhoneRenewed", "person/anna.rossi/phone", renewed.public, RENEWED_SEED)
        before = made.shown()["lists"]
        made.revoked.add("annaLost")
        notice = notice_of(made, "authority", profile)
        shown[name] = made.shown() | {"before": before, "notice": notice}
    return shown


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=1)
    sys.stdout.write("\n")
