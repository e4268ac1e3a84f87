"""The units under which systemd keeps an edge: two processes that each may do little.

    baluardo-links.service     root, but no more of it than interfaces and namespaces take
    baluardo-edge.service      a user of its own, with the right to real-time scheduling alone
    baluardo-update.service    looks for a signed update; its timer says when

What the edge asks of the helper is checked there; what the helper is, no update replaces.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from baluardo.edge.configuration import EdgeConfiguration, Network
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LINKS: Final = "baluardo-links.service"
EDGE: Final = "baluardo-edge.service"
UPDATE: Final = "baluardo-update.service"
TIMER: Final = "baluardo-update.timer"
DEFAULT_USER: Final = "baluardo"
WATCHDOG_SECONDS: Final = 60
"""Without a sign of life for so long the edge is killed and started anew. Our choice."""

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}\Z", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9_./+@-]*\Z", re.ASCII)
_HOMES: Final = (("home",), ("root",))
_LAUNCHER: Final = "-I -m baluardo.edge.updates.launcher"

_LESS: Final = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
LockPersonality=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
"""
"""What neither of the processes needs."""


def units(
    edge: Path,
    configuration: EdgeConfiguration,
    user: str = DEFAULT_USER,
    passphrase: Path | None = None,
    python: str = sys.executable,
) -> Mapping[str, str]:
    """Return the units of an edge's directory by file name.

    `passphrase` is the file that opens the edge's key (root's alone will do: systemd hands it
    over); without one the key is unprotected. `python` is the interpreter of the program as first
    installed. InvalidInputError for a name that would have to be escaped.
    """
    if not _USER.match(user):
        raise InvalidInputError(f"user {quoted(user)}: small letters, digits and dashes.")
    for place in (edge, Path(python), configuration.network.helper, passphrase):
        if place is not None:
            _check_place(place)
    for place in (edge, Path(python)):
        if place.parts[1:2] in _HOMES:
            raise InvalidInputError(
                f"{place} is in a person's home, which a service does not see: put the edge below "
                "/var/lib and its program below /opt."
            )
    found = {EDGE: _edge_unit(edge, configuration, user, passphrase, python)}
    if configuration.network.enabled:
        found[LINKS] = _links_unit(configuration.network, user, python)
    if configuration.updates.automatic:
        found[UPDATE] = _update_unit(edge, user, python)
        found[TIMER] = _timer(configuration.updates.every_hours)
    return found


def _check_place(place: Path) -> None:
    if not _PATH.match(str(place)):
        raise InvalidInputError(
            f"{quoted(str(place))} cannot stand in a unit: a path from / of letters, digits, '.', "
            "'-', '_', '+' and '@'."
        )


def _links_unit(network: Network, user: str, python: str) -> str:
    helper = network.helper
    rights = ["CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_SETPCAP", "CAP_DAC_OVERRIDE"]
    if network.real_time:
        rights.append("CAP_SYS_NICE")
    return f"""\
# Made by `baluardo edge systemd`. The only process with rights of root: it opens interfaces and
# namespaces for the edge, and nothing else.
[Unit]
Description=Baluardo: interfaces and namespaces
Before={EDGE}

[Service]
ExecStart={python} -I -m baluardo.network.links.helper {helper}
# Who owns the socket's directory may ask, as the kernel names them, and root.
ExecStartPre=+/usr/bin/install -d -m 0755 -o {user} -g {user} {helper.parent}
ReadWritePaths={helper.parent}
RuntimeDirectory=wireguard
RuntimeDirectoryMode=0700
UMask=0077
Restart=always
RestartSec=1
# CAP_DAC_OVERRIDE as the socket's directory is another user's.
CapabilityBoundingSet={" ".join(rights)}
DevicePolicy=closed
DeviceAllow=/dev/net/tun rw
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
RestrictNamespaces=net mnt
{"" if network.real_time else "RestrictRealtime=yes" + chr(10)}{_LESS}
[Install]
WantedBy=multi-user.target
"""


def _edge_unit(
    edge: Path,
    configuration: EdgeConfiguration,
    user: str,
    passphrase: Path | None,
    python: str,
) -> str:
    network = configuration.network
    needs = f"Wants={LINKS}\nAfter={LINKS}\n" if network.enabled else ""
    secret = "--passphrase-file %d/passphrase" if passphrase else "--unprotected"
    credential = f"LoadCredential=passphrase:{passphrase}\n" if passphrase else ""
    rights = "CAP_SYS_NICE" if network.enabled and network.real_time else ""
    pages = configuration.pages.socket
    runtime = f" -{pages.parent}" if pages is not None else ""
    return f"""\
# Made by `baluardo edge systemd`.
[Unit]
Description=Baluardo: the edge of this site
Wants=network-online.target
After=network-online.target
{needs}StartLimitIntervalSec=0

[Service]
# The launcher counts the starts of an update on trial and takes back what does not work.
ExecStart={python} {_LAUNCHER} {edge} edge run {edge} {secret}
Type=notify
NotifyAccess=main
WatchdogSec={WATCHDOG_SECONDS}
TimeoutStartSec=180
TimeoutStopSec=15
Restart=always
RestartSec=2
User={user}
Group={user}
{credential}AmbientCapabilities={rights}
CapabilityBoundingSet={rights}
ReadWritePaths={edge}{runtime}
StateDirectory=baluardo
CacheDirectory=baluardo
# The compiled packet engine keeps its machine code there.
Environment=NUMBA_CACHE_DIR=%C/baluardo XDG_CACHE_HOME=%C/baluardo XDG_STATE_HOME=%S/baluardo
PrivateDevices=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
ProtectKernelTunables=yes
UMask=0077
{"" if rights else "RestrictRealtime=yes" + chr(10)}{_LESS}
[Install]
WantedBy=multi-user.target
"""


def _update_unit(edge: Path, user: str, python: str) -> str:
    return f"""\
# Made by `baluardo edge systemd`. What it installs, two officers have signed.
[Unit]
Description=Baluardo: look for a signed update
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={python} {_LAUNCHER} --aside {edge} edge update {edge}
User={user}
Group={user}
Nice=10
TimeoutStartSec=1800
CapabilityBoundingSet=
ReadWritePaths={edge}
PrivateDevices=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
ProtectKernelTunables=yes
UMask=0077
{_LESS}"""


def _timer(every_hours: float) -> str:
    minutes = round(every_hours * 60)
    return f"""\
# Made by `baluardo edge systemd`.
[Unit]
Description=Baluardo: when to look for a signed update

[Timer]
OnBootSec=15min
OnUnitActiveSec={minutes}min
# A fleet must not ask all at once.
RandomizedDelaySec={max(1, minutes // 4)}min

[Install]
WantedBy=timers.target
"""
