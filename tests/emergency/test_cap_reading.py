"""Alerts read: what is hostile, and what the standard's schema refuses, is refused by us."""

from __future__ import annotations

import copy
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import pytest
from cap_alerts import FULL, GOOD
from cap_schema import fits, schema

from baluardo.emergency.cap.reading import LARGEST, NAMESPACE, read_alert
from baluardo.emergency.cap.writing import write_alert
from baluardo.errors import InvalidInputError

DOCUMENT = write_alert(GOOD).decode()
WHOLE = write_alert(FULL).decode()


def refused(document: str | bytes, match: str) -> None:
    octets = document.encode() if isinstance(document, str) else document
    with pytest.raises(InvalidInputError, match=match) as problem:
        read_alert(octets, "The feed's alert")
    assert str(problem.value).isprintable()
    assert len(str(problem.value)) < 500


def changed(old: str, new: str, document: str = WHOLE) -> str:
    assert old in document
    return document.replace(old, new, 1)


def with_type(declared: str, body: str = "&x;") -> str:
    document = changed("<identifier>", f"<identifier>{body}")
    return document.replace("?>", f"?>\n<!DOCTYPE alert [{declared}]>", 1)


@pytest.mark.parametrize(
    "document",
    [
        with_type('<!ENTITY x SYSTEM "file:///etc/passwd">'),
        with_type('<!ENTITY x SYSTEM "http://127.0.0.1:1/">'),
        with_type('<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;', ""),
        with_type(
            '<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in ("ab", "bc", "cd", "de", "ex"))
        ),
        with_type('<!ENTITY x "' + "a" * 100_000 + '">', "&x;" * 1_000),
        with_type("<!ELEMENT alert ANY>", ""),
        WHOLE.replace("?>", '?>\n<!DOCTYPE alert SYSTEM "http://127.0.0.1:1/x.dtd">', 1),
    ],
)
def test_declared_types_and_entities_are_refused(document: str) -> None:
    refused(document, "declares a document type or entities")


def test_large_documents_are_refused_before_they_are_parsed() -> None:
    refused(b"<" * (LARGEST + 1), "too large")
    refused(DOCUMENT.encode() + b" " * 50_000_000, "too large")


@pytest.mark.parametrize(
    "document",
    [
        "<a>" * 200_000 + "</a>" * 200_000,
        "<a>" + "<b/>" * 200_001 + "</a>",
        "<a " + " ".join(f'b{n:x}=""' for n in range(170_000)) + "=" * 30_001,
    ],
)
def test_what_would_fill_memory_is_refused_before_it_is_parsed(document: str) -> None:
    tracemalloc.start()
    try:
        refused(document, "over 200,000 tags or attributes")
        assert tracemalloc.get_traced_memory()[1] < 2 * LARGEST + 100_000  # its own octets
    finally:
        tracemalloc.stop()


def test_deep_and_wide_documents_are_refused() -> None:
    refused("<a>" * 90_000 + "</a>" * 90_000, "nested too deeply")
    refused(changed("</identifier>", "<a>" * 50 + "</a>" * 50 + "</identifier>"), "too deeply")
    refused("<a>" + "<b/>" * 60_000 + "</a>", "more than 50,000 elements")
    refused(
        changed("</polygon>", " 1,1" * 30_000 + "</polygon>"), "polygon 1: more than 20,000 points"
    )


@pytest.mark.parametrize(
    ("document", "match"),
    [
        ("", "not XML"),
        ("{}", "not XML"),
        (DOCUMENT[:-20], "not XML"),
        (DOCUMENT.replace("utf-8", "no-such"), "not XML"),
        (DOCUMENT.encode() + b"\xff", "not XML"),
        (changed("cap:1.2", "cap:1.1"), r"is CAP 1\.1; only CAP 1\.2"),
        (changed("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0"), "1.0"),
        (changed(f' xmlns="{NAMESPACE}"', ""), "no CAP 1.2 alert"),
        (changed(NAMESPACE, "urn:other"), "no CAP 1.2 alert"),
        (DOCUMENT.replace("alert", "alerts"), "no CAP 1.2 alert"),
    ],
)
def test_what_is_no_alert_is_refused(document: str | bytes, match: str) -> None:
    refused(document, match)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("<status>Exercise</status>", "", "status is missing here; 'msgType'"),
        ("<status>Exercise", "<status>exercise", "none of Actual, Exercise"),
        ("<status>Exercise", "<status> Exercise", "none of Actual"),
        ("<status>", "<unknown/><status>", "status is missing here; 'unknown'"),
        ("<status>", "<source>x</source><status>", "status is missing"),
        ("</scope>", "</scope><scope>Public</scope>", "unknown here, repeated, or out of order"),
        ("<note>", "<note>x</note><note>", "'note' is unknown here, repeated"),
        ("</info>", "</info><other/>", "'other' is unknown here"),
        ("</info>", '</info><x xmlns="urn:x"/>', "unknown here"),
        ("</info>", "</info>words", "text stands between"),
        ("</info>", "</info>\u00a0", "text stands between"),
        ("<event>", "<event><b/>", "holds elements"),
        ("<event>", '<event lang="it">', "the attribute 'lang' is unknown"),
        ("<info>", '<info xml:lang="it">', "the attribute"),
        ("<category>Geo</category>", "<category>Fire!</category>", "none of Geo"),
        ("<language>it<", "<language>it_IT<", "RFC 3066"),
        ("<language>it<", "<language>\u00a0it<", "RFC 3066"),
        ("<size>1234<", "<size>-1<", "no number of octets"),
        ("<size>1234<", "<size>1.5<", "no number of octets"),
        ("<size>1234<", "<size>\u0661<", "no number of octets"),
        ("<altitude>0<", "<altitude>1e3<", "no number"),
        ("<altitude>0<", "<altitude>NaN<", "no number"),
        ("<altitude>0<", "<altitude><", "no number"),
        ("<circle>42.8,13.1 20.5<", "<circle>42.8 13.1<", "no point as"),
        ("<circle>42.8,13.1 20.5<", "<circle>42.8,13.1<", "no circle as"),
        ("<polygon>42,13 ", "<polygon>42 13 ", "no point as"),
        ("<polygon>42,13 ", "<polygon>42,13,7 ", "no number"),
        ("<web>", "<web>https://[", "no address"),
        ("<web>", "<web>a b", "no address"),
        ("<references>", "<references>x ", "not sender,identifier,sent"),
        ("IT-EXERCISE-0001,", "IT-EXERCISE-0001,2026-13-", "not sender|no time"),
        ("<value>IT003</value>", "", "value is missing here; nothing"),
    ],
)
def test_what_is_not_of_the_schema_is_refused_where_it_is(old: str, new: str, match: str) -> None:
    refused(changed(old, new), match)


@pytest.mark.parametrize(
    "time",
    [
        "2026-05-01T13:00:00Z",
        "2026-05-01T13:00:00",
        "2026-05-01T13:00:00.5+02:00",
        "2026-05-01T13:00+02:00",
        "2026-05-01 13:00:00+02:00",
        "2026-02-30T13:00:00+02:00",
        "2026-05-01T25:00:00+02:00",
        "2026-05-01T13:00:60+02:00",
        "2026-05-01T13:00:00+15:00",
        "2026-05-01T13:00:00+02:60",
        "2026-05-01T13:00:00,02:00",
        "0000-05-01T13:00:00+02:00",
        "\u0662026-05-01T13:00:00+02:00",
        "+2026-05-01T13:00:00+02:00",
        "",
    ],
)
def test_times_other_than_caps_are_refused(time: str) -> None:
    refused(changed("<sent>2026-05-01T13:00:00+02:00", f"<sent>{time}"), "sent: ")


def test_signatures_comments_and_hints_are_passed_over() -> None:
    document = changed("</info>", "</info><!-- a --><?pi b?>")
    document = document.replace(
        "</alert>", '<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/></alert>'
    )
    hint = ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a b"'
    document = document.replace("<alert", f"<alert{hint}", 1)
    assert read_alert(document.encode(), "x") == FULL
    assert read_alert(document.replace("utf-8", "utf-16").encode("utf-16"), "x") == FULL


def test_blanks_count_as_the_schema_has_them() -> None:
    document = changed("<language>it<", "<language>\n it\t<")
    document = changed("<web>https", "<web> https", document)
    document = changed("<sent>", "<sent>\n", document)
    assert read_alert(document.encode(), "x") == FULL
    document = changed("<language>it</language>", "<language/>")
    assert read_alert(document.encode(), "x").infos[0].language == "en-US"


_VALUES = (
    *("", " ", "x", "0", "-1", "+7", "1e3", "NaN", "\u00a0", " Geo", "Geo ", "geo", "it", "it_IT"),
    *("a-b-c", "toolonglanguage", "it-", " it ", "en-US", "1 2", "http://a#b#c", "%zz", "a b"),
    *(":x", "//[", "http://a:b", "2026-05-01T12:00:00Z", "2026-05-01T12:00:00+02:00", "https://a"),
    *("2026-05-01T24:00:00+02:00", " 2026-05-01T12:00:00-00:00 ", "2026-05-01T12:00:00+15:00"),
    *("2026-05-01T12:00:00,02:00", "1,2 3", "1.", ".5", ".", "1,000", "Actual", "Public", "<"),
    *("12026-05-01T12:00:00+02:00", "\u0663", "42,13 43,13 43,14 42,13", "http://\u00e8.it/\u00e8"),
)
_NAMES = (
    *("identifier", "sent", "scope", "info", "language", "category", "event", "value", "valueName"),
    *(
        "area",
        "areaDesc",
        "polygon",
        "size",
        "resource",
        "uri",
        "web",
        "note",
        "code",
        "alert",
        "x",
    ),
)


def mutants(count: int) -> Iterator[bytes]:
    """Yield documents each of which was changed in one to three places of its tree."""
    chance = random.Random(7)  # noqa: S311 - it injures, it protects nothing
    for _ in range(count):
        root = fromstring(chance.choice((DOCUMENT, WHOLE)))  # noqa: S314 - our own
        for _ in range(chance.randint(1, 3)):
            _injure(root, chance)
        yield tostring(root, encoding="utf-8")


def _injure(root: Element, chance: random.Random) -> None:
    parents = [each for each in root.iter() if len(each)]
    parent = chance.choice(parents)
    child = chance.choice(list(parent))
    leaf = chance.choice([each for each in root.iter() if not len(each)])
    what = chance.randint(0, 8)
    if what <= 3:
        leaf.text = chance.choice(_VALUES)
    elif what == 4:
        parent.remove(child)
    elif what == 5:
        parent.insert(chance.randint(0, len(parent)), copy.deepcopy(child))
    elif what == 6:
        name = chance.choice(_NAMES)
        space = chance.choice((NAMESPACE, "urn:x", "http://www.w3.org/2000/09/xmldsig#"))
        child.tag = f"{{{space}}}{name}"
    elif what == 7:
        child.set(chance.choice(("id", "lang", f"{{{NAMESPACE}}}a")), "x")
    else:
        chance.choice((leaf, parent, SubElement(parent, "x"))).tail = chance.choice(_VALUES)


def test_whatever_the_schema_refuses_is_refused(shared_data: Path) -> None:
    judge = schema(shared_data)
    refusals = taken = 0
    for octets in mutants(2_500):
        good = fits(judge, octets)
        try:
            read_alert(octets, "x")
        except InvalidInputError:
            refusals += not good
            continue
        assert good, octets.decode()
        taken += 1
    assert refusals > 500
    assert taken > 100
