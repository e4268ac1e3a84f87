"""Keys of a conversation in a real browser, with its own ML-DSA: two pages make a group by MLS."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from call_community import CallCommunity
from playwright.sync_api import Browser
from trust_page import WEB, TrustPage, bundle_script, octets, site, trust_page

from baluardo.errors import CertificateError
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.request import read_request
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.identity import DAY
from baluardo.trust.suites import CNSA, EU_HYBRID, profile_named
from trust.community import make_community

VECTORS = WEB / "src" / "calls" / "mls" / "community.testing.json"
PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
    '<title>Keys</title><script type="module" src="keys.js"></script>'
)
# What the test says on the page, in short words; octets travel as base64.
ENTRY = """
import { FRESH_KEY } from "%(web)s/src/calls/mls/commits";
import { openVault } from "%(web)s/src/calls/mls/deviceStore";
import { Conversation } from "%(web)s/src/calls/mls/group";
import { makePackage } from "%(web)s/src/calls/mls/packages";
import { partyOf } from "%(web)s/src/calls/mls/party";
import { courtOfFile, ORDERER, setUpTimes } from "%(web)s/src/calls/mls/places.testing";
import * as device from "%(web)s/src/trust/device";
import { implementationOf } from "%(web)s/src/trust/implementations";
import { identityOfUri } from "%(web)s/src/trust/identity";
import { MEMBER_ALGORITHM } from "%(web)s/src/trust/mldsa";
import { base64, ofBase64, ofUtf8, utf8 } from "%(web)s/src/trust/octets";
const of = (text) => ofBase64(text, 1 << 22);
const codeOf = (act) =>
  Promise.resolve().then(act).then(() => "", (problem) => problem.code ?? `${problem}`);
const partyHere = async (shown, uri) => {
  const identity = identityOfUri(uri);
  const { signer, chain } = await device.load(identity);
  const court = await courtOfFile(shown, () => Date.now() / 1000);
  const { profile } = shown;
  const ders = chain.map(({ der }) => der);
  const own = { profile, signer, chain: ders };
  return partyOf(own, court, await openVault(identity));
};
const spent = {};
const timed = async (what, act) => {
  const start = performance.now();
  const made = await act();
  spent[what] = performance.now() - start;
  return made;
};
Object.assign(globalThis, {
  of, to: base64, codeOf, openVault, spent, timed, partyHere, device, identityOfUri, utf8, ofUtf8,
  Conversation, makePackage, FRESH_KEY, ORDERER, setUpTimes,
  nativeHere: async (profile) => (await implementationOf(MEMBER_ALGORITHM[profile])).name,
});
"""
READY_SECONDS = 30.0


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("keys-page")
    bundle_script(folder, "keys", ENTRY)
    (folder / "index.html").write_text(PAGE)
    with site(folder) as address:
        yield address


def ready(page: TrustPage) -> None:
    """Wait until the page's module has run."""
    page.page.wait_for_function("() => 'partyHere' in globalThis", timeout=READY_SECONDS * 1000)


def enrolled(pages: dict[str, TrustPage], profile: str) -> dict[str, Any]:
    """Make each page a device of the person of its path; return what all of them judge by."""
    made = CallCommunity(make_community(profile_named(profile), now=time.time() - 60))
    for path, page in pages.items():
        ready(page)
        uri = made.community.identity(path).uri
        request = page.do(
            "const waiting = await device.waitingKey(identityOfUri(uri), profile);"
            "return to(await device.requestOf(waiting));",
            uri=uri,
            profile=profile,
        )
        made.add(path, path, read_request(octets(request)).key)
    shown: dict[str, Any] = made.shown()
    for path, page in pages.items():
        page.do(
            "await device.install(identityOfUri(uri), [of(leaf), of(issuer)]);"
            "globalThis.party = await partyHere(shown, uri);",
            uri=made.community.identity(path).uri,
            leaf=shown["members"][path]["leaf"],
            issuer=shown["issuer"],
            shown=shown,
        )
    return shown


ANNA, BRUNO = "person/anna.rossi/phone", "person/bruno.verdi/phone"


@pytest.mark.parametrize("profile", [EU_HYBRID.name, CNSA.name])
def test_two_pages_make_a_group(chromium: Browser, url: str, profile: str) -> None:
    with trust_page(chromium, url) as anna, trust_page(chromium, url) as bruno:
        shown = enrolled({ANNA: anna, BRUNO: bruno}, profile)
        assert anna.do("return nativeHere(profile);", profile=profile) == "native"
        package = bruno.do("return to(await timed('package', () => makePackage(party, false)));")
        welcome = anna.do(
            "const holder = 'spiffe://italia.example/person/bruno.verdi';"
            "globalThis.group = await timed('create',"
            " () => Conversation.create(party, holder, ORDERER));"
            "const wish = {...FRESH_KEY, add: [of(octets)]};"
            "return to((await timed('add', () => group.change(wish))).welcome);",
            octets=package,
        )
        bruno.do(
            "globalThis.group = (await timed('join',"
            " () => Conversation.join(party, of(welcome)))).conversation;",
            welcome=welcome,
        )
        for speaker, hearer, words in ((anna, bruno, "pronto"), (bruno, anna, "chi parla?")):
            sealed = speaker.do(
                "return to(await timed('send', () => group.send(utf8(words))));", words=words
            )
            heard = hearer.do(
                "const got = await timed('receive', () => group.receive(of(sealed)));"
                "return [got.kind, ofUtf8(got.content), got.from.identity.path];",
                sealed=sealed,
            )
            assert heard == ["message", words, ANNA if speaker is anna else BRUNO]
        steps = [page.do("return spent;") for page in (anna, bruno)]
        sys.stdout.write(f"two pages, {profile}, each step once, ms: {json.dumps(steps)}\n")
        keys = [page.do("return to(await group.mediaKey(32));") for page in (anna, bruno)]
        assert keys[0] == keys[1]
        # A reload goes on with the same keys, from what lies sealed in the browser's own store.
        bruno.page.reload()
        ready(bruno)
        again = bruno.do(
            "globalThis.party = await partyHere(shown, uri);"
            "globalThis.group = await Conversation.load(party, id);"
            "return to(await group.mediaKey(32));",
            shown=shown,
            uri=f"spiffe://italia.example/{BRUNO}",
            id=anna.do("return group.id;"),
        )
        assert again == keys[0]
        assert bruno.code("return Conversation.join(party, of(welcome));", welcome=welcome) == "key"


def test_time_of_a_two_party_set_up(chromium: Browser, url: str) -> None:
    """Prints what the steps take in one page, both ends one after the other; asserts no time."""
    desk = "person/bruno.verdi/desk"
    for profile in (EU_HYBRID.name, CNSA.name):
        with trust_page(chromium, url) as page:
            shown = enrolled({ANNA: page, desk: page}, profile)
            runs = page.do(
                "const runs = [];"
                "for (let turn = 0; turn < 8; turn++) {"
                # New ones each time: nobody was judged before.
                "  const one = await partyHere(shown, uri), two = await partyHere(shown, other);"
                "  runs.push(await setUpTimes(one, two));"
                "}"
                "return runs;",
                shown=shown,
                uri=f"spiffe://italia.example/{ANNA}",
                other=f"spiffe://italia.example/{desk}",
            )
        first, *others = [sum(run.values()) for run in runs]
        last = {step: round(ms, 1) for step, ms in runs[-1].items()}
        sys.stdout.write(
            f"two-party set-up, {profile}: first {first:.0f} ms, then "
            f"{sorted(others)[len(others) // 2]:.0f} ms (median of {len(others)}); last: {last}\n"
        )
        assert [len(run) for run in runs] == [6] * 8


def test_what_an_older_page_kept_stays(chromium: Browser, url: str) -> None:
    """The browser's store grows from version 1 to 3 and loses nothing."""
    with trust_page(chromium, url) as page:
        ready(page)
        kept = page.do(
            "const done = (request) => new Promise((resolve, reject) => {"
            "  request.onsuccess = () => resolve(request.result); request.onerror = reject; });"
            "const opening = indexedDB.open('baluardo-trust', 1);"
            "opening.onupgradeneeded = () => {"
            "  for (const name of ['devices', 'waiting'])"
            "    opening.result.createObjectStore(name, { keyPath: 'identity' });"
            "  for (const name of ['checkpoints', 'forks'])"
            "    opening.result.createObjectStore(name, { keyPath: 'origin' }); };"
            "const old = await done(opening);"
            "const writing = old.transaction('checkpoints', 'readwrite');"
            "await done(writing.objectStore('checkpoints').put({ origin: 'a/log', note: 'kept' }));"
            "old.close();"
            "const vault = await openVault(identityOfUri(uri));"
            "await vault.write([{ kind: 'package', name: 'one', revision: 0, octets: utf8('x') }]);"
            "const again = await openVault(identityOfUri(uri));"
            "const read = await again.read('package', 'one');"
            "const database = await done(indexedDB.open('baluardo-trust'));"
            "const reading = database.transaction('checkpoints').objectStore('checkpoints');"
            "return [(await done(reading.get('a/log'))).note, ofUtf8(read.octets),"
            " database.version];",
            uri=f"spiffe://italia.example/{ANNA}",
        )
        assert kept == ["kept", "x", 3]


def test_the_pages_vectors_stand_before_the_authority_s_own_verifier() -> None:
    """The chains by which the pages' tests judge are accepted here, and the forged one is not."""
    file = json.loads(VECTORS.read_text())
    for which, forged in (("eu", False), ("cnsa", False), ("forged", True)):
        made, judge = file[which], file["eu" if forged else which]
        root, issuer = (Certificate.of_der(octets(judge[name])) for name in ("root", "issuer"))
        profile = profile_named(judge["profile"])
        revocations = Revocations()
        for der, signer in zip(judge["lists"], (root, issuer), strict=True):
            revocations = revocations.apply(octets(der), signer)
        anchors = Anchors.of_root(judge["community"], profile, root)
        verifier = Verifier(anchors, revocations, 7 * DAY)
        own, made_at = Certificate.of_der(octets(made["issuer"])), float(judge["now"])
        for name, member in made["members"].items():
            chain = Chain(Certificate.of_der(octets(member["leaf"])), (own,))
            if forged or name == "brunoLost":
                with pytest.raises(CertificateError):
                    verifier.verify(chain, made_at + 60)
            else:
                assert verifier.verify(chain, made_at + 60).identity.uri.startswith("spiffe://")
