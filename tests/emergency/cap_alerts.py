"""Alerts for tests: two good ones, one of every element, and hypothesis' own."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st

from baluardo.emergency.cap.alert import (
    BROADCAST_TEXT,
    Alert,
    AlertArea,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Named,
    Reference,
    Resource,
    Response,
    Scope,
    Severity,
    Status,
    Urgency,
)

ROME = datetime.timezone(datetime.timedelta(hours=2))
SENT = datetime.datetime(2026, 5, 1, 12, 0, tzinfo=ROME)
NOW = SENT.timestamp() + 60.0
HOUR = datetime.timedelta(hours=1)
SQUARE = ((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.0, 14.0), (42.0, 13.0))
AREA = AlertArea("Norcia e dintorni", polygons=(SQUARE,))
ITALIAN = Info(
    categories=(Category.GEO,),
    event="Terremoto",
    urgency=Urgency.IMMEDIATE,
    severity=Severity.EXTREME,
    certainty=Certainty.OBSERVED,
    language="it-IT",
    responses=(Response.EVACUATE,),
    expires=SENT + 6 * HOUR,
    headline="Terremoto a Norcia",
    instruction="Esci dagli edifici.",
    areas=(AREA,),
)
GOOD = Alert(
    identifier="IT-EXERCISE-0001",
    sender="cap@protezionecivile.example",
    sent=SENT,
    status=Status.EXERCISE,
    message_type=MessageType.ALERT,
    scope=Scope.PUBLIC,
    infos=(ITALIAN,),
)
FULL = Alert(
    identifier="IT-EXERCISE-0002",
    sender="cap@protezionecivile.example",
    sent=SENT + HOUR,
    status=Status.EXERCISE,
    message_type=MessageType.UPDATE,
    scope=Scope.RESTRICTED,
    source="Sala operativa",
    restriction="Chi partecipa",
    addresses=("radio@uno.example", "Sala Roma"),
    codes=("profile:1", "profile:2"),
    note="Nota con <segni> & \u201cvirgolette\u201d",
    references=(GOOD.reference,),
    incidents=("Norcia 2016", "Visso"),
    infos=(
        Info(
            categories=(Category.GEO, Category.SAFETY),
            event="Terremoto",
            urgency=Urgency.IMMEDIATE,
            severity=Severity.EXTREME,
            certainty=Certainty.OBSERVED,
            language="it",
            responses=(Response.EVACUATE, Response.AVOID),
            audience="Tutti",
            event_codes=(Named("EMMA", "1"),),
            effective=SENT + HOUR,
            onset=SENT + HOUR,
            expires=SENT + 6 * HOUR,
            sender_name="Protezione civile",
            headline="Terremoto",
            description="Forte.\n\nMolto forte.",
            instruction="Esci.",
            web="https://protezionecivile.example/norcia?a=1&b=2#c",
            contact="800 840 840",
            parameters=(Named(BROADCAST_TEXT, "ALLARME"), Named("vuoto", "")),
            resources=(
                Resource(
                    "Mappa",
                    "image/png",
                    1_234,
                    "https://protezionecivile.example/mappa.png",
                    "aGFsbG8=",
                    "0" * 40,
                ),
            ),
            areas=(
                AlertArea(
                    "Norcia",
                    (SQUARE, SQUARE),
                    (Circle(42.8, 13.1, 20.5),),
                    (Named("EMMA_ID", "IT003"),),
                    0.0,
                    3_000.5,
                ),
            ),
        ),
    ),
)

_LETTERS = st.characters(
    exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\n\t"
)
texts = st.text(_LETTERS, max_size=30)
words = st.text(_LETTERS, min_size=1, max_size=12).filter(lambda w: w.strip() and '"' not in w)
plain = st.text(st.characters(categories=("L", "N"), include_characters="-._@:"), max_size=20)
moments = st.builds(
    lambda when, minutes: when.replace(
        microsecond=0, tzinfo=datetime.timezone(datetime.timedelta(minutes=minutes))
    ),
    st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-840, 840),
)
names = st.builds(Named, texts, texts)


def _several(strategy: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(strategy, max_size=most).map(tuple)


def _maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


_millionths = st.integers(-180_000_000, 180_000_000).map(lambda n: n / 1e6)
uris = plain.map(lambda path: "https://example.it/" + path.replace(":", ""))
resources = st.builds(
    Resource,
    *(texts, texts, _maybe(st.integers(0, 10**15 - 1)), _maybe(uris), _maybe(texts), _maybe(texts)),
)
areas = st.builds(
    AlertArea,
    texts,
    _several(_several(st.tuples(_millionths, _millionths), 6)),
    _several(st.builds(Circle, _millionths, _millionths, _millionths)),
    _several(names),
    _maybe(_millionths),
    _maybe(_millionths),
)
infos = st.builds(
    Info,
    categories=st.lists(st.sampled_from(Category), min_size=1, max_size=3).map(tuple),
    event=texts,
    urgency=st.sampled_from(Urgency),
    severity=st.sampled_from(Severity),
    certainty=st.sampled_from(Certainty),
    language=st.from_regex(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}", fullmatch=True),
    responses=_several(st.sampled_from(Response)),
    audience=_maybe(texts),
    event_codes=_several(names),
    effective=_maybe(moments),
    onset=_maybe(moments),
    expires=_maybe(moments),
    sender_name=_maybe(texts),
    headline=_maybe(texts),
    description=_maybe(texts),
    instruction=_maybe(texts),
    web=_maybe(uris),
    contact=_maybe(texts),
    parameters=_several(names),
    resources=_several(resources, 2),
    areas=_several(areas, 2),
)
alerts = st.builds(
    Alert,
    identifier=texts,
    sender=texts,
    sent=moments,
    status=st.sampled_from(Status),
    message_type=st.sampled_from(MessageType),
    scope=st.sampled_from(Scope),
    source=_maybe(texts),
    restriction=_maybe(texts),
    addresses=_several(words),
    codes=_several(texts),
    note=_maybe(texts),
    references=_several(st.builds(Reference, plain, plain, moments)),
    incidents=_several(words),
    infos=_several(infos, 2),
)
