"""Addresses, routes and states of interfaces, by iproute2's `ip`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from baluardo.network.links.namespaces import Namespace


def configure(
    namespace: Namespace,
    device: str,
    addresses: Sequence[str] = (),
    routes: Sequence[str] = (),
    mtu: int = 1_500,
    queue: int = 1_000,
) -> None:
    """Give an interface its MTU and addresses, bring it up, lead networks to it.

    Addresses with their prefix length; routes as networks, or "default". LinkError names what the
    system does not take.
    """
    plain = [
        f"link set dev {device} mtu {mtu} txqueuelen {queue} up",
        *(f"address replace {each} dev {device}{_no_wait(each)}" for each in addresses),
        *(f"route replace {each} dev {device}" for each in routes if ":" not in each),
    ]
    six = [f"route replace {each} dev {device}" for each in routes if ":" in each]
    namespace.run("ip", "-batch", "-", stdin="\n".join(plain) + "\n")
    if six:
        namespace.run("ip", "-6", "-batch", "-", stdin="\n".join(six) + "\n")


def _no_wait(address: str) -> str:
    """Nobody else can have an address of ours: no time is spent on asking around."""
    return " nodad" if ":" in address else ""


def set_forwarding(namespace: Namespace) -> None:
    """Let a namespace pass packets on that are not for itself, of both families.

    Also back to where they came from, without telling the sender of a shorter way: there is none.
    """
    values = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1}
    values |= {f"ipv4/conf/{which}/send_redirects": 0 for which in ("all", "default")}

    def write() -> None:
        devices = Path("/proc/sys/net/ipv4/conf").iterdir()
        redirects = {f"ipv4/conf/{each.name}/send_redirects": 0 for each in devices}
        for path, value in (values | redirects).items():
            Path("/proc/sys/net", path).write_text(f"{value}\n", encoding="ascii")

    namespace.inside(write)


def let_rules_judge(namespace: Namespace) -> None:
    """Let rules of routing alone say what passes, not the way back to a packet's sender.

    Where packets are led by where they come in, the way back (RFC 3704) is not in the table that
    the kernel would look at.
    """

    def write() -> None:
        for device in Path("/proc/sys/net/ipv4/conf").iterdir():
            (device / "rp_filter").write_text("0\n", encoding="ascii")

    namespace.inside(write)


def add_veth(one: Namespace, name: str, other: Namespace, other_name: str) -> None:
    """Join two namespaces by a pair of virtual interfaces; both are left down."""
    one.run(
        "ip", "link", "add", name, "type", "veth", "peer", "name", other_name, "netns", other.path
    )
