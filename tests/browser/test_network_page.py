"""The page of the encrypted network: what five real edges told, and what nobody hopes they tell."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from browser_page import PATIENCE_MS, Watched, opened
from fastapi import APIRouter
from playwright.sync_api import Browser, Locator, expect

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.pages import NETWORK_PAGE
from baluardo.stage.network.part import PAGE
from served import served

RECORDED: Final = json.loads((Path(__file__).parent / "data/network_answer.json").read_text())
"""What `baluardo up` answered while its sites sent each other more than their bearers took.

Between Milan and the frigate nothing was sent: that tunnel rests. Devices, forecasts and ages of
choices were not told yet: they are as of a nation that has none, and ages as not known. Nor were
traces: Lampedusa's is written beside the others.
"""

TWO_LAYERS: Final = json.loads((Path(__file__).parent / "data/two_layers_answer.json").read_text())
"""What a site's edge answered that has two layers and two bearers that land.

Its rule forbids Bulgaria: the second bearer lands there. Devices, forecasts and ages of choices
are as in RECORDED.
"""

DEVICES: Final = json.loads((Path(__file__).parent / "data/plain_devices_answer.json").read_text())
"""What an edge answered, recorded until the moment `at` (POSIX seconds).

`network`: two plain devices were let in and one had called; both bearers had forecasts, of which
one was then replaced by a file that lacks a slot. `cut_off`: its devices, once the policy named
the site no more. `damaged`: the same after their list lost its last octets; the edge's directory
there had another name.
"""

TAKEN_OCTETS: Final = 250_000
"""Added to every count from one answer to the next."""

SCRIPT: Final = "<script>canary()</script>"
IMAGE: Final = '"><img src=x onerror=canary()>'
TURNED: Final = "Rossi \u202egpj.exe\u202c"
TERMINAL: Final = "\x1b[2J\x1b]0;gone\x07"
MUCH: Final = "è" * 10_000
HOSTILE: Final = (SCRIPT, IMAGE, TURNED, TERMINAL, MUCH, "javascript:canary()", "")

PAINT: Final = """(property) => getComputedStyle(document.body).getPropertyValue(property)
  .match(/[\\d.]+/g).slice(0, 3).map(Number)"""
"""Red, green and blue of the page's ground or text."""

LONGEST: Final = 400
"""Of what others wrote no more is shown in one place."""

Answer = dict[str, Any]

expect.set_options(timeout=PATIENCE_MS / 3)


@dataclass
class Nation:
    """What the console answers; a test changes it while the page is open."""

    url: str = ""
    asked: int = 0
    change: Callable[[Answer], object] | None = None
    """Applied to what was recorded."""
    instead: object = None
    """Answered in place of it."""

    def answer(self) -> object:
        """Return the recorded answer, its counts as much further as it was asked for."""
        self.asked += 1
        if self.instead is not None:
            return self.instead
        answer = copy.deepcopy(RECORDED)
        added = self.asked * TAKEN_OCTETS
        for site in answer["sites"]:
            for counted in (*site["network"]["bearers"], *site["network"]["tunnels"]):
                counted["sent_octets"] += added
                counted["received_octets"] += added
        for link in answer["wire"]["links"]:
            link["octets"] += added if link["packets"] else 0
        if self.change is not None:
            self.change(answer)
        return answer


@pytest.fixture(scope="module")
def console() -> Iterator[Nation]:
    """Serve a console with the page."""
    nation = Nation()
    router = APIRouter()

    @router.get("/api/network")
    async def network() -> object:
        return nation.answer()

    part = ConsolePart("network", router=router, pages=(PAGE,))
    with served(create_console([part], ("127.0.0.1",))) as url:
        nation.url = f"{url}/network"
        yield nation


@pytest.fixture
def nation(console: Nation) -> Iterator[Nation]:
    """Return the console as recorded, whatever the test before it did."""
    console.change, console.instead = None, None
    yield console
    console.change, console.instead = None, None


@pytest.fixture
def page(chromium: Browser, nation: Nation) -> Iterator[Watched]:
    """Return the page with its first answer; nothing may go wrong on it."""
    with opened(chromium, nation.url) as watched:
        expect(watched.page.get_by_role("heading", name="Tunnels between sites")).to_be_visible()
        yield watched
        assert watched.complaints == []


def unfold(watched: Watched, site: str) -> Locator:
    """Open what a site tells in full; return its card."""
    card = watched.page.locator(f"#site-{site}")
    if card.get_attribute("open") is None:
        card.locator("summary").click()
    return card


def row(watched: Watched, name: str) -> Locator:
    return watched.page.locator(".matrix tbody tr").filter(
        has=watched.page.locator("th", has_text=name)
    )


def wait_for_answers(watched: Watched, nation: Nation, more: int = 2) -> None:
    """Wait until what is answered from now on is also what is shown."""
    wanted = nation.asked + more
    watched.page.wait_for_timeout(100)
    while nation.asked < wanted:
        watched.page.wait_for_timeout(100)


def test_who_sees_whom_comes_first(page: Watched) -> None:
    expect(page.page.locator("main")).to_contain_text(
        "9 of 10 pairs of sites are open at both ends."
    )
    heads = page.page.locator(".matrix thead bdi").all_inner_texts()
    assert heads == ["Rome", "Milan", "Lampedusa", "Frigate, Ionian Sea", "Field unit, Norcia"]
    cells = row(page, "Milan").locator("td").all_inner_texts()
    assert [bool(re.search(r"open", cell)) for cell in cells] == [True, False, True, False, True]
    assert "at rest" in cells[3]
    assert "key 15 s old, limit 180 s" in cells[0]
    assert page.number("document.querySelector('.matrix').getBoundingClientRect().top") < 400


def test_a_site_in_full(page: Watched) -> None:
    card = unfold(page, "rome")
    expect(card.locator("summary")).to_contain_text("Milan")
    expect(card.locator("summary [data-lever]")).to_have_text("observed")
    sky = card.get_by_role("row", name="sky")
    expect(sky.first).to_contain_text("Primary")
    expect(sky.first).to_contain_text("100.64.0.10")
    lampedusa = card.get_by_role("row", name="Lampedusa")
    expect(lampedusa).to_contain_text("in reserve: fibre")
    expect(lampedusa).to_contain_text("sky (primary)")
    expect(lampedusa).to_contain_text("1795338607503")
    routine = card.get_by_role("row", name="Routine")
    assert routine.locator("td").all_inner_texts() == ["98", "2,031 ms", "64", "138"]
    assert card.locator(".drops dt").all_inner_texts() == [
        "waited too long",
        "no confirmed key",
        "no bearer",
    ]


def test_a_bearer_that_replays_a_trace_says_which(page: Watched) -> None:
    page.page.set_viewport_size({"width": 360, "height": 800})
    card = unfold(page, "lampedusa")
    mobile, sky = (card.locator(".told-bearers tr", has_text=name) for name in ("mobile", "sky"))
    for language in ("replays a measured trace:", "riproduce una traccia misurata:"):
        expect(mobile).to_contain_text(f"{language} traces/lampedusa-mobile.csv")
        expect(sky).not_to_contain_text(language)
        place = "document.querySelector('.authority-scroll')"
        assert page.number(f"{place}.scrollWidth - {place}.clientWidth") <= 0
        page.page.locator("#language-switch").click()


def test_rates_come_with_the_second_answer(page: Watched) -> None:
    flow = page.page.locator("#site-rome summary .flow")
    expect(flow).to_have_text(re.compile(r"↓ ?down \d[\d.,]* [kM]bit/s ?↑ ?up \d[\d.,]* [kM]bit/s"))
    wire = page.page.locator(".told-links").first.get_by_role("row", name="Rome fibre").first
    expect(wire).to_contain_text(re.compile(r"[kM]bit/s"))


def test_the_wire(page: Watched) -> None:
    idle = page.page.get_by_text("36 idle links")
    rested = page.page.locator(".idle-links li")
    expect(rested.first).to_be_hidden()
    idle.click()
    expect(rested).to_have_count(36)
    frigate = page.page.get_by_role("row", name="landing sofia to Frigate, Ionian Sea sky")
    expect(frigate).to_contain_text("28 lost on the path")


def test_nothing_moves_while_figures_change(page: Watched, nation: Nation) -> None:
    unfold(page, "rome")
    wait_for_answers(page, nation, 3)
    measure = (
        "() => [...document.querySelectorAll('.matrix td, summary, .table th, .table td')]"
        ".map((each) => each.getBoundingClientRect())"
        ".map(({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' '))"
    )
    before = page.page.evaluate(measure)
    assert len(before) > 100
    wait_for_answers(page, nation, 3)
    assert page.page.evaluate(measure) == before


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_both_languages_read_well_in_both_schemes(
    page: Watched, nation: Nation, scheme: Literal["dark", "light"], width: int
) -> None:
    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": width, "height": 800})
    unfold(page, "rome")
    ground, text = (sum(page.page.evaluate(PAINT, each)) for each in ("background-color", "color"))
    assert (ground < text) == (scheme == "dark")
    for title, bearer in (("Encrypted network", "Primary"), ("Rete cifrata", "Primaria")):
        expect(page.page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.page).to_have_title(f"{title} · Baluardo")
        expect(page.page.locator("#site-rome .told-bearers")).to_contain_text(bearer)
        wait_for_answers(page, nation)
        for wide in ("document.documentElement", "document.querySelector('.authority-scroll')"):
            assert page.number(f"{wide}.scrollWidth - {wide}.clientWidth") <= 0, title
        levels = page.page.evaluate(
            "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')]"
            ".filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))"
        )
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        page.page.locator("#language-switch").click()


def test_by_keys_alone(page: Watched) -> None:
    page.page.locator(".matrix-scroll").focus()
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("() => document.activeElement.innerText").endswith("Rome")
    page.page.keyboard.press("Enter")
    card = page.page.locator("#site-rome")
    expect(card.get_by_role("heading", name="Bearers")).to_be_visible()
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("() => document.activeElement.tagName") == "SUMMARY"
    page.page.keyboard.press("Enter")
    expect(card.get_by_role("heading", name="Bearers")).to_be_hidden()


def test_edges_that_are_silent_or_stopped_or_talk_nonsense(page: Watched, nation: Nation) -> None:
    def change(answer: Answer) -> None:
        _, milan, lampedusa, frigate, _ = answer["sites"]
        milan["network"] = None
        lampedusa["network"]["bearers"][0]["role"] = "king"
        frigate.update(network=None, running=False, landing=None, restarts=3)

    nation.change = change
    expect(page.page.locator("#site-milan summary")).to_contain_text("runs, does not answer")
    expect(page.page.locator("#site-lampedusa summary")).to_contain_text("answer not understood")
    frigate = page.page.locator("#site-frigate summary")
    expect(frigate).to_contain_text("edge does not run")
    expect(frigate).to_contain_text("restarted 3 times")
    expect(frigate).to_contain_text("nowhere")
    expect(unfold(page, "milan")).to_contain_text("runs but does not answer")
    assert row(page, "Milan").locator("td.matrix-silent").count() == 4
    # What the others see of it stays.
    expect(row(page, "Rome").locator("td").nth(3)).to_contain_text("open")
    nation.change = None
    expect(page.page.locator("#site-milan summary")).to_contain_text("edge runs")


def test_a_site_with_one_layer_and_no_rule_says_so_in_few_words(page: Watched) -> None:
    card = unfold(page, "rome")
    expect(card.locator(".told-facts")).to_contain_text("one: WireGuard")
    expect(card.get_by_role("row", name="sky").first).to_contain_text("No landing is demanded.")
    expect(card.locator(".inner-layer")).to_have_count(0)
    expect(card.get_by_text("barred")).to_have_count(0)


def test_a_barred_landing_is_seen_before_a_site_is_unfolded(page: Watched, nation: Nation) -> None:
    def change(answer: Answer) -> None:
        sky, fibre = answer["sites"][0]["network"]["bearers"]
        shown, barred = TWO_LAYERS["bearers"]
        seen = ("landing", "landing_why", "barred")
        sky.update({key: shown[key] for key in seen})
        sky["egress_by_peer"] = {
            "office/milan": "100.64.0.10",
            "office/norcia": "100.64.0.10",
            "ship/frigate": "198.51.100.23",
        }
        fibre.update({key: barred[key] for key in seen})

    nation.change = change
    expect(page.page.locator("#site-rome summary")).to_contain_text("landing barred: fibre")
    expect(page.page.locator("#site-milan summary")).not_to_contain_text("barred")
    card = unfold(page, "rome")
    sky = card.locator(".told-bearers").get_by_role("row", name="sky")
    expect(sky).to_contain_text("lands at Milan")
    expect(sky).to_contain_text(re.compile("100.64.0.10 ?by 2 peers.*198.51.100.23 ?by 1 peer"))
    fibre = card.locator(".told-bearers").get_by_role("row", name="fibre")
    expect(fibre).to_contain_text("barred")
    expect(fibre).to_contain_text("Traffic passes Sofia")
    expect(fibre).not_to_contain_text("lands at")


def test_devices_that_are_let_in_are_seen_before_a_site_is_unfolded(
    page: Watched, nation: Nation
) -> None:
    def change(answer: Answer) -> None:
        rome, milan, *_ = (site["network"] for site in answer["sites"])
        rome["devices"] = DEVICES["network"]["devices"]
        milan["devices"] = DEVICES["cut_off"]

    nation.change = change
    expect(page.page.locator("#site-rome summary")).to_contain_text("2 devices not post-quantum")
    expect(page.page.locator("#site-milan summary")).not_to_contain_text("post-quantum")
    devices = unfold(page, "milan").locator(".told-devices")
    expect(devices).to_contain_text("The state's policy lets this site have no plain devices")
    tablet = devices.get_by_role("row", name="tablet-3")
    expect(tablet).to_contain_text("not let in")
    # It had called before it was cut off.
    expect(tablet).not_to_contain_text("never")
    expect(tablet).not_to_contain_text("0 B")
    expect(unfold(page, "lampedusa").locator(".told-tunnels")).to_be_visible()
    expect(unfold(page, "lampedusa").locator(".told-devices")).to_have_count(0)


def test_tunnels_that_are_shut_say_why(page: Watched, nation: Nation) -> None:
    sentence = "The peer's certificate was revoked. Nothing passes."

    def change(answer: Answer) -> None:
        first, second, *_ = answer["sites"][0]["network"]["tunnels"]
        first.update(open=False, state="absent", key_age_s=None, problem=sentence)
        second.update(open=False, state="agreed", key_age_s=None)

    nation.change = change
    cells = row(page, "Rome").locator("td")
    expect(cells.nth(2)).to_have_text("shut")
    expect(cells.nth(1)).to_have_text("opening")
    expect(unfold(page, "rome").get_by_role("row", name="Lampedusa")).to_contain_text(sentence)


def test_texts_of_edges_are_text(chromium: Browser, nation: Nation) -> None:
    ran: list[str] = []
    with opened(chromium, "about:blank") as watched:
        watched.own = nation.url
        watched.page.expose_function("canary", lambda: ran.append(watched.page.url))
        for number, hostile in enumerate(HOSTILE):
            nation.change = lambda answer, text=hostile: poison(answer, text)
            watched.page.goto(f"{nation.url}?{number}")
            expect(watched.page.locator("#site-rome summary h3")).to_be_visible()
            for site in ("rome", "frigate"):
                unfold(watched, site)
            shown = watched.page.locator("main").inner_text()
            if hostile in (SCRIPT, IMAGE):
                assert shown.count(hostile) > 10, hostile
            assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", shown)
            assert all(len(run) <= LONGEST for run in re.findall("è+", shown))
            place = "document.querySelector('.authority-scroll')"
            assert watched.number(f"{place}.scrollWidth - {place}.clientWidth") <= 0
            # No part of it may show what it is as if it were ours.
            assert watched.page.locator("main img, main script").count() == 0
        assert watched.complaints == []
    assert ran == []


def poison(answer: Answer, text: str) -> None:
    """Put a text wherever an edge or the wire may write one."""
    both = {"it": text, "en": text}
    for site in answer["sites"]:
        network = site["network"]
        site.update(name=both, landing=text, traces={f"{text}{k}": text for k in range(2)})
        network.update(site=text, problem=text, addresses=[text], dropped={text: 3})
        devices = copy.deepcopy(DEVICES["network"]["devices"])
        for place, device in enumerate(devices["devices"]):
            device.update(name=f"{text}{place}", addresses=[text, f"{text}2"])
        network["devices"] = {**devices, "permitted": False, "problem": text}
        for place, bearer in enumerate(network["bearers"]):
            bearer.update(name=f"{text}{place}", device=text, egress=text)
            bearer.update(egress_by_peer={text: text, f"{text}2": f"{text}2"})
            bearer.update(landing=text, landing_why=both, barred=place > 0)
            bearer.update(forecast={"start": 0.0, "end": 1.0, "problem": both})
        for place, tunnel in enumerate(network["tunnels"]):
            tunnel.update(peer=f"{text}{place}", address=text, problem=text)
            tunnel.update(active=text, active_age_s=1e300, second=text, why=both)
            inner = {**TWO_LAYERS["tunnels"][0]["inner"], "established": place > 0}
            tunnel.update(layers=2, inner={**inner, "problem": f"{text}{place}"})
            tunnel["bearers"] = [{"name": text, "health": "dead", "why": both}]
    for place, link in enumerate(answer["wire"]["links"]):
        link.update(name=f"{text}{place}>{text}", packets=place % 2, drops={text: place % 3})


def test_an_empty_nation(page: Watched, nation: Nation) -> None:
    nation.instead = {"sites": [], "wire": None}
    expect(page.page.get_by_text("This nation has no sites.")).to_be_visible()
    expect(page.page.get_by_text("The wire is not up yet, or does not answer.")).to_be_visible()
    assert page.page.locator(".site-card").count() == 0


@pytest.mark.parametrize("bad", [{"sites": 5}, [], {"sites": [{}], "wire": None}])
def test_an_answer_of_another_shape_is_a_sentence(
    chromium: Browser, nation: Nation, bad: object
) -> None:
    nation.instead = bad
    with opened(chromium, nation.url) as watched:
        alert = watched.page.get_by_role("alert")
        expect(alert).to_have_text(re.compile("of different versions"))
        nation.instead = None
        expect(watched.page.locator("#site-rome")).to_be_visible()
        expect(alert).to_have_count(0)
        assert watched.complaints == []


def test_an_old_answer_is_called_old(page: Watched) -> None:
    freshness = page.page.locator("#freshness")
    expect(freshness).to_have_text("Up to date")
    page.page.route("**/api/network", lambda _: None)  # neither an answer nor an error
    expect(freshness).to_contain_text(re.compile(r"\d+ s old: nothing newer arrives"))
    expect(page.page.locator(".matrix")).to_be_visible()
    page.page.unroute("**/api/network")
    expect(freshness).to_have_text("Up to date")


def test_nothing_is_asked_while_nobody_looks(page: Watched, nation: Nation) -> None:
    look = (
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, "
        "configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.page.evaluate(look, True)
    page.page.wait_for_timeout(3_000)  # what was under way has come
    asked = nation.asked
    page.page.wait_for_timeout(5_000)
    assert nation.asked == asked
    page.page.evaluate(look, False)
    wait_for_answers(page, nation)


def test_the_same_at_a_site(chromium: Browser) -> None:
    router = APIRouter()

    @router.get("/api/edge/network")
    async def network() -> object:
        return RECORDED["sites"][3]["network"]

    part = ConsolePart("tunnels", router=router, pages=(NETWORK_PAGE,))
    with (
        served(create_console([part], ("127.0.0.1",))) as url,
        opened(chromium, f"{url}/network") as watched,
    ):
        expect(watched.page.get_by_role("heading", name="This site")).to_be_visible()
        milan = watched.page.get_by_role("row", name="Office milan")
        expect(milan).to_contain_text("at rest")
        expect(milan).to_contain_text("over 180 s: not used")
        expect(watched.page.get_by_role("row", name="geo").first).to_contain_text("Emergency")
        assert watched.page.locator(".matrix").count() == 0
        assert watched.complaints == []


@pytest.mark.parametrize(
    ("width", "language", "words"),
    [
        (1280, "en-GB", ("two: ESP within WireGuard", "inner layer stands", "lands at Milan")),
        (360, "it-IT", ("due: ESP dentro WireGuard", "strato interno attivo", "approda a Milan")),
    ],
)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_two_layers_and_landings_at_a_site(
    chromium: Browser, width: int, language: str, words: tuple[str, str, str], scheme: str
) -> None:
    down = copy.deepcopy(TWO_LAYERS)
    sentence = "The inner layer did not take the new keys."
    down["tunnels"][0]["inner"].update(established=False, problem=sentence)
    answers = [TWO_LAYERS]
    router = APIRouter()

    @router.get("/api/edge/network")
    async def network() -> object:
        return answers[-1]

    part = ConsolePart("tunnels", router=router, pages=(NETWORK_PAGE,))
    view = {"viewport": {"width": width, "height": 800}}
    with (
        served(create_console([part], ("127.0.0.1",))) as url,
        opened(chromium, f"{url}/network", **view, locale=language, color_scheme=scheme) as watched,
    ):
        layers, stands, lands = words
        expect(watched.page.locator(".told-facts")).to_contain_text(layers)
        tunnel = watched.page.locator(".told-tunnels tbody tr")
        expect(tunnel).to_contain_text(stands)
        expect(tunnel).to_contain_text(re.compile(r"14 s, (renewed|rinnovata)"))
        bearers = watched.page.locator(".told-bearers tbody tr")
        expect(bearers.first).to_contain_text(lands)
        expect(bearers.last).to_contain_text(re.compile("barred|vietata"))
        expect(bearers.last).to_contain_text("Sofia (BG, 10.9.3.2)")
        expect(watched.page.get_by_text(sentence)).to_have_count(0)
        for place in ("document.documentElement", "document.querySelector('.authority-scroll')"):
            assert watched.number(f"{place}.scrollWidth - {place}.clientWidth") <= 0
        answers.append(down)
        expect(tunnel).not_to_contain_text(stands)
        expect(tunnel).to_contain_text(sentence)
        assert watched.complaints == []


@pytest.mark.parametrize(
    ("width", "language", "words"),
    [
        (
            1280,
            "en-GB",
            {
                "mark": "not post-quantum",
                "tablet": ("let in", "2 minutes ago", "22 Nov 2026, 13:38", "23 kB from it"),
                "phone": ("let in", "never", "0 B to it"),
                "sky": "Forecast of sky speaks until 23 Nov 2026, 01:38",
                "fibre": "line 7: slot 119690079 stands where 119690078 comes next",
                "over": "Forecast of sky ended 23 Nov 2026, 01:38: only what is measured counts",
                "way": "sky for 0 s",
                "forbidden": "They stay on the list, and are let in again once the policy names",
            },
        ),
        (
            360,
            "it-IT",
            {
                "mark": "non post-quantum",
                "tablet": ("ammesso", "2 minuti fa", "22 nov 2026, 13:38", "23 kB ricevuti"),
                "phone": ("ammesso", "mai", "0 B inviati"),
                "sky": "Previsione di sky vale fino al 23 nov 2026, 01:38",
                "fibre": "La previsione /var/lib/baluardo/fibre.csv non si può usare",
                "over": "Previsione di sky finita il 23 nov 2026, 01:38: conta solo ciò che si",
                "way": "sky da 0 s",
                "forbidden": "Restano nell'elenco e sono ammessi di nuovo quando la politica",
            },
        ),
    ],
)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_devices_forecasts_and_ages_of_choices_at_a_site(
    chromium: Browser, width: int, language: str, words: dict[str, Any], scheme: str
) -> None:
    answers = [DEVICES["network"]]
    router = APIRouter()

    @router.get("/api/edge/network")
    async def network() -> object:
        return answers[-1]

    part = ConsolePart("tunnels", router=router, pages=(NETWORK_PAGE,))
    view = {"viewport": {"width": width, "height": 800}}
    with (
        served(create_console([part], ("127.0.0.1",))) as url,
        opened(chromium, "about:blank", **view, locale=language, color_scheme=scheme) as watched,
    ):
        page, watched.own = watched.page, url
        page.clock.set_fixed_time(DEVICES["at"] + 120.0)
        page.goto(f"{url}/network")
        devices = page.locator(".told-devices")
        expect(devices.locator(".devices-warning")).to_contain_text(words["mark"])
        expect(devices.locator(".devices-warning")).to_contain_text("51821")
        for name, told in (("tablet-3", words["tablet"]), ("phone-7", words["phone"])):
            row = devices.get_by_role("row", name=name)
            for each in (*told, words["mark"]):
                expect(row).to_contain_text(each)
        expect(devices.get_by_role("row", name="tablet-3")).to_contain_text("10.20.66.254")
        sky, fibre = page.locator(".forecasts li").all()
        expect(sky).to_have_text(words["sky"])
        expect(fibre).to_contain_text(words["fibre"])
        expect(page.locator(".told-tunnels tbody tr")).to_contain_text(words["way"])
        for place in ("document.documentElement", "document.querySelector('.authority-scroll')"):
            assert watched.number(f"{place}.scrollWidth - {place}.clientWidth") <= 0
        answers.append({**DEVICES["network"], "devices": DEVICES["cut_off"]})
        expect(devices.locator(".notice")).to_contain_text(words["forbidden"])
        answers.append({**DEVICES["network"], "devices": DEVICES["damaged"]})
        expect(devices.locator(".problem")).to_contain_text("devices.json was damaged")
        expect(devices.get_by_role("row")).to_have_count(0)
        page.clock.set_fixed_time(DEVICES["at"] + 86_400.0)
        page.reload()
        expect(sky).to_contain_text(words["over"])
        assert watched.complaints == []
