"""The ways out of one authority, as its settings name them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from baluardo.authority.warnings.own_sites import OwnSites
from baluardo.authority.warnings.settings import OperatorSettings, WarningSettings
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.operator_way import OperatorWay
from baluardo.emergency.ways.osmo_cbc import OsmoCbc
from baluardo.emergency.ways.subscribers import LARGEST_FILE, read_subscribers
from baluardo.emergency.ways.way import WayOut
from baluardo.emergency.ways.webhook import Webhook
from baluardo.errors import ConflictError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.xml_seal import XmlSeal
from baluardo.trust.identity import LIFETIMES, Identity, Kind
from baluardo.trust.issuing.publication import public_verifier

SUBSCRIBERS: Final = "subscribers.toml"

Credentials = Callable[[Channel], Credential]


class SenderKeys:
    """What the channels that are open here sign with; nobody else's can be asked for."""

    def __init__(self) -> None:
        """Hold none."""
        self._held: dict[Channel, tuple[Credential, XmlSeal]] = {}

    def hold(self, channel: Channel, credential: Credential, seal: XmlSeal) -> None:
        """Use these from now on."""
        self._held[channel] = (credential, seal)

    def of(self, channel: Channel) -> Credential:
        """Return a channel's credential; ConflictError where the channel is closed."""
        return self._both(channel)[0]

    def seal_of(self, channel: Channel) -> XmlSeal:
        """Return by what a channel's XML is signed; ConflictError likewise."""
        return self._both(channel)[1]

    def _both(self, channel: Channel) -> tuple[Credential, XmlSeal]:
        found = self._held.get(channel)
        if found is None:
            raise ConflictError(
                f"This authority holds no key of the channel {channel.value}: nothing was sent."
            )
        return found


def ways_of(
    directory: Path,
    settings: WarningSettings,
    keys: SenderKeys,
    clock: Callable[[], float],
    *,
    xml_signature: bool,
    count_sites: Callable[[], int],
) -> dict[str, WayOut]:
    """Return the ways out of an authority's directory by name.

    `xml_signature`: whether bare CAP bears one; `count_sites` tells how many sites are connected.
    InvalidInputError or CertificateError for settings by which nothing could be sent.
    """
    found: list[WayOut] = []
    for each in settings.operators:
        found += _operator(directory, each, keys, clock)
    for cbc in settings.osmo_cbc:
        found.append(
            OsmoCbc(
                cbc.name,
                cbc.url,
                cbc.channels,
                whole_network=cbc.whole_network,
                gsm=cbc.gsm,
                clock=clock,
            )
        )
    if settings.sites:
        found.append(OwnSites(settings.sites, count_sites, clock))
    path = directory / SUBSCRIBERS
    if path.exists():
        octets = read_file(path, LARGEST_FILE, "The subscribers")
        subscribers = read_subscribers(octets, printable(str(path)))
        seal = keys.seal_of if xml_signature else None
        found += [Webhook(each, keys.of, seal, clock) for each in subscribers]
    return {way.name: way for way in found}


def _operator(
    directory: Path, settings: OperatorSettings, keys: SenderKeys, clock: Callable[[], float]
) -> list[WayOut]:
    """Return a way for each channel: a channel has its own key."""
    identity = Identity.of_uri(settings.identity)
    grace = LIFETIMES[Kind.AUTHORITY].list_grace
    verifier = partial(public_verifier, directory / settings.public, grace)
    return [
        OperatorWay(
            f"{settings.name}-{channel.value}",
            settings.url,
            channel,
            partial(keys.of, channel),
            verifier,
            identity,
            clock,
        )
        for channel in sorted(settings.channels)
    ]
