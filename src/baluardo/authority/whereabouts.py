"""Where the authorities of a country are, as those are told who must find them."""

from __future__ import annotations

import ipaddress

from baluardo.authority.context import Authority
from baluardo.protocol.messages import Welcome


def welcome_of(authority: Authority) -> Welcome:
    """Return the addresses that are set for all authorities, or by default this one's own."""
    settings = authority.settings
    channels = settings.channels or (f"{_host(authority)}:{authority.channel_port}",)
    web = settings.web or ((authority.web_url,) if authority.web_url else ())
    return Welcome(tuple(web), tuple(channels), settings.domain, authority.clock())


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
