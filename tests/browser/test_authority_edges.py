"""An edge comes in by two officers and is cut off by one: pages, command line and disk agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from authority_country import Country, country_at, until
from authority_person import Person, enrolled
from authority_walks import (
    IRREVOCABLE,
    approve_request,
    enrol_edge,
    invite_site,
    request,
    site,
)
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


def revoked(country: Country, name: str) -> int:
    """Return how many certificates an edge knows to be revoked, as its disk tells."""
    return sum(each["revoked"] for each in country.edge_status(name)["lists"])


def test_invite_approve_and_revoke_cuts_an_edge_off(
    country: Country, officers: tuple[Person, Person]
) -> None:
    anna, bruno = officers
    token = invite_site(anna, "ship", "bergamini", "Fregata Bergamini")
    enrolling = country.enrol_edge("bergamini", token)
    until(lambda: "wait" in enrolling.talk.lower())

    anna.go("Approvals")
    expect(request(anna, "bergamini")).to_contain_text("You invited them yourself")
    expect(anna.button("Approve", request(anna, "bergamini"))).to_be_disabled()
    assert enrolling.process.poll() is None
    approve_request(bruno, "bergamini")
    assert enrolling.ended() == 0, enrolling.talk
    assert enrolling.said.startswith("ship/bergamini, until ")

    edge = country.run_edge("bergamini")
    bruno.go("Sites")
    expect(site(bruno, "Fregata Bergamini")).to_contain_text("connected since")
    expect(site(bruno, "Fregata Bergamini")).not_to_contain_text("not connected")

    anna.go("Sites")
    anna.press("Revoke: ship/bergamini")
    anna.dialog.get_by_label("Reason").select_option("keyCompromise")
    expect(anna.button("Revoke", anna.dialog)).to_be_disabled()
    anna.dialog.get_by_label(IRREVOCABLE).check()
    anna.press("Revoke", anna.dialog)
    anna.sees("ship/bergamini was revoked.")
    expect(site(anna, "Fregata Bergamini")).to_contain_text("not connected")
    expect(site(anna, "Fregata Bergamini")).to_contain_text("Revoked for good")
    bruno.go("Sites")
    expect(site(bruno, "Fregata Bergamini")).to_contain_text("Revoked for good")
    until(lambda: "revoked" in edge.talk)
    assert revoked(country, "bergamini") == 1


def test_an_office_that_stays_learns_of_a_revocation(
    country: Country, officers: tuple[Person, Person]
) -> None:
    anna, bruno = officers
    for kind, name, shown in (("office", "roma", "Roma"), ("ship", "cavour", "Portaerei Cavour")):
        enrol_edge(country, anna, bruno, kind, name, shown)
        country.run_edge(name)
    before = revoked(country, "roma")
    bruno.go("Sites")
    expect(site(bruno, "Roma")).to_contain_text("connected since")
    bruno.press("Revoke a holder")
    bruno.fill("Holder", "ship/cavour", bruno.dialog)
    bruno.press("Revoke …", bruno.dialog)
    bruno.dialog.get_by_label(IRREVOCABLE).check()
    bruno.press("Revoke", bruno.dialog)
    bruno.sees("ship/cavour was revoked.")
    expect(site(bruno, "Portaerei Cavour")).to_contain_text("Revoked for good")
    until(lambda: revoked(country, "roma") == before + 1)
    bruno.go("Sites")
    expect(site(bruno, "Roma")).not_to_contain_text("newest is")
    expect(site(bruno, "Roma")).to_contain_text("connected since")
