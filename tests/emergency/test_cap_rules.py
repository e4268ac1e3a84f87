"""Rules of CAP 1.2: each fires for what breaks it, in both languages, and for nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from cap_alerts import AREA, FULL, GOOD, HOUR, ITALIAN, NOW, SQUARE, alerts
from hypothesis import given, settings

from baluardo.emergency.cap import area_rules, language_rules, rules
from baluardo.emergency.cap.alert import (
    Alert,
    AlertArea,
    Category,
    Certainty,
    Circle,
    MessageType,
    Resource,
    Response,
    Scope,
    Severity,
    Status,
    Urgency,
)
from baluardo.emergency.cap.language_rules import is_language_tag
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.problem import Gravity

GERMAN = replace(ITALIAN, language="de")
MAP = Resource("Map", "image/png", uri="https://a.it/a.png")


def info(**values: object) -> Alert:
    return replace(GOOD, infos=(replace(ITALIAN, **values),))  # type: ignore[arg-type]


def two(**values: object) -> Alert:
    return replace(GOOD, infos=(ITALIAN, replace(GERMAN, **values)))  # type: ignore[arg-type]


def area(**values: object) -> Alert:
    return info(areas=(replace(AREA, **values),))  # type: ignore[arg-type]


def ring(*points: tuple[float, float]) -> Alert:
    return area(polygons=(points,))


def resource(**values: object) -> Alert:
    return info(resources=(replace(MAP, **values),))  # type: ignore[arg-type]


TRANSLATED = replace(AREA, description="Norcia und Umgebung")
ELSEWHERE = replace(AREA, polygons=(tuple((lat - 4.0, lon) for lat, lon in SQUARE),))
LANDSLIDE = replace(ITALIAN, event="Frana", severity=Severity.MINOR, areas=(ELSEWHERE,))
BOTH = (LANDSLIDE, ITALIAN)
ACTUAL = replace(GOOD, status=Status.ACTUAL)
BROKEN: dict[str, tuple[Alert, ...]] = {
    "identifier.form": tuple(
        replace(GOOD, identifier=each)
        for each in ("", "a b", "a,b", "a&b", "a<b", "a" * 161, "a\n")
    ),
    "sender.form": (replace(GOOD, sender="Civil protection"),),
    "sent.future": (replace(GOOD, sent=GOOD.sent + HOUR),),
    "references.missing": tuple(
        replace(FULL, message_type=each, references=())
        for each in MessageType
        if each is not MessageType.ALERT
    ),
    "references.unexpected": (replace(GOOD, references=(FULL.reference,)),),
    "references.itself": (replace(FULL, references=(FULL.reference,)),),
    "references.later": (
        replace(FULL, references=(replace(GOOD.reference, sent=FULL.sent + HOUR),)),
    ),
    "note.missing": (replace(FULL, message_type=MessageType.ACK, note=None),),
    "restriction": (
        replace(GOOD, restriction="x"),
        replace(GOOD, scope=Scope.RESTRICTED),
    ),
    "addresses.missing": (replace(GOOD, scope=Scope.PRIVATE),),
    "info.missing": (replace(GOOD, infos=()),),
    "language.form": (info(language="it_IT"), info(language="italiano")),
    "info.language-twice": (two(language="IT-it"), two(language="it-IT", areas=(TRANSLATED,))),
    "info.area-differs": (two(areas=(ELSEWHERE,)), two(areas=(AREA, ELSEWHERE)), two(areas=())),
    "info.category-differs": (two(categories=(Category.MET,)),),
    "info.urgency-differs": (two(urgency=Urgency.FUTURE),),
    "info.severity-differs": (
        two(severity=Severity.MINOR),
        two(severity=Severity.MINOR, areas=(TRANSLATED,)),
    ),
    "info.certainty-differs": (two(certainty=Certainty.LIKELY),),
    "info.expires-differs": (two(expires=GOOD.sent + HOUR), two(expires=None)),
    "info.responsetype-differs": (two(responses=(Response.SHELTER,)),),
    "event.empty": (info(event=" "),),
    "web.form": tuple(info(web=each) for each in ("", "a.it", "ftp://a.it", "https://", "https:x")),
    "area.missing": (replace(ACTUAL, infos=(replace(ITALIAN, areas=()),)),),
    "expires.missing": (info(expires=None),),
    "expires.early": (info(expires=GOOD.sent), info(effective=GOOD.sent + 7 * HOUR)),
    "expires.past": (replace(info(expires=GOOD.sent - HOUR), sent=GOOD.sent - 2 * HOUR),),
    "onset.late": (info(onset=GOOD.sent + 6 * HOUR),),
    "resource.type": (resource(mime_type="png"), resource(mime_type="")),
    "resource.empty": (resource(uri=None),),
    "resource.content": tuple(resource(content=each) for each in ("", "@@@@", "aGFsbG8")),
    "resource.digest": (resource(digest="ab"), resource(digest="g" * 40)),
    "area.unnamed": (area(description="\n"),),
    "area.nowhere": (area(polygons=()),),
    "circle.form": tuple(
        area(circles=(Circle(*each),))
        for each in ((91.0, 0.0, 1.0), (0.0, 181.0, 1.0), (0.0, 0.0, -1.0), (0.0, 0.0, 3e4))
    ),
    "circle.point": (area(circles=(Circle(42.0, 13.0, 0.0),)),),
    "area.ceiling": (area(ceiling_ft=1.0), area(ceiling_ft=1.0, altitude_ft=2.0)),
    "polygon.open": (ring(), ring(*SQUARE[:3]), ring(*SQUARE[:4])),
    "polygon.off-map": (
        ring(*((lon * 8.0, lat) for lat, lon in SQUARE)),
        ring(SQUARE[0], (float("nan"), 13.0), *SQUARE[2:]),
    ),
    "polygon.crossed": (
        ring((42.0, 13.0), (43.0, 14.0), (43.0, 13.0), (42.0, 14.0), (42.0, 13.0)),
    ),
    "polygon.flat": (
        ring((42.0, 13.0), (43.0, 14.0), (42.0, 13.0), (42.0, 13.0)),
        ring((42.0, 13.0), (43.1, 14.1), (44.7, 15.7), (42.0, 13.0)),
        ring(*((42.0, 13.0),) * 5),
    ),
}


def test_good_alerts_break_no_rule() -> None:
    assert not problems_of(GOOD, NOW)
    assert not problems_of(FULL, FULL.sent.timestamp())
    assert not problems_of(two(), NOW)


def test_every_code_of_the_rules_is_broken_here() -> None:
    modules = (rules, area_rules, language_rules)
    text = "".join(Path(each.__file__).read_text(encoding="utf-8") for each in modules)
    codes = set(re.findall(r'Problem\.(?:error|warning)\(\s*"([a-z.-]+)"', text))
    codes |= {f"{each}.form" for each in ("identifier", "sender")}
    codes |= {f"info.{name.lower()}-differs" for name, _ in language_rules._SAME}
    assert codes == set(BROKEN)


@pytest.mark.parametrize(
    ("code", "alert"), [(code, each) for code, alerts in BROKEN.items() for each in alerts]
)
def test_a_broken_rule_is_told_in_both_languages(code: str, alert: Alert) -> None:
    found = [each for each in problems_of(alert, NOW) if each.code == code]
    assert len(found) == 1
    for sentence in (found[0].text.it, found[0].text.en):
        assert sentence[-1] == "."
        assert sentence.isprintable()
    assert found[0].text.it != found[0].text.en
    assert found[0].field


@pytest.mark.parametrize(
    "alert",
    [
        ACTUAL,
        info(areas=(AREA, AlertArea("Circle", circles=(Circle(42.0, 13.0, 1.0),)))),
        area(ceiling_ft=2.0, altitude_ft=2.0),
        resource(mime_type="text/html; charset=utf-8", digest="aB" * 20, content="aGFs\nbG8="),
        two(areas=(TRANSLATED,), headline="Erdbeben"),
        two(categories=ITALIAN.categories * 2),
        replace(GOOD, infos=(ITALIAN, LANDSLIDE, *(replace(e, language="de") for e in BOTH))),
        ring(*((float(x * x % 97) / 10.0, float(x) / 1e3) for x in range(4_100)), (0.0, 0.0)),
        replace(
            GOOD,
            infos=(
                ITALIAN,
                replace(ITALIAN, event="Frana", severity=Severity.MINOR, areas=(ELSEWHERE, AREA)),
            ),
        ),
        replace(GOOD, sent=GOOD.sent + HOUR / 20),
        replace(FULL, message_type=MessageType.CANCEL, infos=()),
    ],
)
def test_lawful_alerts_that_look_odd_break_no_rule(alert: Alert) -> None:
    assert not [
        each for each in problems_of(alert, FULL.sent.timestamp()) if each.gravity is Gravity.ERROR
    ]


def test_a_cancel_may_be_of_what_has_expired() -> None:
    cancel = replace(
        FULL, message_type=MessageType.CANCEL, infos=(replace(ITALIAN, expires=FULL.sent + HOUR),)
    )
    codes = {each.code for each in problems_of(cancel, NOW + 86_400.0)}
    assert "expires.past" not in codes


@settings(max_examples=100, deadline=None)
@given(alerts)
def test_no_alert_breaks_the_rules_themselves(alert: Alert) -> None:
    for each in problems_of(alert, NOW):
        assert each.code in BROKEN
        assert each.text.it.isprintable()


@pytest.mark.parametrize(
    "tag",
    [
        *("it", "IT-it", "lld", "zh-Hant-TW", "sr-Latn", "es-419", "de-CH-1996", "sl-rozaj-biske"),
        *("zh-cmn-Hans-CN", "en-a-myext-b-another", "de-Latn-DE-u-co-phonebk-x-a", "it-x-a-1"),
    ],
)
def test_language_tags_have_the_form_of_rfc_5646(tag: str) -> None:
    """Most of its appendix A."""
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        *("", "i", "it-", "-it", "it--IT", "it_IT", "it IT", "it-IT-IT", "ita-lian-IT-Latn", "12"),
        *("italiano", "de-419-DE", "a-DE", "ar-a-aaa-b-bbb-a-ccc", "de-1996-1996", "it-x", "it-a"),
        *("\u0456t", "it-\u0661\u0662\u0663", "it\n"),
    ],
)
def test_what_is_no_language_tag(tag: str) -> None:
    """Those with 419, a-DE and ar-a are what RFC 5646, appendix A, shows as wrong."""
    assert not is_language_tag(tag)
