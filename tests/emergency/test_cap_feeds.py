"""Feeds of alerts: Atom and RSS, with alerts in them or links to them, and what is no feed."""

from __future__ import annotations

import pytest
from cap_alerts import FULL, GOOD

from baluardo.emergency.cap import feeds
from baluardo.emergency.cap.feeds import Entry, read_feed
from baluardo.emergency.cap.writing import write_alert
from baluardo.errors import InvalidInputError

BASE = "https://cap.example/feeds/all.xml"
INNER = write_alert(GOOD).decode().partition("?>")[2]


def atom(*entries: str) -> bytes:
    body = "".join(f"<entry>{each}</entry>" for each in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{body}</feed>'.encode()


def rss(*items: str) -> bytes:
    body = "".join(f"<item>{each}</item>" for each in items)
    return f'<rss version="2.0"><channel><title>x</title>{body}</channel></rss>'.encode()


def read(octets: bytes) -> tuple[Entry, ...]:
    return read_feed(octets, "The feed", BASE)


def test_atom_says_where_its_alerts_lie() -> None:
    found = read(
        atom(
            "<id>urn:1</id><updated>2026</updated>"
            '<link rel="alternate" href="/a.html" type="text/html"/>'
            '<link href="../cap/1.xml" type="application/cap+xml; charset=utf-8"/>',
            '<id>urn:2</id><link href="https://other.example/2.xml"/>',
            '<id>urn:3</id><link rel="self" href="no"/><content src="3.xml" type="text/xml"/>',
        )
    )
    assert [each.address for each in found] == [
        "https://cap.example/cap/1.xml",
        "https://other.example/2.xml",
        "https://cap.example/feeds/3.xml",
    ]
    assert found[0].name == "urn:1 2026 ../cap/1.xml"
    assert not any(each.problem or each.alert for each in found)


def test_rss_says_where_its_alerts_lie() -> None:
    found = read(
        rss(
            "<guid>1</guid><pubDate>now</pubDate><link>https://cap.example/1.xml</link>",
            "<guid>2</guid><link>/page.html</link>"
            '<enclosure url="/2.xml" type="application/cap+xml" length="7"/>',
        )
    )
    assert [each.address for each in found] == [
        "https://cap.example/1.xml",
        "https://cap.example/2.xml",
    ]
    assert found[0].name == "1 now https://cap.example/1.xml"


@pytest.mark.parametrize("make", [atom, rss])
def test_alerts_within_are_read(make: object) -> None:
    inner = f'<content type="text/xml">{INNER}</content>' if make is atom else INNER
    found = read(make(inner, inner.replace("Exercise", "Nonsense"), inner))  # type: ignore[operator]
    assert [each.alert for each in found] == [GOOD, None, GOOD]
    assert found[1].problem is not None
    assert found[1].problem.startswith("The feed, entry 2, status: 'Nonsense' is none of")


def test_an_alert_is_a_feed_of_one() -> None:
    assert read(write_alert(FULL)) == (Entry(BASE, alert=FULL, whole=True),)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "<id>1</id>",
        '<link href=""/>',
        '<link href="ftp://a/b"/>',
        '<link href="javascript:1"/>',
        '<link href="file:///etc/passwd"/>',
        '<link href="https://[/"/>',
        '<link href="https://a:99999/"/>',
        '<link href="https://a/\u00e8 b"/>',
        f'<link href="https://a/{"b" * 3_000}"/>',
        f"<id>{'i' * 3_000}</id>",
        '<link rel="self" href="https://a/b"/>',
    ],
)
def test_an_entry_that_is_wrong_costs_the_others_nothing(entry: str) -> None:
    bad, good = read(atom(entry, '<link href="https://a.example/b"/>'))
    assert good.address == "https://a.example/b"
    assert bad.alert is bad.address is None
    assert bad.problem is not None
    assert bad.problem.isprintable()
    assert bad.problem.endswith(".")


@pytest.mark.parametrize(
    ("octets", "match"),
    [
        (b"", "not XML"),
        (b"<html/>", "no feed"),
        (b"<feed/>", "no feed"),
        (b'<!DOCTYPE rss [<!ENTITY a "b">]><rss>&a;</rss>', "document type or entities"),
        (b" " * (feeds.LARGEST + 1), "too large"),
        (atom(*("<id/>",) * 2_001), "more than 2,000 entries"),
        (atom("<a>" * 20 + "</a>" * 20), "nested too deeply"),
        (write_alert(GOOD).replace(b"Public", b"No"), "none of Public"),
    ],
)
def test_what_is_no_feed_is_refused(octets: bytes, match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        read(octets)


def test_an_empty_feed_has_no_entries() -> None:
    assert read(atom()) == read(rss()) == read(b"<rss/>") == ()
