"""Ways through the authority's pages that several tests go, each step as a person sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from authority_country import Country, until
from authority_person import Person, person
from playwright.sync_api import Browser, Locator, expect

UNDERSTOOD = "I have read what will be done."
COMPARED = "I have compared the fingerprint with the one on the device."
IRREVOCABLE = "I know that this cannot be undone."


def copied(officer: Person, button: str) -> str:
    """Press a button that copies; return what it has copied."""
    officer.context.grant_permissions(["clipboard-read", "clipboard-write"])
    officer.press(button, officer.dialog)
    expect(officer.button(button, officer.dialog)).to_have_text("Copied")
    return str(officer.page.evaluate("() => navigator.clipboard.readText()"))


def invite_site(officer: Person, kind: str, name: str, shown: str) -> str:
    """Invite a site on the page; return what is handed over, copied by its button."""
    officer.go("Sites")
    officer.press("Invite a site")
    officer.page.get_by_label("Kind").select_option(kind)
    officer.fill("Name in the network", name)
    officer.fill("Name as people read it", shown)
    officer.press("Make the invitation")
    token = copied(officer, "Copy the invitation")
    officer.press("Done, it is handed over")
    invited = officer.page.get_by_role("row", name=shown).filter(
        has=officer.page.get_by_text(name, exact=True)
    )
    expect(invited).to_contain_text(officer.name)  # two may be shown by the same words
    return token


def invite_person(officer: Person, name: str, shown: str) -> str:
    """Invite a person in the directory; return the link that is handed over."""
    officer.go("Directory")
    officer.press("Invite")
    officer.fill("Name as people read it", shown, officer.dialog)
    officer.fill("Name in the network", name, officer.dialog)
    officer.fill("Device", "phone", officer.dialog)
    officer.press("Make the invitation", officer.dialog)
    link = copied(officer, "Copy the link")
    officer.press("Done, it is handed over")
    expect(officer.dialog).to_have_count(0)
    return link


def site(officer: Person, shown: str) -> Locator:
    """Return what the page tells of one edge."""
    return officer.page.get_by_role("article", name=shown, exact=True)


def request(officer: Person, shown: str) -> Locator:
    """Return a request that waits, on the page of approvals."""
    return officer.page.get_by_role("article").filter(has_text=shown)


def approve_request(officer: Person, shown: str) -> None:
    """Approve a request that waits."""
    officer.go("Approvals")
    officer.press("Approve", request(officer, shown))
    officer.dialog.get_by_label(COMPARED).check()
    officer.press("Approve", officer.dialog)
    officer.sees("The request was approved.")


def enrol_edge(
    country: Country, by: Person, approver: Person, kind: str, name: str, shown: str
) -> None:
    """Bring an edge in: one officer invites, another approves."""
    enrolling = country.enrol_edge(name, invite_site(by, kind, name, shown))
    until(lambda: "wait" in enrolling.talk.lower())
    approve_request(approver, name)
    assert enrolling.ended() == 0, enrolling.talk


@contextmanager
def joined(
    chromium: Browser, country: Country, by: Person, name: str, shown: str
) -> Iterator[Person]:
    """Bring a person in by an invitation, who sits at a browser of their own then."""
    link = invite_person(by, name, shown)
    with person(chromium, country, name, shown) as made:
        made.enrol(link)
        made.enters()
        yield made


def propose_roles(officer: Person, name: str, roles: Iterable[str]) -> None:
    """Draft a policy that gives a person these roles, and propose it."""
    officer.go("Policy")
    officer.press("Make a draft")
    officer.press("Add a person")
    officer.fill("Name in the network", name, officer.dialog)
    for role in roles:
        officer.dialog.get_by_label(role, exact=True).check()
    officer.press("Keep in the draft", officer.dialog)
    expect(officer.page.get_by_role("row", name=name)).to_contain_text("new")
    officer.press("Propose")
    officer.press("Propose", officer.dialog)
    officer.sees("The policy was proposed. It waits for others under Approvals.")


def approve_command(officer: Person, kind: str) -> None:
    """Read a command that waits, approve it and sign that."""
    officer.go("Approvals")
    officer.press("Approve", officer.page.get_by_role("article", name=kind))
    officer.dialog.get_by_label(UNDERSTOOD).check()
    officer.press("Approve", officer.dialog)
    officer.sees("Your approval was signed and sent.")


def looked(member: Person) -> int:
    """Look at the audit log until all that is shown is proven; return its size."""
    member.go("Audit log")
    said = member.page.get_by_text(re.compile("The log's own key signed a checkpoint over"))
    expect(said).to_be_visible()
    proven = re.compile(r"^(\d+) of the \1 entries shown below are in this log")
    expect(member.page.get_by_text(proven)).to_be_visible()
    expect(member.page.get_by_text("NOT PROVEN")).to_have_count(0)
    size = re.search(r"over ([\d,]+) entries", said.inner_text())
    assert size is not None
    return int(size.group(1).replace(",", ""))
