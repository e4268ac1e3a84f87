"""A person at a browser of their own, with a passkey in it, who walks by what the pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authority_country import OFFICERS, Country
from browser_page import PATIENCE_MS, Watched
from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page, expect

expect.set_options(timeout=PATIENCE_MS / 3)

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""A platform authenticator that knows its owner at once (WebAuthn Automation, section 11)."""

REFUSED = re.compile(r"error: Failed to load resource: .* status of ([45]\d\d)")
"""What Chromium writes to its console for an answer that refuses."""


@dataclass
class Person:
    """Who sits there, and what they see."""

    name: str
    shown: str
    """The name that others read."""
    country: Country
    context: BrowserContext
    watched: Watched
    devtools: CDPSession
    authenticator: str = ""
    refusals: set[str] = field(default_factory=set)
    """HTTP statuses with which this person was rightly refused."""

    @property
    def page(self) -> Page:
        """The one tab."""
        return self.watched.page

    def give_authenticator(self) -> None:
        """Put a new authenticator into the machine, without any passkey on it."""
        made = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self.authenticator = made["authenticatorId"]

    def lose_authenticator(self) -> None:
        """Take the authenticator away, with all the passkeys on it."""
        self.devtools.send(
            "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.authenticator}
        )

    def passkeys(self) -> list[dict[str, Any]]:
        """Return the passkeys on the authenticator."""
        told = self.devtools.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.authenticator}
        )
        return list(told["credentials"])

    def open(self, path: str) -> None:
        """Open a page of the authority by its address, as from a bookmark."""
        self.page.goto(f"{self.watched.own}{path}")

    def go(self, title: str) -> None:
        """Go to a page by the navigation, and see its heading."""
        self.page.get_by_role("navigation").get_by_role("link", name=title, exact=True).click()
        self.sees_heading(title)

    def sees_heading(self, title: str) -> None:
        """Wait for a heading."""
        expect(self.page.get_by_role("heading", name=title, exact=True).first).to_be_visible()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait for a text."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def button(self, name: str, inside: Locator | None = None) -> Locator:
        """Return a button by its whole name."""
        return (inside or self.page).get_by_role("button", name=name, exact=True)

    def press(self, name: str, inside: Locator | None = None) -> None:
        """Press a button."""
        self.button(name, inside).click()

    def fill(self, label: str, text: str, inside: Locator | None = None) -> None:
        """Write into a field."""
        (inside or self.page).get_by_label(label, exact=True).fill(text)

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def enrol(self, link: str) -> None:
        """Open an invitation, compare the fingerprint with the ceremony's, make key and passkey."""
        self.page.goto(link)
        shown = self.page.get_by_role("img", name=re.compile("^Fingerprint: "))
        expect(shown).to_have_attribute("aria-label", f"Fingerprint: {self.country.fingerprint}")
        self.takes_invitation()

    def takes_invitation(self) -> None:
        """Say that the fingerprint is the same, and make what this device needs."""
        self.page.get_by_label("The fingerprint is the same, and this invitation is for me").check()
        self.page.get_by_role(
            "button", name=re.compile("^Make my key and passkey$|^Make this device's key$")
        ).click()

    def enters(self) -> None:
        """See that the enrolment was granted, and go on."""
        self.sees_heading("You are in")
        self.page.get_by_role("link", name="Go to my access").click()
        self.sees_heading("My access")

    def sign_out(self) -> None:
        """Leave by the corner of the header."""
        self.press(f"Signed in as {self.shown}")
        self.press("Sign out", self.page.get_by_role("banner"))
        self.sees_heading("Sign in")

    def sign_in(self) -> None:
        """Come in by the passkey."""
        self.open("sign-in")
        self.press("Sign in with your passkey")
        expect(self.button(f"Signed in as {self.shown}")).to_be_visible()

    def forgive(self, *statuses: str) -> None:
        """Say that refusals with these statuses are what the test is about."""
        self.refusals.update(statuses)

    def complaints(self) -> list[str]:
        """Return what went wrong on the pages, but for the refusals that were forgiven."""

        def forgiven(complaint: str) -> bool:
            found = REFUSED.match(complaint)
            return found is not None and found.group(1) in self.refusals

        return [each for each in self.watched.complaints if not forgiven(each)]


@contextmanager
def person(
    chromium: Browser, country: Country, name: str, shown: str = "", url: str = "", **context: Any
) -> Iterator[Person]:
    """Sit down at a fresh browser with an authenticator; at the end nothing may have gone wrong.

    `url` is where the pages are, where that is not at the authority itself.
    """
    settings: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
    profile = chromium.new_context(**{**settings, **context})
    profile.set_default_timeout(PATIENCE_MS / 2)
    page = profile.new_page()
    devtools = profile.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = Person(
        name, shown or OFFICERS[name], country, profile, Watched(page, url or country.url), devtools
    )
    made.give_authenticator()
    try:
        yield made
        assert made.complaints() == []
    finally:
        profile.close()


@contextmanager
def enrolled(chromium: Browser, country: Country, name: str, **context: Any) -> Iterator[Person]:
    """The same for an officer who has enrolled by the ceremony's paper."""
    with person(chromium, country, name, **context) as made:
        made.enrol(country.invitation(name))
        made.enters()
        yield made
