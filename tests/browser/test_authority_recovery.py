"""A person who lost every passkey comes back by two officers, and what was before is dead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from authority_country import Country, country_at
from authority_person import enrolled, person
from authority_walks import approve_command, approve_request, copied
from playwright.sync_api import Browser, expect


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


def test_recover_a_lost_passkey(chromium: Browser, country: Country) -> None:
    with (
        enrolled(chromium, country, "anna.rossi") as anna,
        enrolled(chromium, country, "chiara.neri") as chiara,
        enrolled(chromium, country, "bruno.verdi") as bruno,
    ):
        bruno.lose_authenticator()
        bruno.give_authenticator()

        anna.go("Directory")
        anna.page.get_by_role("link", name="Bruno Verdi").click()
        anna.press("Recover access")
        anna.press("Sign and propose", anna.dialog)
        anna.sees("The recovery was proposed. It waits for others under Approvals.")

        chiara.go("Approvals")
        waiting = chiara.page.get_by_role("article", name="Recovery of a passkey")
        expect(waiting).to_contain_text("bruno.verdi")
        approve_command(chiara, "Recovery of a passkey")
        chiara.sees_heading("The invitation")
        chiara.page.keyboard.press("Escape")
        chiara.sees_heading("The invitation")  # it is shown once: no key takes it away by chance
        link = copied(chiara, "Copy the link")
        chiara.press("Done, it is handed over")
        chiara.page.get_by_role("tab", name="History").click()
        done = chiara.page.get_by_role("article", name="Recovery of a passkey")
        expect(done).to_contain_text("carried out")
        assert link.partition("#")[2] not in chiara.page.content()

        with person(chromium, country, "bruno.verdi") as again:
            again.page.goto(link)
            again.sees_heading("Whom it is for")
            again.sees("This brings you back in")
            again.enrol(link)
            again.sees_heading("Waiting for an officer")  # who comes into an office takes a second
            approve_request(anna, "bruno.verdi")
            again.enters()
            again.sign_in()
            again.open("me")
            passkeys = again.page.get_by_role("table", name="Passkeys").get_by_role("row")
            expect(passkeys).to_have_count(2)  # the head, and the new one

            bruno.forgive("401")
            bruno.page.reload()
            bruno.sees_heading("You are not signed in")
