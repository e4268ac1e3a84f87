"""A country's zones by code: regions and provinces, as statistics, weather and ISO call them.

`data/italian_zones.toml` says where the codes come from.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted


class Scheme(StrEnum):
    """Who gives a zone its code."""

    EMMA = "EMMA_ID"
    """MeteoAlarm, such as IT003; as CAP alerts of weather services carry it."""
    REGION = "ISTAT-REGION"
    PROVINCE = "ISTAT-PROVINCE"
    ISO = "ISO3166-2"
    """Regions (IT-25) and provinces (IT-PG)."""


@dataclass(frozen=True, slots=True)
class Province:
    """A province, or what is like one."""

    istat: str
    plate: str
    """The letters of its number plates, which ISO 3166-2 uses too."""
    name: str
    region: str
    """ISTAT code of its region."""


@dataclass(frozen=True, slots=True)
class ZoneRegion:
    """A region."""

    istat: str
    iso: str
    geonames: str
    name: str
    emma: str
    """Empty where it could not be confirmed."""
    provinces: tuple[Province, ...]


@cache
def regions() -> tuple[ZoneRegion, ...]:
    """Return Italy's regions with their provinces, by ISTAT's code."""
    text = (files("baluardo.geo") / "data" / "italian_zones.toml").read_text("utf-8")
    return tuple(_region(each) for each in tomllib.loads(text)["regions"])


@cache
def provinces() -> tuple[Province, ...]:
    """Return all provinces, by ISTAT's code: an index into them fits one octet."""
    found = (province for region in regions() for province in region.provinces)
    return tuple(sorted(found, key=lambda province: province.istat))


def provinces_of(scheme: Scheme, code: str) -> tuple[str, ...]:
    """Return the ISTAT codes of the provinces of a zone; InvalidInputError if there is none."""
    for region in regions():
        iso = f"IT-{region.iso}"
        if (scheme, code) in (
            (Scheme.REGION, region.istat),
            (Scheme.ISO, iso),
            (Scheme.EMMA, region.emma or None),
        ):
            return tuple(each.istat for each in region.provinces)
        for each in region.provinces:
            if (scheme, code) in ((Scheme.PROVINCE, each.istat), (Scheme.ISO, f"IT-{each.plate}")):
                return (each.istat,)
    raise InvalidInputError(
        f"There is no zone {quoted(code)} of {scheme.value} here, or it could not be confirmed."
    )


def zone_name(scheme: Scheme, code: str) -> str:
    """Return what people call a zone; InvalidInputError if there is none."""
    found = provinces_of(scheme, code)
    for region in regions():
        if set(found) == {each.istat for each in region.provinces} and (
            len(found) > 1 or scheme in (Scheme.REGION, Scheme.EMMA) or code == f"IT-{region.iso}"
        ):
            return region.name
    return next(each.name for each in provinces() if each.istat == found[0])


def _region(values: dict[str, str]) -> ZoneRegion:
    listed = []
    for each in values["provinces"].split(", "):
        istat, plate, name = each.split(" ", 2)
        listed.append(Province(istat, plate, name, values["istat"]))
    return ZoneRegion(
        values["istat"],
        values["iso"],
        values["geonames"],
        values["name"],
        values.get("emma", ""),
        tuple(listed),
    )
