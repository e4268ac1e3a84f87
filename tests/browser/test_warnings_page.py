"""The duty desk in real browsers: one officer writes, another sends, one takes it back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from authority_country import Country, until
from authority_person import Person, enrolled
from authority_walks import approve_command, enrol_edge
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from authority.warnings.others_alerts import alert, atom_with
from baluardo.emergency.cap.alert import Status
from twin.web_server import Server, running

WAYS = """\
channels = ["public", "exercise"]
sites = ["public", "exercise"]
sensor_release = true

[[osmo_cbc]]
name = "nobody-listens"
url = "http://127.0.0.1:9/"
channels = ["public", "exercise"]
whole_network = true
"""
"""What goes out waits for ever: a way out is there, and nobody behind it."""
FEEDS = """
[[feeds]]
name = "meteo"
url = "{url}"
private = true

[[feeds]]
name = "away"
url = "http://127.0.0.1:9/feed"
private = true
"""
ROLE = "Civil protection officer"
READ = "I have read every language of it."


@pytest.fixture(scope="module")
def meteo() -> Iterator[Server]:
    """Return a weather service that tells one storm, and a drill of one."""
    now = float(int(time.time()))
    with running() as server:
        storm = alert("A", now, headline="Burrasca sulla costa")
        drill = alert("B", now, headline="Prova di burrasca", status=Status.EXERCISE)
        server.says(atom_with(storm, drill))
        yield server


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory, meteo: Server) -> Iterator[Country]:
    """Return a state that may warn, on a way that leads nowhere, and that looks at two feeds."""
    country = Country(tmp_path_factory.mktemp("country"))
    country.hold_ceremony()
    feeds = FEEDS.format(url=f"{meteo.address}/feed")
    (country.directory / "warnings.toml").write_text(WAYS + feeds)
    try:
        country.serve()
        yield country
    finally:
        country.close()


@pytest.fixture(scope="module")
def officers(chromium: Browser, country: Country) -> Iterator[tuple[Person, Person]]:
    """Return two who may warn; two more windows' worth of policy made them so."""
    with ExitStack() as browsers:
        anna = browsers.enter_context(enrolled(chromium, country, "anna.rossi"))
        bruno = browsers.enter_context(enrolled(chromium, country, "bruno.verdi"))
        anna.go("Policy")
        anna.press("Make a draft")
        for name in ("anna.rossi", "bruno.verdi"):
            row = anna.page.get_by_role("row", name=name)
            row.get_by_role("button", name=re.compile("^Edit")).click()
            anna.dialog.get_by_label(ROLE, exact=True).check()
            anna.press("Keep in the draft", anna.dialog)
        anna.press("Propose")
        anna.press("Propose", anna.dialog)
        anna.sees("The policy was proposed. It waits for others under Approvals.")
        approve_command(bruno, "A new policy")
        yield anna, bruno


@pytest.fixture(scope="module")
def telephone(
    chromium: Browser, country: Country, officers: tuple[Person, Person]
) -> Iterator[Page]:
    """Return the telephone's page of a site, before anybody has signed in there."""
    enrol_edge(country, *officers, "office", "rome", "Rome")
    address = country.run_edge("rome").line().split()[0].rstrip("/")
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/phone")
        yield page


def banner(page: Page) -> Locator:
    """Return what a page shows above everything while a warning holds."""
    return page.get_by_role("region", name=re.compile("Public warning|Allarme pubblico"))


def at_desk(officer: Person, tab: str = "Situation") -> None:
    officer.open("warnings")
    officer.sees_heading("Warnings")
    officer.page.get_by_role("tab", name=re.compile(f"^{tab}")).click()


def card(officer: Person, headline: str) -> Locator:
    """Return what the desk says of one warning."""
    return officer.page.get_by_role("article", name=re.compile(headline)).first


def writes(officer: Person, channel: str, headline: str) -> None:
    """Write a warning for Norcia in two languages, on a channel."""
    at_desk(officer, "Write a warning")
    page = officer.page
    page.get_by_role("radio", name=re.compile(f"^{channel}")).check()
    officer.fill("Municipality, province, region or zone", "Norcia")
    page.get_by_role("button", name=re.compile("^Norcia")).first.click()
    expect(page.get_by_role("region", name="Whom it would reach")).to_be_visible()
    for language, words in (("Italian", headline), ("English", f"{headline} (en)")):
        box = page.get_by_role("group", name=language, exact=True)
        officer.fill("Event", "Terremoto", box)
        officer.fill("Headline", words, box)
        officer.fill("What is happening", "Una forte scossa ha colpito Norcia.", box)
        officer.fill("What to do", "Esci all'aperto. Protezione civile.", box)
        officer.fill("Words for phones", f"Protezione civile: {words}. Esci all'aperto.", box)


def ready(officer: Person, button: str) -> Locator:
    """Tick every warning, and return the button once it can be pressed."""
    page = officer.page
    problems = page.get_by_role("heading", name="Before it can be proposed").locator(
        "xpath=../../.."
    )
    act = officer.button(button)

    def enabled() -> bool:
        for box in problems.get_by_role("checkbox").all():
            # A later answer may have taken it away: what was written is checked again and again.
            with suppress(NotInTime):
                box.check(timeout=1_000)
        return act.is_enabled()

    until(enabled)
    return act


def proposes(officer: Person, button: str) -> None:
    """Tick every warning, and sign."""
    ready(officer, button).click()
    officer.dialog.get_by_label(READ).check()
    officer.press(button, officer.dialog)
    officer.sees("It was proposed and waits for a second officer.")


def test_an_exercise_is_written_sent_by_another_and_taken_back_by_one(
    officers: tuple[Person, Person], telephone: Page
) -> None:
    anna, bruno = officers
    expect(banner(telephone)).to_have_count(0)
    writes(anna, "Exercise", "Scossa a Norcia")
    # What phones lack is named, and written otherwise at one press.
    italian = anna.page.get_by_role("group", name="Italian", exact=True)
    anna.fill("Words for phones", "Protezione civile: Scossa a Norcia, così č.", italian)
    expect(italian).to_contain_text("UCS-2")
    anna.press("Write them as offered", italian)
    expect(italian).to_contain_text("GSM-7")
    expect(anna.page.locator(".channel-frame")).to_have_count(1)
    proposes(anna, "Propose this exercise")
    mine = card(anna, "Scossa a Norcia")
    expect(mine).to_contain_text("waits for a second officer")
    anna.press("Look and decide", mine)
    expect(anna.dialog).to_contain_text("another officer has to answer")
    expect(anna.button("Sign and send as an exercise", anna.dialog)).to_have_count(0)
    anna.press("Close", anna.dialog)

    at_desk(bruno)
    bruno.press("Look and decide", card(bruno, "Scossa a Norcia"))
    expect(bruno.dialog).to_contain_text("EXERCISE")
    expect(bruno.dialog).to_contain_text("Scossa a Norcia, così c.")
    expect(bruno.dialog).to_contain_text("Esci all'aperto. Protezione civile.")
    expect(bruno.dialog.get_by_role("img", name=re.compile("Picture of the area"))).to_be_visible()
    bruno.press("Sign and send as an exercise", bruno.dialog)
    bruno.sees("Your approval was signed and sent.")
    sent = card(bruno, "Scossa a Norcia")
    expect(sent).to_contain_text("in force")
    bruno.press("Show", sent)
    expect(sent).to_contain_text("nobody-listens")
    expect(sent).to_contain_text("Warning released.")
    # The state's own pages and telephones show it, marked as what it is, until it is read.
    for page in (telephone, bruno.page):
        expect(banner(page)).to_contain_text(re.compile("Exercise|Esercitazione"))
        expect(banner(page)).to_contain_text("Scossa a Norcia")
        expect(banner(page)).to_contain_text("Esci all'aperto. Protezione civile.")
        banner(page).get_by_role("button").click()
        expect(banner(page)).not_to_contain_text("Esci all'aperto. Protezione civile.")
    expect(sent).to_contain_text(re.compile("sites", re.IGNORECASE))

    bruno.press("Cancel this warning", sent)
    bruno.fill("Reason", "Fine dell'esercitazione", bruno.dialog)
    bruno.press("Sign and cancel it", bruno.dialog)
    bruno.sees("The cancel was signed and sent.")
    expect(banner(telephone)).to_contain_text(re.compile("withdrawn|revocato"))
    bruno.page.get_by_text(re.compile("earlier warning")).click()
    expect(card(bruno, "Scossa a Norcia")).to_contain_text("cancelled")


def test_a_real_one_asks_for_a_word_and_is_refused_by_signing(
    officers: tuple[Person, Person],
) -> None:
    anna, bruno = officers
    writes(anna, "Real", "Acqua alta a Norcia")
    proposes(anna, "Propose this real warning")
    at_desk(bruno)
    bruno.press("Look and decide", card(bruno, "Acqua alta a Norcia"))
    send = bruno.button("Sign and send to the population", bruno.dialog)
    expect(send).to_be_disabled()
    bruno.fill("To send it to the population, write POPULATION", "population", bruno.dialog)
    expect(send).to_be_enabled()
    bruno.press("Sign and refuse", bruno.dialog)
    expect(bruno.dialog).to_contain_text("Say why.")
    bruno.fill("Reason", "Non è vero", bruno.dialog)
    bruno.press("Sign and refuse", bruno.dialog)
    bruno.sees("Your refusal was signed and sent.")
    expect(card(bruno, "Acqua alta a Norcia")).to_have_count(0)


def test_two_entrust_an_exercise_to_sensors_and_one_takes_it_back(
    officers: tuple[Person, Person],
) -> None:
    anna, bruno = officers
    writes(anna, "Exercise", "Onda a Norcia")
    ready(anna, "Entrust to sensors").click()
    anna.fill("Sensors", "office/buoy-ionian\nperson/anna.rossi", anna.dialog)
    anna.dialog.get_by_label(READ).check()
    anna.press("Sign and propose it", anna.dialog)
    expect(anna.dialog).to_contain_text("Name sensors as office/NAME or ship/NAME")
    anna.fill("Sensors", "office/buoy-sicily\noffice/buoy-ionian", anna.dialog)
    anna.press("Sign and propose it", anna.dialog)
    anna.sees("It was proposed and waits for a second officer, under Approvals.")
    proposed = card(anna, "Onda a Norcia")
    expect(proposed).to_contain_text("waits for a second officer")
    expect(proposed).to_contain_text("no certificate in force")
    approve_command(bruno, "A warning that sensors may release")
    at_desk(bruno, "Sensors")
    standing = card(bruno, "Onda a Norcia")
    expect(standing).to_contain_text("stands ready")
    expect(standing).to_contain_text("2 of 2 sensors must agree.")
    expect(standing).to_contain_text("buoy-ionian")
    expect(standing).to_contain_text("2 sensors must agree, and 0 of those named have")
    bruno.press("Take it back", standing)
    bruno.press("Take it back", bruno.dialog)
    bruno.sees("It was taken back: no sensor sets it off any more.")
    expect(standing).to_contain_text("taken back")


def test_two_sensors_that_agree_send_it(
    officers: tuple[Person, Person], telephone: Page, country: Country
) -> None:
    anna, bruno = officers
    enrol_edge(country, anna, bruno, "office", "buoy", "Buoy")
    writes(anna, "Exercise", "Ritiro del mare")
    ready(anna, "Entrust to sensors").click()
    anna.fill("Sensors", "office/buoy\noffice/rome", anna.dialog)
    anna.dialog.get_by_label(READ).check()
    anna.press("Sign and propose it", anna.dialog)
    anna.sees("It was proposed and waits for a second officer, under Approvals.")
    approve_command(bruno, "A warning that sensors may release")
    at_desk(bruno, "Sensors")
    standing = card(bruno, "Ritiro del mare")
    expect(standing).to_contain_text("stands ready")
    expect(standing).not_to_contain_text("It could not go out now")
    name = standing.locator("code").last.inner_text()

    def alarms(site: str) -> str:
        said = ("--standing", name, "--reading", "0.8 m in 40 s", "--unprotected")
        return country.told("edge", "alarm", country.place / site, *said)

    assert alarms("rome") == "Counted: 1 of 2 sensors agree.\n"
    standing.get_by_text("1 alarm", exact=True).click()
    expect(standing).to_contain_text("office/rome, 0.8 m in 40 s")
    assert re.fullmatch(r"The warning [0-9a-f]{32} went out: 2 sensors agree.\n", alarms("buoy"))
    expect(standing).to_contain_text("was set off")
    bruno.page.get_by_role("tab", name=re.compile("^Situation")).click()
    sent = card(bruno, "Ritiro del mare")
    expect(sent).to_contain_text("in force")
    expect(banner(telephone).first).to_contain_text("Ritiro del mare")
    bruno.press("Show", sent)
    bruno.press("Cancel this warning", sent)
    bruno.fill("Reason", "Fine dell'esercitazione", bruno.dialog)
    bruno.press("Sign and cancel it", bruno.dialog)
    bruno.sees("The cancel was signed and sent.")


def test_alerts_of_others_stand_apart_and_a_feed_that_is_away_is_said(
    officers: tuple[Person, Person],
) -> None:
    anna, _ = officers
    at_desk(anna, "Alerts of others")
    storm = card(anna, "Burrasca sulla costa")
    expect(storm).to_contain_text("severe")
    expect(storm).to_contain_text("Servizio meteorologico")
    anna.press("Show", storm)
    expect(storm).to_contain_text("No signature was asked for.")
    drill = card(anna, "Prova di burrasca")
    expect(drill).to_contain_text("an exercise")
    expect(drill).not_to_contain_text("severe")
    feeds = anna.page.locator(".foreign-feed").filter(has_text="away")
    expect(feeds).to_contain_text("cannot be read")


def test_an_area_is_drawn_by_keys_alone(officers: tuple[Person, Person]) -> None:
    anna, _ = officers
    at_desk(anna, "Write a warning")
    page = anna.page
    page.get_by_role("tab", name="Drawn").click()
    corners = page.get_by_label("Corners in writing")
    corners.fill("42.9, 13.0\n42.9, 13.2\n42.7, 13.2")
    anna.sees("3 corners: this is an area.")
    canvas = page.locator(".maplibregl-canvas")
    canvas.focus()
    page.keyboard.press("Enter")
    expect(corners).to_have_value(re.compile(r"(.+\n){3}.+"))
    anna.press("Take back the last corner")
    anna.sees("3 corners: this is an area.")
    expect(page.get_by_role("region", name="Whom it would reach")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["en", "it"])
def test_the_desk_is_no_wider_than_its_window(
    officers: tuple[Person, Person], language: str, width: int
) -> None:
    anna, _ = officers
    page = anna.page
    page.set_viewport_size({"width": width, "height": 800})
    anna.open("warnings")
    if page.locator("main").get_attribute("lang") != language:
        page.locator("#language-switch").click()
    expect(page.locator("main")).to_have_attribute("lang", language)
    for tab in range(5):
        page.get_by_role("tablist").first.get_by_role("tab").nth(tab).click()
        for element in ("document.documentElement", "document.querySelector('.authority-scroll')"):
            wide = page.evaluate(f"() => {element}.scrollWidth - {element}.clientWidth")
            assert wide <= 0, (tab, element)
    if language == "it":
        page.locator("#language-switch").click()


def test_a_browser_becomes_a_phone_once_and_says_what_it_is_not(
    chromium: Browser, officers: tuple[Person, Person]
) -> None:
    anna, bruno = officers
    anna.page.set_viewport_size({"width": 1280, "height": 900})
    at_desk(anna, "Phones for exercises")
    anna.fill("Name", "Telefono uno")
    anna.fill("Latitude, degrees", "42.79")
    anna.fill("Longitude, degrees", "13.09")
    anna.press("Make a phone")
    link = anna.page.get_by_text(re.compile("/handset#")).inner_text()

    phone = bruno.page
    bruno.forgive("409", "401")
    phone.goto(link)
    expect(phone.get_by_text("It receives no public warnings")).to_be_visible()
    expect(phone.get_by_text("Telefono uno")).to_be_visible()
    assert "#" not in phone.url
    phone.get_by_role("button", name="Switch on").click()
    expect(phone.get_by_text("Nothing is on the air here.")).to_be_visible()

    other = chromium.new_page(locale="en-GB")
    try:
        other.goto(link)
        expect(other.get_by_text(re.compile("Another browser is this handset"))).to_be_visible()
    finally:
        other.close()
