"""A small prepared sea and missions on it, for tests."""

from baluardo.fleet.contacts.making import ContactPlanner, Mission
from baluardo.fleet.motion.voyage import Voyage, WayPoint
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.geo.subscribers import subscribers
from baluardo.terms import slot_at, slot_start
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.sky.sky import Sky

SLOTS = 40


def planner_of(catalogue, *, conditions=None, options=None, slots=SLOTS, loads=False):
    first = slot_at(catalogue.epoch) + 11
    ephemeris = ComputedEphemeris(Sky(catalogue))
    users = subscribers() if loads else None
    near = prepare(ephemeris, Cap(36.5, 17.5, 400.0), first, slots, options, users)
    return ContactPlanner(near, conditions)


def mission(planner, name="Frigate", lat=37.0, lon=17.0, *, kind=PlatformKind.SHIP, **more):
    near = planner.near
    voyage = Voyage(
        (WayPoint(lat, lon, 25.0, 16.0), WayPoint(lat - 1.0, lon + 0.5, 25.0)),
        slot_start(near.first_slot),
    )
    where = voyage.whereabouts(near.first_slot, near.slots)
    return Mission(Platform(name, kind, **more), where, near.first_slot)
