"""Templates of warnings by risk: data, read strictly, filled without leaving a gap."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from baluardo.emergency.cap.alert import Category, Certainty, Response, Severity, Urgency
from baluardo.errors import InvalidInputError, SourceError, UnknownError
from baluardo.foreign_input import quoted
from baluardo.terms import Bilingual

LARGEST: Final = 400_000
MOST_TEMPLATES: Final = 200
TEXTS: Final = ("event", "headline", "description", "instruction", "broadcast")
FIELD_KINDS: Final = ("text", "place", "time", "number")

_PLACEHOLDER: Final = re.compile(r"\{([A-Z_]{2,20})\}")
_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,40}\Z", re.ASCII)
_KEYS: Final = frozenset(
    {"id", "risk", "name", "level", "category", "response", "urgency", "severity"}
    | {"certainty", "expires_minutes", "fields", "texts"}
)


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A gap to fill, which stands in the texts as {NAME}."""

    name: str
    label: Bilingual
    kind: str

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "name": self.name,
            "label": self.label.by_language(),
            "kind": self.kind,
            "required": True,
        }


@dataclass(frozen=True, slots=True)
class Template:
    """A template; its texts hold {PLACEHOLDER}s."""

    id: str
    risk: str
    name: Bilingual
    level: str
    category: Category
    response: Response
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    expires_minutes: int
    fields: tuple[TemplateField, ...]
    texts: Mapping[str, Mapping[str, str]]
    """By language, then by what of `TEXTS` it is."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is in."""
        return tuple(self.texts)

    def draft_object(self) -> dict[str, Any]:
        """Return a draft with its placeholders, without an area and for the public channel."""
        return {
            "channel": "public",
            "level": self.level,
            "message_type": "Alert",
            "references": [],
            "template": self.id,
            "area_name": "",
            "category": self.category.value,
            "response": self.response.value,
            "urgency": self.urgency.value,
            "severity": self.severity.value,
            "certainty": self.certainty.value,
            "onset": None,
            "expires_minutes": self.expires_minutes,
            "web": None,
            "contact": None,
            "infos": [{"language": each, **texts} for each, texts in self.texts.items()],
        }

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the draft with every gap filled; InvalidInputError names one that is not."""
        for each in self.fields:
            value = values.get(each.name, "")
            if not value.strip() or len(value) > 120 or "{" in value or not value.isprintable():
                raise InvalidInputError(f"{each.label.en}: fill this in, in one short line.")
        draft = self.draft_object()
        for info in draft["infos"]:
            for name in TEXTS:
                info[name] = _PLACEHOLDER.sub(lambda m: values[m[1]].strip(), info[name])
        return draft


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of a country."""

    templates: tuple[Template, ...]

    def list(self) -> tuple[Template, ...]:
        """Return them all."""
        return self.templates

    def get(self, template: str) -> Template:
        """Return one; UnknownError if there is none of that id."""
        found = next((each for each in self.templates if each.id == template), None)
        if found is None:
            raise UnknownError(f"There is no template {quoted(template)}.")
        return found

    @classmethod
    def load(cls, country: str) -> Templates:
        """Return a country's templates of the package; SourceError if there are none."""
        source = files("baluardo.emergency.writing") / "data" / f"{country.lower()}.toml"
        if not source.is_file():
            raise SourceError(f"There are no templates of warnings for {quoted(country)} here.")
        return cls.parse(source.read_bytes(), source.name)

    @classmethod
    def parse(cls, octets: bytes, source: str) -> Templates:
        """Read templates; InvalidInputError names what is wrong and where."""
        if len(octets) > LARGEST:
            raise InvalidInputError(f"{source} has more than {LARGEST:,} octets.")
        try:
            values = tomllib.loads(octets.decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {quoted(str(problem))}.") from None
        listed = values.get("templates")
        if set(values) != {"templates"} or not isinstance(listed, list) or not listed:
            raise InvalidInputError(f"{source} holds [[templates]] and nothing else.")
        if len(listed) > MOST_TEMPLATES:
            raise InvalidInputError(f"{source} holds more than {MOST_TEMPLATES} templates.")
        found = tuple(_template(each, f"{source}, {n}") for n, each in enumerate(listed, 1))
        if len({each.id for each in found}) != len(found):
            raise InvalidInputError(f"{source}: two templates have the same id.")
        return cls(found)


def _template(values: Any, where: str) -> Template:
    if not isinstance(values, dict) or set(values) != _KEYS:
        keys = set(values) if isinstance(values, dict) else set[str]()
        wrong = ", ".join(sorted(map(str, keys ^ _KEYS))[:5])
        raise InvalidInputError(f"{where}: missing or unknown: {wrong}.")
    if not isinstance(values["id"], str) or not _ID.match(values["id"]):
        raise InvalidInputError(f"{where}: id {quoted(values['id'])} is not of its form.")
    minutes = values["expires_minutes"]
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 1_440:
        raise InvalidInputError(f"{where}: expires_minutes is 1 to 1,440.")
    fields = tuple(_field(each, where) for each in _list(values["fields"], where, "fields"))
    texts = _texts(values["texts"], {each.name for each in fields}, where)
    try:
        return Template(
            id=values["id"],
            risk=_text(values["risk"], where, "risk"),
            name=_bilingual(values["name"], where),
            level=_text(values["level"], where, "level"),
            category=Category(values["category"]),
            response=Response(values["response"]),
            urgency=Urgency(values["urgency"]),
            severity=Severity(values["severity"]),
            certainty=Certainty(values["certainty"]),
            expires_minutes=minutes,
            fields=fields,
            texts=texts,
        )
    except ValueError as problem:
        if isinstance(problem, InvalidInputError):
            raise
        raise InvalidInputError(f"{where}: {quoted(str(problem))}.") from None


def _texts(value: Any, names: set[str], where: str) -> dict[str, dict[str, str]]:
    if not isinstance(value, dict) or not {"it", "en"} <= set(value):
        raise InvalidInputError(f"{where}: texts must be there in it and en.")
    found = {}
    for language, texts in value.items():
        if not isinstance(texts, dict) or set(texts) != set(TEXTS):
            raise InvalidInputError(f"{where}, {language}: texts are {', '.join(TEXTS)}.")
        made = {name: _text(texts[name], where, f"{language} {name}") for name in TEXTS}
        used = {gap for text in made.values() for gap in _PLACEHOLDER.findall(text)}
        if used - names:
            raise InvalidInputError(f"{where}, {language}: no field for {', '.join(used - names)}.")
        if names - used:
            raise InvalidInputError(f"{where}, {language}: no text has {', '.join(names - used)}.")
        found[language] = made
    return found


def _field(value: Any, where: str) -> TemplateField:
    if not isinstance(value, dict) or set(value) != {"name", "label", "kind"}:
        raise InvalidInputError(f"{where}: a field has name, label and kind.")
    name, kind = value["name"], value["kind"]
    if not isinstance(name, str) or not re.fullmatch(r"[A-Z_]{2,20}", name):
        raise InvalidInputError(f"{where}: a field's name is of capital letters.")
    if kind not in FIELD_KINDS:
        raise InvalidInputError(f"{where}: a field is one of {', '.join(FIELD_KINDS)}.")
    return TemplateField(name, _bilingual(value["label"], where), kind)


def _bilingual(value: Any, where: str) -> Bilingual:
    if not isinstance(value, dict) or set(value) != {"it", "en"}:
        raise InvalidInputError(f"{where}: a name is there in it and en.")
    return Bilingual(it=_text(value["it"], where, "it"), en=_text(value["en"], where, "en"))


def _text(value: Any, where: str, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 4_000:
        raise InvalidInputError(f"{where}: {name} is a text.")
    return value.strip()


def _list(value: Any, where: str, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > 12:
        raise InvalidInputError(f"{where}: {name} is a list of at most twelve.")
    return value
