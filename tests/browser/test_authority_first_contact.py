"""From a ceremony's papers to the first sign-ins: two officers, each at a browser of their own."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from authority_country import Country, country_at
from authority_person import enrolled, person
from playwright.sync_api import Browser, expect


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


@pytest.mark.parametrize("name", ["anna.rossi", "bruno.verdi"])
def test_ceremony_to_first_sign_in(chromium: Browser, country: Country, name: str) -> None:
    with person(chromium, country, name) as officer:
        officer.enrol(country.invitation(name))
        assert "#" not in officer.page.url, "the address would keep the secret"
        officer.enters()
        officer.sees("Security officer")
        assert len(officer.passkeys()) == 1
        officer.sign_out()
        officer.sign_in()
        expect(officer.button(f"Signed in as {officer.shown}")).to_be_visible()
        officer.open("me")
        row = officer.page.get_by_role("row", name="first this browser")
        expect(row).to_contain_text("In force")


def test_a_paper_is_worth_nothing_a_second_time(chromium: Browser, country: Country) -> None:
    name = "chiara.neri"
    with enrolled(chromium, country, name):
        pass
    with person(chromium, country, name) as thief:
        thief.page.goto(country.invitation(name))
        thief.sees_heading("This invitation was used in another browser")
        thief.open("directory")
        thief.sees_heading("You are not signed in")
        assert thief.passkeys() == []


def test_a_server_that_contradicts_the_invitation_gets_nothing(
    chromium: Browser, country: Country
) -> None:
    """The link of a paper leads to a server with another root: the page stops there."""
    head, _, token = country.invitation("anna.rossi").partition("#")
    kind, _, body = token.partition(":")
    told = json.loads(base64.urlsafe_b64decode(f"{body}=="))
    told["root"] = "0" * 64
    forged = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    with person(chromium, country, "anna.rossi") as officer:
        officer.page.goto(f"{head}#{kind}:{forged}")
        officer.sees_heading("This is not the state that invited you")
        expect(officer.page.get_by_role("main").get_by_role("checkbox")).to_have_count(0)
        assert officer.passkeys() == []
