"""Which lists of pages an edge hands out: two officers have signed them, and numbers only grow."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from baluardo.cli.main import main
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.page_copy.door import page_copy_router
from baluardo.edge.page_copy.judgement import EDGE_PAGES, SignedPages, judge_pages, propose_pages
from baluardo.edge.page_copy.of_build import list_of_build
from baluardo.edge.page_copy.page_list import PageList
from baluardo.edge.updates.judgement import Judge
from baluardo.errors import (
    CommandError,
    ConflictError,
    ExpiredError,
    InvalidInputError,
    SignatureError,
    SourceError,
)
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.identity import DAY
from edge.country import ANNA, BRUNO, Country, altered
from edge.page_copy.built_pages import make_build
from edge.signed_updates import Site

OFFICERS = tuple(sorted((ANNA, BRUNO)))


@pytest.fixture(scope="module")
def site(ceremony: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return an edge that holds the first policy."""
    folder = tmp_path_factory.mktemp("site")
    return Site.settle(Country.copied(ceremony, folder / "authority"), folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_build(tmp_path_factory.mktemp("pages") / "static")


@pytest.fixture
def pages(built: Path) -> PageList:
    return list_of_build(built, 7, OFFICERS)


def judge(site: Site) -> Judge:
    return Judge.of_edge(site.edge, site.country.read)


def bundle(
    site: Site, pages: PageList, by: str = ANNA, approvers: Sequence[str] = (BRUNO,)
) -> CommandBundle:
    now, devices = site.country.calendar.now, site.country.devices
    proposal = propose_pages(pages, devices[by], now)
    return CommandBundle(proposal, tuple(approve(proposal, devices[who], now) for who in approvers))


def test_two_officers_make_a_list_rightful(site: Site, pages: PageList) -> None:
    assert judge_pages(bundle(site, pages), judge(site)) == pages


def test_what_officers_have_not_signed_is_refused(site: Site, pages: PageList) -> None:
    judged, good = judge(site), bundle(site, pages)
    with pytest.raises(CommandError, match="0 of the 1 approvals"):
        judge_pages(bundle(site, pages, approvers=()), judged)
    with pytest.raises(CommandError, match="may not approve"):
        judge_pages(bundle(site, pages, approvers=("mario",)), judged)
    with_mario = replace(pages, signers=tuple(sorted((*OFFICERS, "mario"))))
    with pytest.raises(CommandError, match="may not propose"):
        judge_pages(bundle(site, with_mario, "mario"), judged)
    with pytest.raises(CommandError, match="mario as a signer of the next one"):
        judge_pages(bundle(site, with_mario), judged)
    with pytest.raises(SignatureError):
        judge_pages(replace(good, proposal=altered(good.proposal)), judged)
    with pytest.raises(InvalidInputError, match="mario is not among those"):
        propose_pages(pages, site.country.devices["mario"], site.country.calendar.now)
    assert judged.policy is not None
    strict = replace(judged, policy=replace(judged.policy, approvers={EDGE_PAGES: 2}))
    with pytest.raises(CommandError, match="1 of the 2 approvals"):
        judge_pages(good, strict)
    with pytest.raises(CommandError, match="holds no policy yet"):
        judge_pages(good, replace(judged, policy=None))
    site.country.calendar.now += 32 * DAY
    try:
        with pytest.raises(ExpiredError):
            judge_pages(good, judge(site))
    finally:
        site.country.calendar.now -= 32 * DAY


def test_an_update_is_no_list_and_a_list_no_update(site: Site, pages: PageList) -> None:
    with pytest.raises(CommandError, match=r"not one that rule edge\.update governs"):
        judge(site).judge(bundle(site, pages))


def test_numbers_only_grow_and_a_damaged_list_is_told(
    site: Site, pages: PageList, tmp_path: Path
) -> None:
    signed = SignedPages(tmp_path)
    assert signed.octets() == b""
    seventh = bundle(site, pages).to_json()
    signed.take(seventh, judge(site))
    assert signed.octets() == seventh
    for number in (7, 6):
        again = bundle(site, replace(pages, number=number)).to_json()
        with pytest.raises(ConflictError, match="is not newer than list 7"):
            signed.take(again, judge(site))
    assert signed.octets() == seventh
    signed.path.write_bytes(seventh[:-9])
    with pytest.raises(SourceError, match="was damaged"):
        signed.take(bundle(site, replace(pages, number=8)).to_json(), judge(site))
    signed.path.unlink()
    eighth = bundle(site, replace(pages, number=8)).to_json()
    assert signed.take(eighth, judge(site)).number == 8


def test_browsers_get_the_list_the_guard_and_nothing_else(
    site: Site, pages: PageList, built: Path, tmp_path: Path
) -> None:
    part = ConsolePart(name="page copy", router=page_copy_router(tmp_path, built))
    console = create_console((part,), ("rome.example",), built)
    octets = bundle(site, pages).to_json()

    async def scenario() -> None:
        transport = httpx.ASGITransport(app=console)
        async with httpx.AsyncClient(transport=transport, base_url="http://rome.example") as client:
            assert (await client.get("/api/calls/pages")).status_code == 204
            SignedPages(tmp_path).take(octets, judge(site))
            answer = await client.get("/api/calls/pages")
            assert answer.content == octets
            guard = await client.get("/phone-worker.js")
            assert guard.content == (built / "phone-worker.js").read_bytes()
            assert guard.headers["content-type"].startswith("text/javascript")
            for each in (answer, guard):
                assert each.headers["cache-control"] == "no-store"
                assert "default-src 'none'" in each.headers["content-security-policy"]
            manifest = await client.get("/phone.webmanifest")
            assert manifest.headers["content-type"] == "application/manifest+json"
            assert (await client.get("/pages.json")).status_code == 404

    asyncio.run(scenario())


def test_a_command_refuses_a_list_that_is_none(
    site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pages-1.json"
    file.write_bytes(b'{"proposal":{},"approvals":[]}')
    assert main(["edge", "take-pages", str(site.edge), str(file)]) == 1
    assert "Traceback" not in capfd.readouterr().err
    assert not (site.edge / "pages.json").exists()
