"""What the inner layer is told: strongSwan's settings, connections, secrets; pure, no process.

IKEv2 with a preshared key and a post-quantum one (RFC 8784, required), both from the exchange
between the two edges, so no certificate is needed. strongSwan 5.9.8, which Debian 12 has, knows no
ML-KEM: the ECP-384 of its own key exchange is classic, and what makes the layer safe from quantum
computers is the post-quantum key mixed into every key that follows. RFC 8784 mixes it into a new
IKE SA alone, not into a rekeyed one: a new epoch is therefore a new IKE SA.

Names of an epoch are its own (`fqdn:e7.rome`), so what was agreed in one is no use in another.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.links.esp.vici import Told
from baluardo.trust.secret import Secret

IKE_PROPOSAL: Final = "aes256gcm16-prfsha384-ecp384"
ESP_PROPOSAL: Final = "aes256gcm16-ecp384"
"""AES-256-GCM with the whole 16-octet ICV (RFC 4106); the group is for rekeying (RFC 5903)."""
PLUGINS: Final = "random nonce openssl kdf hmac kernel-libipsec kernel-netlink socket-default vici"
"""No certificates, no scripts, no files: nothing but what the two proposals and VICI need."""
FIRST_PORT: Final = 4_500
"""Of plane 0, for IKE and ESP alike (RFC 3948); plane 1 has the next."""
PLANES: Final = 2
FIRST_TABLE: Final = 230
"""Where charon itself leads routes; nothing that comes from hosts is led by them."""
REKEY_S: Final = 3_600
"""Long before 2^32 packets, where a sequence number would come again (RFC 4303 section 3.3.3)."""
SILENCE_S: Final = 30
"""After so much silence the other end is asked whether it is there."""
SHORTEST_KEY: Final = 32
LONGEST_KEY: Final = 512
MOST_NETWORKS: Final = 64
LAST_EPOCH: Final = 2**63 - 1
INNER_MTU: Final = 1_280
"""What IPv6 asks for at least (RFC 8200 section 5). In an outer packet of 1,380 octets, 1,295 would
fit: 40 IPv6, 8 UDP, 8 ESP, 8 IV, up to 5 padding, trailer and 16 ICV are the layer's own."""

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?", re.ASCII)
_PATH: Final = re.compile(r"/[A-Za-z0-9._/+-]{1,100}", re.ASCII)


@dataclass(frozen=True)
class EspKeys:
    """What one exchange gave for the inner layer; two secrets, since each has its own use."""

    epoch: int
    """Rises with every exchange; the two ends name it alike."""
    psk: Secret
    """Authenticates both ends (RFC 7296 section 2.15)."""
    ppk: Secret
    """Enters every key (RFC 8784 section 3)."""

    def __post_init__(self) -> None:
        """Refuse short keys, and one key in both places."""
        if not 0 <= self.epoch <= LAST_EPOCH:
            raise InvalidInputError("An epoch is a whole number from 0 to 2^63 - 1.")
        for what, key in (("preshared", self.psk), ("post-quantum preshared", self.ppk)):
            if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
                raise InvalidInputError(
                    f"The {what} key has {len(key)} octets; {SHORTEST_KEY} to {LONGEST_KEY} are "
                    "right."
                )
        if self.psk == self.ppk:
            raise InvalidInputError("The two keys of the inner layer must not be one.")


@dataclass(frozen=True)
class EspPeer:
    """The other end, as both layers know it."""

    name: str
    """As it names itself: small letters, digits, dots and hyphens."""
    local: Address
    """Ours and theirs: what ESP is sent between, led through WireGuard and nowhere else."""
    remote: Address
    networks: tuple[Network, ...]
    """What is behind it; nothing else is taken from it or sent to it."""

    def __post_init__(self) -> None:
        """Refuse what charon would not take, or would take for something else."""
        checked_name(self.name)
        if self.local.version != self.remote.version or self.local == self.remote:
            raise InvalidInputError("ESP goes between two addresses of one family.")
        checked_networks(self.networks)
        if any(self.remote in network or self.local in network for network in self.networks):
            raise InvalidInputError(
                "The addresses that ESP itself goes between lie within a network to protect; "
                "give it addresses of its own."
            )


def checked_name(name: str) -> str:
    """Return a name of an end, or InvalidInputError."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{quoted(name)} cannot name an end of the inner layer: up to 100 small letters, "
            "digits, dots and hyphens."
        )
    return name


def checked_networks(networks: tuple[Network, ...]) -> tuple[Network, ...]:
    """Return networks that are behind one end, or InvalidInputError."""
    if not 1 <= len(networks) <= MOST_NETWORKS:
        raise InvalidInputError(f"An end has 1 to {MOST_NETWORKS} networks, not {len(networks)}.")
    if any(network.prefixlen == 0 for network in networks):
        raise InvalidInputError("An end of the inner layer is never the way to everywhere.")
    return networks


def settings(plane: int, directory: Path) -> str:
    """Return strongswan.conf of one charon; its socket is in a directory nobody else can enter."""
    socket = socket_path(plane, directory)
    if not _PATH.fullmatch(str(socket)):
        raise InvalidInputError(
            f"{quoted(str(socket))} cannot be charon's socket: a whole path of up to 100 letters, "
            "digits and ._/+- is right."
        )
    return f"""charon-systemd {{
  load = {PLUGINS}
  port = 0
  port_nat_t = {port(plane)}
  keep_alive = 0
  routing_table = {FIRST_TABLE + plane}
  routing_table_prio = {30_000 + plane}
  install_virtual_ip = no
  reuse_ikesa = no
  retransmit_timeout = 1.0
  retransmit_base = 1.4
  retransmit_tries = 6
  filelog {{
    said {{
      path = stderr
      default = 0
      lib = 1
      cfg = 1
      ike = 1
      flush_line = yes
    }}
  }}
  journal {{
    default = -1
  }}
  plugins {{
    vici {{
      socket = unix://{socket}
    }}
  }}
}}
"""


def socket_path(plane: int, directory: Path) -> Path:
    """Return where one charon is spoken to."""
    return directory / f"charon{plane}.vici"


def port(plane: int) -> int:
    """Return the UDP port of one charon."""
    return FIRST_PORT + plane


def connection_name(peer: str, epoch: int) -> str:
    """Return how a peer in an epoch is called."""
    return f"{peer}@{epoch}"


def parsed_connection_name(name: str) -> tuple[str, int] | None:
    """Return peer and epoch, or None for what we have not named."""
    peer, mark, epoch = name.partition("@")
    if not mark or not epoch.isascii() or not epoch.isdecimal() or len(epoch) > 19:
        return None
    return peer, int(epoch)


def connection(
    own: str, networks: tuple[Network, ...], peer: EspPeer, epoch: int, plane: int
) -> dict[str, Told]:
    """Return what `load-conn` is told of a peer in an epoch; `networks` are those behind us."""
    child: dict[str, Told] = {
        "local_ts": [str(network) for network in checked_networks(networks)],
        "remote_ts": [str(network) for network in peer.networks],
        "esp_proposals": [ESP_PROPOSAL],
        "mode": "tunnel",
        "start_action": "none",
        "close_action": "none",
        "dpd_action": "clear",
        "rekey_time": str(REKEY_S),
    }
    ours, theirs, ppk = identities(own, peer.name, epoch)
    return {
        connection_name(peer.name, epoch): {
            "version": "2",
            "local_addrs": [str(peer.local)],
            "remote_addrs": [str(peer.remote)],
            "local_port": str(port(plane)),
            "remote_port": str(port(plane)),
            "proposals": [IKE_PROPOSAL],
            "encap": "yes",
            "mobike": "no",
            "unique": "replace",
            "keyingtries": "1",
            "dpd_delay": str(SILENCE_S),
            "rekey_time": "0",
            "reauth_time": "0",
            "ppk_id": ppk,
            "ppk_required": "yes",
            "local": {"auth": "psk", "id": ours},
            "remote": {"auth": "psk", "id": theirs},
            "children": {"inner": child},
        }
    }


def identities(own: str, peer: str, epoch: int) -> tuple[str, str, str]:
    """Return our identity, theirs, and that of the post-quantum key (the same at both ends)."""
    first, second = sorted((checked_name(own), checked_name(peer)))
    if first == second:
        raise InvalidInputError("An end of the inner layer is no peer of itself.")
    return f"fqdn:e{epoch}.{own}", f"fqdn:e{epoch}.{peer}", f"fqdn:e{epoch}.{first}.with.{second}"


def secrets(own: str, peer: str, keys: EspKeys) -> tuple[dict[str, Told], dict[str, Told]]:
    """Return what `load-shared` is told, once for each key; never to be shown."""
    ours, theirs, ppk = identities(own, peer, keys.epoch)
    authenticating, mixed_in = secret_names(peer, keys.epoch)
    return (
        {
            "id": authenticating,
            "type": "IKE",
            "data": keys.psk.reveal(),
            "owners": [ours, theirs],
        },
        {"id": mixed_in, "type": "PPK", "data": keys.ppk.reveal(), "owners": [ppk]},
    )


def secret_names(peer: str, epoch: int) -> tuple[str, str]:
    """Return the names under which charon keeps and forgets the two keys of an epoch."""
    name = connection_name(peer, epoch)
    return f"psk:{name}", f"ppk:{name}"
