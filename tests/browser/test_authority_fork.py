"""An authority that shows a second history is caught by the browser that remembers the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from authority_country import COMMUNITY, Country, country_at
from authority_person import Person, enrolled
from authority_walks import approve_command, invite_person, joined, looked, propose_roles
from playwright.sync_api import Browser, expect

from baluardo.errors import LogError
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.note import VerifierKey


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


def rest(*people: Person) -> None:
    """Leave the pages, which look for news: a server that is away would be a fault on them."""
    for each in people:
        each.page.goto("about:blank")


def test_auditor_catches_a_fork(chromium: Browser, country: Country, tmp_path: Path) -> None:
    """The dishonest authority has the log's key: only who remembers can tell."""
    with (
        enrolled(chromium, country, "anna.rossi") as anna,
        enrolled(chromium, country, "bruno.verdi") as bruno,
        joined(chromium, country, anna, "giulia.moretti", "Giulia Moretti") as giulia,
    ):
        propose_roles(anna, "giulia.moretti", ["Auditor"])
        approve_command(bruno, "A new policy")
        giulia.open("directory")
        first = looked(giulia)
        giulia.sees("This browser sees the log for the first time.")

        rest(anna, bruno, giulia)
        country.stop_serving()
        earlier = country.copy("earlier")
        country.serve()
        anna.open("directory")
        giulia.open("directory")
        for number in range(2):
            invite_person(anna, f"honest.{number}", f"Honest {number}")
        honest = looked(giulia)
        assert honest > first
        giulia.sees(f"begin with exactly the {first} entries that this browser remembers")

        rest(anna, giulia)
        country.stop_serving()
        country.directory.rename(country.place / "honest")
        earlier.rename(country.directory)
        country.serve()
        anna.open("directory")
        for number in range(3):
            invite_person(anna, f"other.{number}", f"Other {number}")
        giulia.open("audit")
        giulia.sees_heading("ALARM: the log has two histories")
        giulia.sees("The log's own key signed two states that cannot both be true.")
        expect(giulia.page.get_by_text("entries shown below")).to_have_count(0)
        expect(giulia.button("Take the alarm away")).to_be_disabled()
        with giulia.page.expect_download() as saving:
            giulia.press("Download the evidence")
        file = tmp_path / "fork-evidence.json"
        saving.value.save_as(file)

        giulia.page.reload()  # the alarm does not go away by itself
        giulia.sees_heading("ALARM: the log has two histories")

    vkey = country.place / "honest" / "public" / "log.vkey"
    said = country.told("audit", "evidence", "--key", vkey, file)
    assert said.startswith(f"The log '{COMMUNITY}/log' is forked")
    evidence = ForkEvidence.of_octets(file.read_bytes())
    honest_twice = ForkEvidence(evidence.first, evidence.first)
    with pytest.raises(LogError, match="proves nothing"):
        honest_twice.verify(VerifierKey.of_text(vkey.read_text().strip()))
