"""What people write is text: in every field scripts, quotes, turned writing and far too much of it.

What is refused is refused by a sentence; what is taken is shown as it was written; nothing runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from authority_country import Country, country_at, until
from authority_person import Person, enrolled, person
from authority_walks import (
    invite_site,
    joined,
    looked,
    propose_roles,
    request,
)
from playwright.sync_api import Browser, Locator, expect

SCRIPT = "<script>canary()</script>"
IMAGE = '"><img src=x onerror=canary()>'
QUOTES = "' onfocus='canary()' autofocus='"
TURNED = "Rossi \u202egpj.exe\u202c"
TERMINAL = "\x1b[2J\x1b]0;gone\x07"
ADDRESS = "javascript:canary()"
MUCH = "è" * 10_000
HOSTILE = (SCRIPT, IMAGE, QUOTES, TURNED, TERMINAL, ADDRESS, MUCH)
LONGEST_SENTENCE = 400


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


@pytest.fixture(scope="module")
def ran() -> list[str]:
    """Return what has run that should never have."""
    return []


def guarded(member: Person, ran: list[str]) -> Person:
    """Let a page of theirs tell if a text ran as a script; refusals are what is asked for here."""
    member.context.expose_function("canary", lambda: ran.append(member.page.url))
    member.forgive("400", "401", "403", "404", "409", "422")
    return member


@pytest.fixture(scope="module")
def officers(
    chromium: Browser, country: Country, ran: list[str]
) -> Iterator[tuple[Person, Person]]:
    with ExitStack() as browsers:
        anna = browsers.enter_context(enrolled(chromium, country, "anna.rossi"))
        bruno = browsers.enter_context(enrolled(chromium, country, "bruno.verdi"))
        yield guarded(anna, ran), guarded(bruno, ran)


@pytest.fixture(autouse=True)
def nothing_ran(ran: list[str], officers: tuple[Person, Person]) -> Iterator[None]:
    yield
    assert ran == []
    assert [each.complaints() for each in officers] == [[], []]


def write(member: Person, label: str, text: str, inside: Locator | None = None) -> None:
    """Write into a field, and past what the page lets a hand write: scripts do not count."""
    field = (inside or member.page).get_by_label(label, exact=True)
    field.evaluate("element => element.removeAttribute('maxlength')")
    field.fill(text)


def taken(place: Locator, press: Callable[[], None], done: Locator) -> bool:
    """Send a form; tell whether it was taken. A refusal has to be a sentence beside it."""
    press()
    refusal = place.locator("[role=alert], .field-error").first
    expect(refusal.or_(done).first).to_be_visible()
    if not refusal.is_visible():
        return True
    sentence = refusal.inner_text().strip()
    assert re.search(r"[.:!]$", sentence), sentence
    assert len(sentence) < LONGEST_SENTENCE, sentence
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", sentence), sentence
    return False


def test_invitations_of_persons(officers: tuple[Person, Person]) -> None:
    anna, _ = officers
    names = "Name as people read it"
    good = {
        names: "Ugo Foscolo",
        "Name in the network": "ugo.foscolo",
        "Device": "phone",
        "Languages": "it",
        "Number": "+39 06 1234",
    }
    anna.open("directory")
    shown = anna.page.get_by_role("heading", name="The invitation", exact=True)
    accepted = []
    for label in good:
        for hostile in HOSTILE if label == names else (IMAGE, TURNED, MUCH):
            anna.press("Invite")
            anna.press("Add number", anna.dialog)
            for field, text in {**good, label: hostile}.items():
                write(anna, field, text, anna.dialog)
            if taken(anna.dialog, lambda: anna.press("Make the invitation", anna.dialog), shown):
                accepted.append((label, hostile))
                anna.press("Done, it is handed over")
                row = anna.page.get_by_role("row").filter(has_text=hostile)
                expect(row.first).to_be_visible()
            else:
                anna.press("Cancel", anna.dialog)
    assert accepted == [(names, text) for text in (SCRIPT, IMAGE, QUOTES, ADDRESS)]


def test_search_and_addresses(officers: tuple[Person, Person]) -> None:
    anna, _ = officers
    for hostile in HOSTILE:
        anna.open("directory")
        search = anna.page.get_by_role("searchbox", name="Find a person")
        search.fill(hostile)
        found = anna.page.get_by_text(re.compile("^Nobody found$|^[13] pe|no longer than|too long"))
        expect(found.first).to_be_visible()
        anna.page.evaluate("text => { location.hash = text }", hostile)
        anna.open(f"enrol#{hostile[:200]}")
        anna.sees("This is no invitation, or not the whole of it.")
        write(anna, "Invitation", f"baluardo-invitation:{hostile}")
        anna.press("Open the invitation")
        anna.sees("This is no invitation, or not the whole of it.")


def test_sites_and_holders(officers: tuple[Person, Person]) -> None:
    anna, _ = officers
    anna.open("sites")
    shown = anna.page.get_by_role("heading", name="The invitation", exact=True)
    said = anna.page.get_by_text(re.compile("was proposed|was revoked"))
    for hostile in HOSTILE:
        for label in ("Name in the network", "Name as people read it"):
            anna.press("Invite a site")
            write(anna, "Name in the network", "venezia", anna.dialog)
            write(anna, "Name as people read it", "Venezia", anna.dialog)
            write(anna, label, hostile, anna.dialog)
            if taken(anna.dialog, lambda: anna.press("Make the invitation", anna.dialog), shown):
                anna.press("Done, it is handed over")
                expect(anna.page.get_by_role("row").filter(has_text=hostile)).to_be_visible()
            else:
                anna.press("Cancel", anna.dialog)
        anna.press("Revoke a holder")
        write(anna, "Holder", f"ship/{hostile}", anna.dialog)
        assert not taken(anna.dialog, lambda: anna.press("Revoke …", anna.dialog), said)
        anna.press("Cancel", anna.dialog)
        anna.press("Propose mass revocation")
        write(anna, "Further holders, one a line", f"ship/a\nship/{hostile}", anna.dialog)
        anna.dialog.get_by_role("checkbox").last.check()
        assert not taken(anna.dialog, lambda: anna.press("Sign and propose", anna.dialog), said)
        anna.press("Cancel", anna.dialog)


def test_drafts_of_a_policy(officers: tuple[Person, Person]) -> None:
    anna, _ = officers
    anna.open("policy")
    anna.press("Make a draft")
    for hostile in HOSTILE:
        for label in ("Name in the network", "Territory"):
            anna.press("Add a person")
            write(anna, "Name in the network", "ugo.foscolo", anna.dialog)
            write(anna, label, hostile, anna.dialog)
            closed = anna.page.get_by_role("row", name="ugo.foscolo")
            assert not taken(
                anna.dialog, lambda: anna.press("Keep in the draft", anna.dialog), closed
            )
            anna.press("Cancel", anna.dialog)
    anna.press("Discard the draft")


def test_passkeys_and_devices(officers: tuple[Person, Person]) -> None:
    anna, _ = officers
    anna.open("me")
    for hostile in HOSTILE:
        anna.press("Add a device")
        write(anna, "Name of the device", hostile, anna.dialog)
        made = anna.dialog.get_by_role("button", name="Copy the link")
        assert not taken(anna.dialog, lambda: anna.press("Make the invitation", anna.dialog), made)
        anna.press("Cancel", anna.dialog)
    anna.lose_authenticator()  # one more passkey of the same person needs another authenticator
    anna.open("me")
    anna.press("Add a passkey")
    write(anna, "What you call it", SCRIPT, anna.dialog)
    anna.give_authenticator()
    anna.press("Make the passkey", anna.dialog)
    expect(anna.page.get_by_role("row").filter(has_text=SCRIPT)).to_be_visible()
    expect(anna.button(f"Remove the passkey {SCRIPT}")).to_be_visible()


def test_reasons_and_names_reach_others_as_text(
    chromium: Browser, country: Country, officers: tuple[Person, Person], ran: list[str]
) -> None:
    """A person and a ship whose names are scripts, and refusals whose reasons are."""
    anna, bruno = officers
    enrolling = country.enrol_edge("doria", invite_site(anna, "ship", "doria", IMAGE))
    until(lambda: "wait" in enrolling.talk.lower())
    bruno.go("Approvals")
    said = bruno.page.get_by_text("The request was refused.")
    for reason in (TERMINAL, MUCH, TURNED, SCRIPT):
        bruno.press("Refuse", request(bruno, "doria"))
        write(bruno, "Reason", reason, bruno.dialog)
        if taken(bruno.dialog, lambda: bruno.press("Refuse", bruno.dialog), said):
            assert reason == SCRIPT
        else:
            bruno.press("Cancel", bruno.dialog)
    assert enrolling.ended() != 0
    assert SCRIPT in enrolling.talk
    with joined(chromium, country, anna, "dario.neri", IMAGE) as dario:
        guarded(dario, ran)
        propose_roles(anna, "dario.neri", ["Auditor"])
        bruno.go("Approvals")
        waiting = bruno.page.get_by_role("article", name="A new policy")
        bruno.press("Refuse", waiting)
        write(bruno, "Reason", QUOTES, bruno.dialog)
        bruno.press("Refuse", bruno.dialog)
        bruno.sees("Your refusal was signed and sent.")
        anna.go("Approvals")  # where it still waits: another officer may approve
        expect(anna.page.get_by_role("article", name="A new policy")).to_contain_text(QUOTES)
        for path in ("directory#dario.neri", "me", "policy", "audit"):
            dario.open(path)
            expect(dario.button(f"Signed in as {IMAGE}")).to_be_visible()
        looked(dario)
        dario.open("directory#dario.neri")
        expect(dario.page.get_by_role("heading", name=IMAGE)).to_be_visible()
        assert dario.complaints() == []


def test_an_emergency_with_hostile_words(
    chromium: Browser, country: Country, ran: list[str]
) -> None:
    with person(chromium, country, "chiara.neri") as chiara:
        guarded(chiara, ran)
        good = {"Your name in the state": "anna.rossi", "Emergency code": country.emergency_code()}
        for label in (*good, "Reason"):
            for hostile in (TERMINAL, MUCH, TURNED) if label == "Reason" else HOSTILE:
                chiara.open("sign-in")
                chiara.page.get_by_text("Break-glass: an emergency code").click()
                texts = {**good, "Reason": "Fire in Rome.", label: hostile}
                for field, text in texts.items():
                    write(chiara, field, text)
                form = chiara.page.get_by_role("group").filter(has_text="Break-glass")
                inside = chiara.page.get_by_role("heading", name="First steps")
                assert not taken(form, lambda: chiara.press("Break the glass"), inside)
