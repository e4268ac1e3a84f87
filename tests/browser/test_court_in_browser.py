"""The court of a site in a real browser: what is pinned stays, and roots follow from roots."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from call_community import CallCommunity
from playwright.sync_api import Browser
from trust_page import TrustPage, bundle_script, site, trust_page

from baluardo.errors import CertificateError
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.making import certify_successor, make_root
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from trust.community import make_community

PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
    '<title>Court</title><script type="module" src="court.js"></script>'
)
ENTRY = """
import { openCourt } from "%(web)s/src/calls/court/edgeCourt";
import { forgetPins } from "%(web)s/src/calls/court/pins";
import { base64 } from "%(web)s/src/trust/octets";
const opened = async (told) => {
  const fetcher = async () => new Response(JSON.stringify(told));
  const court = await openCourt("eu-hybrid", fetcher);
  court.close();
  return court.trust().anchors.roots.map(
    ({ certificate, until }) => [base64(certificate.der), until]);
};
const codeOf = (act) =>
  Promise.resolve().then(act).then(() => "", (problem) => problem.code ?? `${problem}`);
Object.assign(globalThis, { opened, forgetPins, codeOf });
"""
READY_SECONDS = 30.0


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("court-page")
    bundle_script(folder, "court", ENTRY)
    (folder / "index.html").write_text(PAGE)
    with site(folder) as address:
        yield address


def text(certificate: Certificate) -> str:
    return base64.b64encode(certificate.der()).decode()


def again(page: TrustPage) -> None:
    """Load the page anew: what it knows comes from the browser's store."""
    page.page.reload()
    page.page.wait_for_function("() => 'opened' in globalThis", timeout=READY_SECONDS * 1000)


def test_pins_outlive_the_page_and_roots_follow_only_from_roots(
    chromium: Browser, url: str
) -> None:
    own = make_community(EU_HYBRID, now=time.time() - 60)
    shown = CallCommunity(own).shown()
    first = own.root
    keys = [SigningKey.generate(EU_HYBRID.certificates.root) for _ in range(3)]
    second, third, false = (make_root(key, own.name, EU_HYBRID, own.now) for key in keys)
    word = certify_successor(own.root_key, first, second, own.now, 90 * DAY)
    # The first root has been succeeded: its word for a third one counts no more.
    late = certify_successor(own.root_key, first, third, own.now, 90 * DAY)
    forged = certify_successor(keys[2], false, second, own.now, 90 * DAY)

    def told(
        roots: Sequence[Certificate], links: Sequence[Certificate] = (), witness: int = 0
    ) -> dict[str, Any]:
        return {
            "community": own.name,
            "profile": own.profile.name,
            "roots": [{"der": text(each), "until": None} for each in roots],
            "links": [text(each) for each in links],
            "lists": [{"issuer": text(first), "ders": [shown["lists"][0]]}],
            "list_grace": 7 * DAY,
            "log": {
                "vkey": shown["log"],
                "witnesses": [shown["witnesses"][witness]],
                "quorum": 1,
            },
            "time": time.time(),
        }

    with trust_page(chromium, url) as page:
        again(page)

        def code(*words: Any, **more: Any) -> str:
            answer: str = page.code("return opened(told);", told=told(*words, **more))
            return answer

        def roots(*words: Any) -> list[list[Any]]:
            found: list[list[Any]] = page.do("return opened(told);", told=told(*words))
            return found

        assert roots([first]) == [[text(first), None]]
        again(page)
        assert code([first], witness=1) == "log-key"
        assert code([second]) == code([first, second]) == "not-genuine"
        for link in (forged, late, first, second):
            assert code([first, second], [link]) == "not-genuine"
        both = [[text(first), word.not_after], [text(second), None]]
        assert roots([first, second], [forged, word]) == both
        again(page)
        assert roots([second]) == both, "what followed is pinned as well"
        assert code([first, second, third], [word, late]) == "not-genuine"
        again(page)
        page.do("await forgetPins(); return null;")
        assert code([first], witness=1) == "", "a person has let go of what was pinned"
    # The authority's own members judge alike.
    anchors = Anchors.of_root(own.name, EU_HYBRID, first)
    followed = anchors.succeed(second, word, time.time())
    assert [(text(each.certificate), each.until) for each in followed.anchors] == [
        (der, until) for der, until in both
    ]
    for link in (forged, late):
        with pytest.raises(CertificateError):
            anchors.succeed(second, link, time.time())
    with pytest.raises(CertificateError):
        followed.succeed(third, late, time.time())
