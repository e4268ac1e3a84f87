"""A policy changed by two: proposed and approved in two browsers, verified by an edge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from authority_country import Country, country_at, until
from authority_person import Person, enrolled
from authority_walks import approve_command, enrol_edge, joined, propose_roles
from playwright.sync_api import Browser, expect


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


@pytest.fixture(scope="module")
def officers(chromium: Browser, country: Country) -> Iterator[tuple[Person, Person]]:
    with ExitStack() as browsers:
        anna = browsers.enter_context(enrolled(chromium, country, "anna.rossi"))
        bruno = browsers.enter_context(enrolled(chromium, country, "bruno.verdi"))
        yield anna, bruno


def test_a_policy_takes_two_and_reaches_pages_and_edges(
    chromium: Browser, country: Country, officers: tuple[Person, Person]
) -> None:
    anna, bruno = officers
    enrol_edge(country, anna, bruno, "office", "roma", "Roma")
    country.run_edge("roma")
    with joined(chromium, country, anna, "carla.bianchi", "Carla Bianchi") as carla:
        pages = carla.page.get_by_role("navigation")
        expect(pages.get_by_role("link")).to_have_text(["Directory", "Policy", "Audit log"])
        carla.open("sites")
        carla.sees_heading("This page is not for your role")

        propose_roles(anna, "carla.bianchi", ["Operator"])
        anna.go("Approvals")
        waiting = anna.page.get_by_role("article", name="A new policy")
        expect(waiting).to_contain_text("You proposed this: somebody else has to answer.")
        expect(anna.button("Approve", waiting)).to_have_count(0)
        expect(pages.get_by_role("link", name="Sites")).to_have_count(0)

        bruno.go("Approvals")
        asked = bruno.page.get_by_role("article", name="A new policy")
        expect(asked).to_contain_text("carla.bianchi")
        expect(asked).to_contain_text("gets Operator")
        approve_command(bruno, "A new policy")
        bruno.go("Policy")
        bruno.sees_heading("Policy 2")

        carla.open("directory")
        carla.go("Sites")
        expect(carla.page.get_by_role("article", name="Roma")).to_contain_text("connected since")
        until(lambda: country.edge_status("roma")["policy"]["number"] == 2)

        carla.go("Policy")
        carla.page.get_by_role("tab", name="History").click()
        carla.page.get_by_text("Difference to policy 1").click()
        expect(carla.page.get_by_role("main")).to_contain_text("gets Operator")
        expect(carla.page.get_by_role("main")).to_contain_text("bruno.verdi")


def test_a_draft_that_locks_everybody_out_cannot_be_proposed(
    officers: tuple[Person, Person],
) -> None:
    anna, _ = officers
    anna.go("Policy")
    anna.press("Make a draft")
    for name in ("bruno.verdi", "chiara.neri"):
        anna.press(f"Remove {name} from the policy")
    anna.sees("This draft cannot be proposed yet")
    expect(anna.button("Propose")).to_be_disabled()
    anna.press("Discard the draft")
    anna.press("Discard the draft", anna.dialog)
    anna.sees_heading("Policy 2")
