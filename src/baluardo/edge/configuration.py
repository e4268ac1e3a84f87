"""What an edge is told once, in `edge.toml` of its own directory: pages, network, bearers, calls.

Without the file an edge serves its pages on this machine and has no network of its own. Every key
is checked: a misspelt one is refused with its place, it is not a setting that is off.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from baluardo.edge.landings import MOST_LANDINGS, check_apart, read_landing
from baluardo.edge.media_settings import CallMedia, read_calls
from baluardo.edge.socket_path import check_socket_path
from baluardo.errors import InvalidInputError, ScenarioError, SourceError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.network.bearers.landing import Landing
from baluardo.protocol.web_address import host_port
from baluardo.scenario.table import Table
from baluardo.terms import Precedence, Role

FILE: Final = "edge.toml"
LARGEST_FILE: Final = 65_536
DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8480
DEFAULT_HELPER: Final = "/run/baluardo/links.sock"
EXCHANGE_PORT: Final = 51_822
"""UDP port 51820 is the bearers' (WireGuard's own); key exchanges stand beside it. Our choice."""
DEVICES_PORT: Final = 51_821
"""UDP, at every address of the machine: where plain devices call. Our choice."""
DISH: Final = "192.168.100.1:9200"
"""Where every Starlink dish answers gRPC to its own network."""
NAMESPACE: Final = "namespace"
MAIN: Final = "main"
NEVER: Final = "never"

_DEVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}\Z", re.ASCII)  # IFNAMSIZ is 16
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z", re.ASCII)
_SOURCE = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+/[A-Za-z0-9._~/%-]*\Z", re.ASCII)

T = TypeVar("T")
Kinds = TypeVar("Kinds", bound=StrEnum)


class BearerKind(StrEnum):
    """What a bearer is."""

    INTERFACE = "interface"
    """A plain network interface: fibre, mobile, any dish."""
    STARLINK = "starlink"
    """An interface behind which a Starlink dish tells what it sees."""
    WIRE = "wire"
    """An interface of the stage."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the pages for the site's browsers are served."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    """TCP; 0 takes any free one."""
    proxy: bool = False
    """Whether a proxy with TLS stands before them, which tells who asks."""
    socket: Path | None = None
    """A Unix socket in the place of TCP: whoever reaches it is the proxy."""

    def __post_init__(self) -> None:
        """Refuse what cannot be listened at."""
        if not 0 <= self.port <= 65_535:
            raise InvalidInputError(f"port {self.port}: from 0 to 65535.")
        if self.socket is not None:
            check_socket_path("socket", self.socket)
            if not self.proxy:
                raise InvalidInputError(
                    "socket needs proxy = true: on a Unix socket nobody but a proxy can say who "
                    "asks."
                )


@dataclass(frozen=True, slots=True)
class Network:
    """The encrypted network of the site."""

    enabled: bool = False
    helper: Path = Path(DEFAULT_HELPER)
    """The Unix socket of the one process with root."""
    hosts: str = NAMESPACE
    """Where the site's own programs are: a namespace of our own, `main`, or one that has a name."""
    exchange_port: int = EXCHANGE_PORT
    """TCP, on every bearer: where other edges exchange keys."""
    ipv4: bool = False
    """Whether the site's machines have IPv4 addresses beside IPv6."""
    real_time: bool = True
    """Whether the packet engine asks for real-time scheduling."""
    duplicates_from: Precedence | None = Precedence.FLASH
    """Traffic of this precedence and above goes out on two bearers at once; None for no traffic."""
    devices_port: int = DEVICES_PORT
    """UDP, where plain devices call, if the policy lets the site have any."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_socket_path("helper", self.helper)
        if not _NAME.match(self.hosts):
            raise InvalidInputError(
                f"hosts {quoted(self.hosts)}: {NAMESPACE}, {MAIN}, or a namespace's name in small "
                "letters, digits and dashes."
            )
        if not 1 <= self.exchange_port <= 65_535:
            raise InvalidInputError(f"exchange_port {self.exchange_port}: from 1 to 65535.")
        if not 1 <= self.devices_port <= 65_535:
            raise InvalidInputError(f"devices_port {self.devices_port}: from 1 to 65535.")


@dataclass(frozen=True, slots=True)
class Bearer:
    """One way out of the site."""

    name: str
    kind: BearerKind
    device: str
    role: Role
    address: str = ""
    """Of this site on it; empty: the one that the interface has."""
    rate_up_mbps: float | None = None
    """What it carries upwards at best; None: measured."""
    dish: str = ""
    """HOST:PORT of a Starlink dish; empty for the other kinds."""
    lands: bool = False
    """Whether its traffic comes down to the ground somewhere that the operator chooses."""
    forecast: Path | None = None
    """CSV of what it is expected to give (`network.bearers.forecast`); None: measured alone."""
    satellite: Path | None = None
    """Which satellite serves it now (`tunnels.serving_satellite`); None: nobody tells."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not _NAME.match(self.name):
            raise InvalidInputError(f"name {quoted(self.name)}: small letters, digits and dashes.")
        if not _DEVICE.match(self.device):
            raise InvalidInputError(f"device {quoted(self.device)}: the name of an interface.")
        if self.address:
            _check_address(self.address)
        if self.rate_up_mbps is not None and not 0.01 <= self.rate_up_mbps <= 100_000.0:
            raise InvalidInputError(f"rate_up_mbps {self.rate_up_mbps:g}: from 0.01 to 100000.")
        if self.kind is BearerKind.STARLINK:
            host_port(self.dish)
        elif self.dish:
            raise InvalidInputError(f"dish is for kind = {BearerKind.STARLINK}: leave it out.")
        for what, file in (("forecast", self.forecast), ("satellite", self.satellite)):
            path = "/" if file is None else str(file)
            if not path.startswith("/") or not path.isprintable():
                raise InvalidInputError(f"{what} {quoted(path)}: the path of a file, from /.")


@dataclass(frozen=True, slots=True)
class Updates:
    """Where programs come from; whose signatures they need is in the state's policy, not here."""

    source: str = ""
    """An absolute path or an http(s) address of an update's file; empty: given by hand."""
    automatic: bool = False
    """Whether what is found there and rightly signed is installed by itself."""
    every_hours: float = 6.0

    def __post_init__(self) -> None:
        """Refuse what leads nowhere."""
        is_path = self.source.startswith("/") and self.source.isprintable()
        if self.source and not is_path and not _SOURCE.match(self.source):
            raise InvalidInputError(
                f"source {quoted(self.source)}: a path from / or an address as https://HOST/FILE."
            )
        if self.automatic and not self.source:
            raise InvalidInputError("automatic needs source: from where updates are fetched.")
        if not 0.25 <= self.every_hours <= 168.0:
            raise InvalidInputError(f"every_hours {self.every_hours:g}: from 0.25 to 168.")


@dataclass(frozen=True, slots=True)
class EdgeConfiguration:
    """Everything that may be set; the defaults are an edge without a network of its own."""

    pages: Pages = field(default_factory=Pages)
    network: Network = field(default_factory=Network)
    bearers: tuple[Bearer, ...] = ()
    """In the order of the PACE plan."""
    updates: Updates = field(default_factory=Updates)
    landings: tuple[Landing, ...] = ()
    """Where bearers may land, and by what that is told."""
    calls: CallMedia = field(default_factory=CallMedia)

    def __post_init__(self) -> None:
        """Refuse parts that do not go together; put the bearers in order."""
        check_apart(self.landings)
        for what in ("name", "device", "role"):
            values = [str(getattr(each, what)) for each in self.bearers]
            twice = sorted({each for each in values if values.count(each) > 1})
            if twice:
                raise InvalidInputError(
                    f"Two bearers have the {what} {twice[0]}: each has its own."
                )
        roles = {each.role for each in self.bearers}
        if self.bearers and Role.PRIMARY not in roles:
            raise InvalidInputError("One of the bearers must have the role primary.")
        if self.network.enabled and not self.bearers:
            raise InvalidInputError("The network is enabled and no bearer is named: add one.")
        order = list(Role)
        ordered = tuple(sorted(self.bearers, key=lambda each: order.index(each.role)))
        object.__setattr__(self, "bearers", ordered)

    @property
    def media_address(self) -> str:
        """Where the site's browsers send the media of their calls."""
        pages = self.pages
        return self.calls.address("" if pages.socket is not None else pages.host)

    @classmethod
    def read(cls, directory: Path, path: Path | None = None) -> EdgeConfiguration:
        """Read a file, by default the one of the edge's directory; without that, the defaults.

        SourceError if a file that was named cannot be read, InvalidInputError for what is wrong in
        one, with its place.
        """
        chosen = directory / FILE if path is None else path
        if path is None and not chosen.exists():
            return cls()
        octets = read_file(chosen, LARGEST_FILE, "The configuration")
        shown = printable(str(chosen))
        if len(octets) > LARGEST_FILE:
            raise InvalidInputError(f"{shown} is larger than any configuration.")
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            raise SourceError(f"{shown} is no UTF-8 text.") from None
        return cls.of_toml(text, shown)

    @classmethod
    def of_toml(cls, text: str, source: str) -> EdgeConfiguration:
        """Read a file's text; InvalidInputError names the place of what is wrong."""
        try:
            values = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
            raise InvalidInputError(f"{source} is not TOML: {printable(str(problem))}.") from None
        try:
            return _configuration(Table(values, source))
        except ScenarioError as problem:
            raise InvalidInputError(str(problem)) from None


def _configuration(table: Table) -> EdgeConfiguration:
    pages, network = _pages(table.table("pages")), _network(table.table("network"))
    bearers = tuple(_bearer(each) for each in table.tables("bearers", len(Role)))
    updates = _updates(table.table("updates"))
    landings = tuple(_landing(each) for each in table.tables("landings", MOST_LANDINGS))
    calls = _calls(table.table("calls"))
    table.done()
    return _possible(
        table, lambda: EdgeConfiguration(pages, network, bearers, updates, landings, calls)
    )


def _pages(table: Table) -> Pages:
    host = table.text("host", DEFAULT_HOST)
    port = _whole(table, "port", DEFAULT_PORT)
    proxy = table.truth("proxy", default=False)
    socket = Path(table.text("socket")) if table.has("socket") else None
    if socket is not None and (table.has("host") or table.has("port")):
        table.refuse("socket", "and host or port exclude each other")
    table.done()
    return _possible(table, lambda: Pages(host, port, proxy, socket))


def _network(table: Table) -> Network:
    enabled = table.truth("enabled", default=False)
    helper = Path(table.text("helper", DEFAULT_HELPER))
    hosts = table.text("hosts", NAMESPACE)
    port = _whole(table, "exchange_port", EXCHANGE_PORT)
    devices_port = _whole(table, "devices_port", DEVICES_PORT)
    ipv4, real_time = table.truth("ipv4", default=False), table.truth("real_time", default=True)
    least = table.text("duplicates_from", Precedence.FLASH.dsn)
    table.done()

    def make() -> Network:
        duplicates = None if least == NEVER else Precedence.of(least)
        return Network(enabled, helper, hosts, port, ipv4, real_time, duplicates, devices_port)

    return _possible(table, make)


def _bearer(table: Table) -> Bearer:
    name, device = table.text("name"), table.text("device")
    kind = _one_of(table, "kind", BearerKind)
    role = _one_of(table, "role", Role)
    address = table.text("address") if table.has("address") else ""
    rate = table.number("rate_up_mbps") if table.has("rate_up_mbps") else None
    dish = table.text("dish", DISH) if kind is BearerKind.STARLINK or table.has("dish") else ""
    lands = table.truth("lands", default=kind is BearerKind.STARLINK)
    forecast = Path(table.text("forecast")) if table.has("forecast") else None
    satellite = Path(table.text("satellite")) if table.has("satellite") else None
    table.done()
    return _possible(
        table,
        lambda: Bearer(name, kind, device, role, address, rate, dish, lands, forecast, satellite),
    )


def _landing(table: Table) -> Landing:
    return _possible(table, lambda: read_landing(table))


def _calls(table: Table) -> CallMedia:
    return _possible(table, lambda: read_calls(table))


def _updates(table: Table) -> Updates:
    source = table.text("source") if table.has("source") else ""
    automatic = table.truth("automatic", default=False)
    every_hours = table.number("every_hours", 6.0)
    table.done()
    return _possible(table, lambda: Updates(source, automatic, every_hours))


def _whole(table: Table, key: str, default: int) -> int:
    value = table.number(key, float(default))
    if value != int(value):
        table.refuse(key, f"must be a whole number, not {quoted(value)}")
    return int(value)


def _one_of(table: Table, key: str, kinds: type[Kinds]) -> Kinds:
    try:
        return kinds(table.text(key))
    except ValueError:
        table.refuse(key, f"must be one of {', '.join(kinds)}")


def _possible(table: Table, make: Callable[[], T]) -> T:
    """Build a value, and name the table's place where the value is impossible."""
    try:
        return make()
    except InvalidInputError as problem:
        raise InvalidInputError(f"{table.where}: {problem}") from None


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise InvalidInputError(f"address {quoted(address)}: an IPv4 or IPv6 address.") from None
