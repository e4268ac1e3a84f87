"""Where the authorities of a country are, as those are told who must find them: signed."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from pathlib import Path

from baluardo.authority.context import Authority, Stated
from baluardo.foreign_input import read_file
from baluardo.protocol.messages import Welcome
from baluardo.protocol.whereabouts import StatedWhereabouts
from baluardo.trust.certificates.certificate import LARGEST_CHAIN
from baluardo.trust.issuing.layout import MOST_VKEY_OCTETS


def welcome_of(authority: Authority) -> Welcome:
    """Return the addresses that are set for all authorities, or by default this one's own.

    They are signed anew when they have changed, or the policy in force, or the certificate.
    """
    held, policy, credential = authority.stated, authority.policy, authority.credential
    same = held is not None and held.policy is policy
    digest = held.whereabouts.policy_digest if held is not None and same else policy.digest
    told = _stated(authority, policy.number, digest)
    if held is None or held.whereabouts != told or held.credential is not credential:
        held = Stated(told, told.sign(credential), policy, credential)
    elif not same:
        held = replace(held, policy=policy)
    authority.stated = held
    return Welcome(held.envelope, authority.clock())


def _stated(authority: Authority, policy: int, digest: bytes) -> StatedWhereabouts:
    settings, public = authority.settings, authority.layout.public
    channels = settings.channels or (f"{_host(authority)}:{authority.channel_port}",)
    web = settings.web or ((authority.web_url,) if authority.web_url else ())
    return StatedWhereabouts(
        tuple(web),
        tuple(channels),
        settings.domain,
        _file(public.log_vkey, MOST_VKEY_OCTETS),
        _file(public.pages, LARGEST_CHAIN),
        policy,
        digest,
    )


def _file(path: Path, most: int) -> bytes:
    return read_file(path, most, "The public file") if path.exists() else b""


def _host(authority: Authority) -> str:
    """Return the host of this authority's channel door, as others write it."""
    settings = authority.settings
    try:
        address = ipaddress.ip_address(settings.channel_host)
    except ValueError:
        return settings.channel_host.lower()
    if address.is_unspecified:  # it listens everywhere: others know it by its name
        return f"{settings.name}.{settings.domain}"
    return f"[{address}]" if address.version == 6 else str(address)
