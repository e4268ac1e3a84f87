"""Templates of warnings by risk: data, read strictly, filled without leaving a gap.

Those of a country come with the package; a state adds its own folder. This module reads both.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from baluardo.emergency.cap.alert import Category, Certainty, Response, Severity, Urgency
from baluardo.emergency.channels import Channel
from baluardo.emergency.writing.draft_fields import one_of
from baluardo.emergency.writing.template_fields import TemplateField, bilingual
from baluardo.errors import InvalidInputError, SourceError, UnknownError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.terms import Bilingual
from baluardo.trust.strict_json import JsonObject

VERSION: Final = 1
LARGEST: Final = 65_536
MOST_TEMPLATES: Final = 200
MOST_FIELDS: Final = 12
LONGEST_TEXT: Final = 2_000
LONGEST_MINUTES: Final = 1_440
TEXTS: Final = ("event", "headline", "description", "instruction", "broadcast")

_PLACEHOLDER: Final = re.compile(r"\{([A-Z][A-Z_]{1,19})\}")
_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,40}\Z", re.ASCII)
_LEVEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}\Z", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z", re.ASCII)
_KEYS: Final = (
    *("version", "id", "risk", "name", "channel", "level", "category", "response", "urgency"),
    *("severity", "certainty", "expires_minutes", "expires_least", "expires_most", "web"),
    *("fields", "texts"),
)


@dataclass(frozen=True, slots=True)
class Template:
    """A template; its texts hold {PLACEHOLDER}s."""

    id: str
    risk: str
    name: Bilingual
    channel: Channel
    level: str
    category: Category
    response: Response
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    expires_minutes: int
    expires_least: int
    """Minutes: less is hardly enough for this risk."""
    expires_most: int
    """Minutes: after so long what it says is hardly true any more."""
    web: str | None
    fields: tuple[TemplateField, ...]
    texts: Mapping[str, Mapping[str, str]]
    """By language, then by what of `TEXTS` it is."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is in."""
        return tuple(self.texts)

    def draft_object(self) -> dict[str, Any]:
        """Return a draft with its placeholders, without an area."""
        return {
            "channel": self.channel.value,
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
            "web": self.web,
            "contact": None,
            "infos": [{"language": each, **texts} for each, texts in self.texts.items()],
        }

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the draft with every gap filled; InvalidInputError names one that is not."""
        unknown = values.keys() - {each.name for each in self.fields}
        if unknown:
            raise InvalidInputError(f"{self.id} has no gap {quoted(min(unknown))}.")
        read = {each.name: each.read(values.get(each.name, "")) for each in self.fields}
        draft = self.draft_object()
        for info in draft["infos"]:
            for name in TEXTS:
                info[name] = _PLACEHOLDER.sub(lambda found: read[found[1]], info[name])
        return draft

    @classmethod
    def parse(cls, octets: bytes, source: str) -> Template:
        """Read a template; InvalidInputError names what is wrong and where."""
        if len(octets) > LARGEST:
            raise InvalidInputError(f"{source} has more than {LARGEST:,} octets.")
        try:
            values = tomllib.loads(octets.decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {quoted(str(problem))}.") from None
        return _template(JsonObject.of(values, source))


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of a country."""

    templates: tuple[Template, ...]

    def __post_init__(self) -> None:
        """Refuse two of one id."""
        ids = [each.id for each in self.templates]
        if len(ids) > MOST_TEMPLATES:
            raise InvalidInputError(f"There are more than {MOST_TEMPLATES} templates.")
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise InvalidInputError(f"Two templates have the id {twice}.")

    def list(self) -> tuple[Template, ...]:
        """Return them all, in the order of their names."""
        return self.templates

    def get(self, template: str) -> Template:
        """Return one; UnknownError if there is none of that id."""
        found = self.find(template)
        if found is None:
            raise UnknownError(f"There is no template {quoted(template)}.")
        return found

    def find(self, template: str | None) -> Template | None:
        """Return one; None if there is none of that id."""
        return next((each for each in self.templates if each.id == template), None)

    @classmethod
    def load(cls, country: str) -> Templates:
        """Return a country's templates of the package; SourceError if there are none."""
        folder = files("baluardo.emergency.writing") / "data" / "templates" / country.lower()
        if not _COUNTRY.match(country) or not folder.is_dir():
            raise SourceError(f"There are no templates of warnings for {quoted(country)} here.")
        listed = [each for each in folder.iterdir() if each.name.endswith(".toml")]
        return cls._of(Template.parse(each.read_bytes(), each.name) for each in listed)

    def with_folder(self, folder: Path) -> Templates:
        """Return these with those of a folder, which replace any of the same id.

        SourceError if the folder cannot be read; InvalidInputError names the file that is wrong.
        """
        if not folder.is_dir():
            raise SourceError(f"{printable(str(folder))} is no folder of templates.")
        own = []
        for path in sorted(folder.glob("*.toml"))[: MOST_TEMPLATES + 1]:
            octets = read_file(path, LARGEST, "The template")
            own.append(Template.parse(octets, printable(path.name)))
        Templates(tuple(own))  # two of one id in one folder are a mistake
        replaced = {each.id for each in own}
        return self._of((*own, *(each for each in self.templates if each.id not in replaced)))

    @classmethod
    def _of(cls, templates: Iterable[Template]) -> Templates:
        return cls(tuple(sorted(templates, key=lambda each: each.name.it)))


def _template(fields: JsonObject) -> Template:
    fields.only(_KEYS)
    if fields.fields.get("version") != VERSION:
        raise fields.wrong("version", str(VERSION))
    least, most = _minutes(fields, "expires_least"), _minutes(fields, "expires_most")
    minutes = _minutes(fields, "expires_minutes")
    if not least <= minutes <= most:
        raise fields.wrong("expires_minutes", f"{least} to {most}, as this file has it")
    gaps = tuple(
        TemplateField.of_object(each, f"{fields.what}, field {place}")
        for place, each in enumerate(fields.items("fields", MOST_FIELDS), 1)
    )
    names = {each.name for each in gaps}
    if len(names) != len(gaps):
        raise fields.wrong("fields", "fields of different names")
    return Template(
        id=_form(fields, "id", _ID),
        risk=_form(fields, "risk", _ID),
        name=bilingual(fields, "name"),
        channel=one_of(fields, "channel", Channel),
        level=_form(fields, "level", _LEVEL),
        category=one_of(fields, "category", Category),
        response=one_of(fields, "response", Response),
        urgency=one_of(fields, "urgency", Urgency),
        severity=one_of(fields, "severity", Severity),
        certainty=one_of(fields, "certainty", Certainty),
        expires_minutes=minutes,
        expires_least=least,
        expires_most=most,
        web=None if "web" not in fields.fields else fields.text("web", 200),
        fields=gaps,
        texts=_texts(fields.inner("texts"), names),
    )


def _texts(fields: JsonObject, names: set[str]) -> Mapping[str, Mapping[str, str]]:
    if not {"it", "en"} <= fields.fields.keys():
        raise InvalidInputError(f"{fields.what} must be there in it and in en.")
    found = {}
    for language in fields.fields:
        if not _LANGUAGE.match(language):
            raise InvalidInputError(f"{fields.what}: {quoted(language)} is no language such as it.")
        inner = fields.inner(language)
        inner.only(TEXTS)
        made = {name: inner.text(name, LONGEST_TEXT).strip() for name in TEXTS}
        for name, text in made.items():
            if not text or not all(c.isprintable() or c == "\n" for c in text):
                raise inner.wrong(name, "a text")
            if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
                raise inner.wrong(name, "a text whose gaps are written as {PLACE}")
        used = {gap for text in made.values() for gap in _PLACEHOLDER.findall(text)}
        if used - names:
            raise InvalidInputError(f"{inner.what}: there is no field {min(used - names)}.")
        # A language that leaves out a time would say less than the others.
        missing = names - set(_PLACEHOLDER.findall(made["broadcast"]))
        if missing:
            raise InvalidInputError(f"{inner.what}: broadcast leaves out {min(missing)}.")
        found[language] = MappingProxyType(made)
    return MappingProxyType(found)


def _form(fields: JsonObject, name: str, form: re.Pattern[str]) -> str:
    value = fields.text(name, 41)
    if not form.match(value):
        raise fields.wrong(name, "small letters, digits and dashes")
    return value


def _minutes(fields: JsonObject, name: str) -> int:
    value = fields.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_MINUTES:
        raise fields.wrong(name, f"1 to {LONGEST_MINUTES:,} minutes")
    return value
