"""`baluardo up`: a whole state beside the globe, at the authority's address and at a site's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from authority_country import Country
from authority_person import Person, person
from authority_walks import looked, site
from playwright.sync_api import Browser, expect

from running_console import RunningConsole, running

PEOPLE = 9


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    state = tmp_path_factory.mktemp("state")
    with running(state, "--catalogue", "shells", demonstration=True) as console:
        yield console


@pytest.fixture(scope="module")
def country(console: RunningConsole, tmp_path_factory: pytest.TempPathFactory) -> Country:
    port = int(console.url.rstrip("/").rpartition(":")[2])
    return Country(tmp_path_factory.mktemp("country"), web=port)


@pytest.fixture
def anna(chromium: Browser, country: Country) -> Iterator[Person]:
    with person(chromium, country, "anna.rossi") as anna:
        enter(anna)
        yield anna


def enter(member: Person) -> None:
    """Enter as one of the people that do not exist, without any passkey."""
    member.open("sign-in")
    member.press(f"Enter as {member.shown}")
    expect(member.button(f"Signed in as {member.shown}")).to_be_visible()


def test_everything_is_there(anna: Person) -> None:
    expect(anna.page.get_by_text("Demonstration", exact=True).first).to_be_visible()
    anna.go("Directory")
    people = anna.page.get_by_role("region", name="People").get_by_role("link")
    expect(people).to_have_count(PEOPLE)
    anna.go("Sites")
    for shown in ("Roma", "Fregata, mar Ionio"):
        expect(site(anna, shown)).to_contain_text("connected since")
    anna.go("Approvals")
    expect(anna.page.get_by_role("article").filter(has_text="patrol")).to_be_visible()
    assert looked(anna) > PEOPLE


def test_this_browser_becomes_a_device_that_signs(anna: Person) -> None:
    anna.open("me")
    anna.sees("This browser holds no key of yours")
    anna.press("Add a device")
    anna.fill("Name of the device", "browser", anna.dialog)
    anna.press("Make the invitation", anna.dialog)
    anna.page.get_by_role("link", name="This browser is the device").click()
    anna.takes_invitation()
    anna.enters()
    expect(anna.page.get_by_role("row", name="browser this browser")).to_contain_text("In force")
    anna.go("Policy")
    expect(anna.page.get_by_text("This browser cannot sign")).to_have_count(0)


def test_the_globe_works_beside_it(anna: Person) -> None:
    anna.open("")
    anna.watched.wait_for_sky()
    expect(anna.button("Signed in as Anna Rossi")).to_be_visible()
    anna.go("Directory")


def test_a_site_serves_the_same_pages(chromium: Browser, country: Country) -> None:
    """What is done at the site goes over its channel: the session there is one of its own."""
    url = f"http://rome.baluardo.localhost:{country.web}/"
    with person(chromium, country, "anna.rossi", url=url) as anna:
        enter(anna)
        anna.go("Directory")
        people = anna.page.get_by_role("region", name="People").get_by_role("link")
        expect(people).to_have_count(PEOPLE)
        anna.go("Sites")
        expect(site(anna, "Roma")).to_contain_text("connected since")
        looked(anna)
        anna.open("me")
        hosts = anna.page.get_by_role("table", name="Sessions")
        expect(hosts.get_by_role("row", name="rome.baluardo.localhost")).to_contain_text("this one")
