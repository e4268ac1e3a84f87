"""Tunnel cards: signed by their edge alone, strict, and taking nothing that is another's."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import BaluardoError, InvalidInputError, RevokedError, SignatureError
from baluardo.network.tunnel.addresses import (
    MOST_NETWORKS,
    community_network,
    edge_address,
    esp_address,
    site_network,
    site_network_ipv4,
    site_number,
)
from baluardo.network.tunnel.card import (
    CARD_TYPE,
    LARGEST_CARD,
    MOST_PLACES,
    TunnelCard,
    check_announced,
    check_apart,
    verify_card,
)
from baluardo.network.tunnel.place import Place
from baluardo.trust.certificates.revocation import Reason, Revocation
from baluardo.trust.envelope import Envelope, add_signature, sign
from baluardo.trust.identity import Identity
from baluardo.trust.wireguard_keys import WireGuardKey
from trust.community import NOW, TestCommunity, make_community

COMMUNITY = "italia.example"


def card_of(path: str = "office/roma", **changes: Any) -> TunnelCard:
    """A card with two lanes and two bearers."""
    found = TunnelCard(
        Identity.of_path(COMMUNITY, path),
        tuple(WireGuardKey.generate().public for _ in range(2)),
        (Place.of_text("192.0.2.1:51820"), Place.of_text("[2001:db8::1]:51820")),
        (Place.of_text("192.0.2.1:7443"),),
        (ip_network("192.168.7.0/24"), ip_network("fd12:3456:789a::/48")),
        3,
        NOW,
    )
    return replace(found, **changes)


@pytest.fixture(scope="module")
def italy() -> TestCommunity:
    """Return a community."""
    return make_community()


class TestAddresses:
    def test_they_follow_from_names_and_nothing_else(self) -> None:
        """Fixed here: a site whose addresses changed would lose all its tunnels."""
        roma = Identity.of_path(COMMUNITY, "office/roma")
        assert str(community_network(COMMUNITY)) == KNOWN[0]
        assert str(site_network(roma)) == KNOWN[1]
        assert str(site_network_ipv4(roma)) == KNOWN[2]

    @settings(deadline=None)
    @given(st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), st.sampled_from(["office", "ship"]))
    def test_each_site_is_within_its_community(self, name: str, kind: str) -> None:
        site = Identity.of_path(COMMUNITY, f"{kind}/{name}")
        inside = site_network(site)
        assert inside.prefixlen == 64
        assert inside.subnet_of(community_network(COMMUNITY))
        assert community_network(COMMUNITY).network_address.packed[0] == 0xFD
        assert edge_address(site) == inside[1]
        four = site_network_ipv4(site)
        assert four.prefixlen == 24
        assert four.subnet_of(ip_network("10.0.0.0/8"))
        assert int(four.network_address) >> 8 & 0xFFFF == site_number(site)

    def test_communities_are_apart(self) -> None:
        assert community_network("italia.example") != community_network("france.example")


class TestPlaces:
    @pytest.mark.parametrize("text", ["192.0.2.1:1", "[2001:db8::1]:65535", "[fd00::1]:80"])
    def test_written_as_read(self, text: str) -> None:
        assert str(Place.of_text(text)) == text

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                "192.0.2.1",
                "192.0.2.1:0",
                "192.0.2.1:65536",
                "192.0.2.1:080",
                "192.0.2.1:\uff180",
            ),
            *("192.0.2.01:80", "[2001:DB8::1]:80", "[2001:db8:0::1]:80", "2001:db8::1:80"),
            *("[::ffff:192.0.2.1]:80", "[::ffff:c000:201]:80", "[fe80::1]:80", "[ff02::1]:80"),
            *("[::]:80", "0.0.0.0:80", "255.255.255.255:80", "224.0.0.1:80", "169.254.1.1:80"),
            *("example.org:80", " 192.0.2.1:80", "192.0.2.1:80\n", "[1:2]:80", "1.2.3:80"),
        ],
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(InvalidInputError):
            Place.of_text(text)

    @given(st.text(max_size=60))
    def test_no_text_breaks_it(self, text: str) -> None:
        try:
            place = Place.of_text(text)
        except InvalidInputError as refusal:
            assert str(refusal).isprintable()
        else:
            assert str(place) == text


class TestCards:
    def test_round_trip_by_way_of_somebody_else(self, italy: TestCommunity) -> None:
        card = card_of(ipv4=True)
        envelope = Envelope.of_json(card.sign(italy.credential("office/roma")).to_json())
        assert verify_card(envelope, italy.verifier(), NOW) == card
        assert card.all_networks[0] == site_network(card.identity)
        assert card.all_networks[1] == site_network_ipv4(card.identity)

    def test_nobody_signs_for_another(self, italy: TestCommunity) -> None:
        card, milano = card_of(), italy.credential("office/milano")
        with pytest.raises(InvalidInputError, match="by nobody else"):
            card.sign(milano)
        forged = sign(card.payload(), CARD_TYPE, milano)
        with pytest.raises(SignatureError, match="office/milano signed it"):
            verify_card(forged, italy.verifier(), NOW)
        both = add_signature(card.sign(italy.credential("office/roma")), milano)
        with pytest.raises(SignatureError):
            verify_card(both, italy.verifier(), NOW)
        other_type = sign(card.payload(), "application/json", italy.credential("office/roma"))
        with pytest.raises(SignatureError):
            verify_card(other_type, italy.verifier(), NOW)

    def test_a_revoked_edge_has_no_card(self, italy: TestCommunity) -> None:
        credential = italy.credential("office/roma")
        envelope = card_of().sign(credential)
        informed = italy.revoking(
            {credential.chain.leaf.serial: Revocation(NOW, Reason.SUPERSEDED)}
        )
        with pytest.raises(RevokedError):
            verify_card(envelope, informed.verifier(), NOW)

    def test_of_the_future_or_of_this_machine(self, italy: TestCommunity) -> None:
        roma = italy.credential("office/roma")
        late = card_of(made_at=NOW + 3_600.0).sign(roma)
        with pytest.raises(SignatureError, match="in the future"):
            verify_card(late, italy.verifier(), NOW)
        here = card_of(exchange=(Place.of_text("127.0.0.1:22"),)).sign(roma)
        with pytest.raises(InvalidInputError, match="this machine"):
            verify_card(here, italy.verifier(), NOW)
        assert verify_card(here, italy.verifier(), NOW, loopback=True)

    @pytest.mark.parametrize(
        "network",
        [
            *("8.8.8.0/24", "100.64.0.0/10", "100.65.1.0/24", "169.254.0.0/16", "127.0.0.0/8"),
            *("0.0.0.0/0", "::/0", "fc00::/8", "fd00::/8", "fe80::/10", "2001:db8::/32"),
            *("192.0.0.0/8", "172.0.0.0/8", "::1/128"),
        ],
    )
    def test_only_private_networks(self, network: str) -> None:
        with pytest.raises(InvalidInputError, match="no private network"):
            card_of(networks=(ip_network(network),))

    def test_no_network_holds_what_is_outside(self) -> None:
        with pytest.raises(InvalidInputError, match="round in a circle"):
            card_of(
                networks=(ip_network("10.9.0.0/16"),), endpoints=(Place.of_text("10.9.8.7:51820"),)
            )
        inside = f"[{edge_address(card_of().identity)}]:51820"
        with pytest.raises(InvalidInputError, match="round in a circle"):
            card_of(endpoints=(Place.of_text(inside),))

    def test_sites_addresses_are_not_for_the_taking(self) -> None:
        milano = site_network(Identity.of_path(COMMUNITY, "office/milano"))
        for network in (milano, community_network(COMMUNITY)):
            with pytest.raises(InvalidInputError, match="within the addresses"):
                card_of(networks=(network,))
        with pytest.raises(InvalidInputError, match="overlap"):
            card_of(networks=(ip_network("10.0.0.0/8"),), ipv4=True)

    @pytest.mark.parametrize("field", ["endpoints", "exchange"])
    def test_nobody_is_outside_where_sites_to_come_will_be(self, field: str) -> None:
        """Else whoever comes first could name their addresses, and keep them out for ever."""
        to_come = Identity.of_path(COMMUNITY, "office/prefettura-7")
        for address in (edge_address(to_come), esp_address(to_come)):
            with pytest.raises(InvalidInputError, match="no place outside"):
                card_of(**{field: (Place(address, 51_820),)})

    def test_a_place_named_before_keeps_no_site_out(self) -> None:
        """Of IPv4 all of 10.0.0.0/8 may be sites': such places are, and stand back."""
        to_come = card_of("office/prefettura-7", ipv4=True, networks=())
        there = site_network_ipv4(to_come.identity)
        squatting = card_of(endpoints=(Place(there[1], 51_820),), networks=())
        check_apart(to_come, [squatting])
        with pytest.raises(InvalidInputError, match="round in a circle"):
            check_apart(squatting, [to_come])
        with pytest.raises(InvalidInputError, match="round in a circle"):
            check_apart(to_come, [], outer=squatting.outer)
        announcing = card_of("office/prefettura-7", networks=(there,))
        with pytest.raises(InvalidInputError, match="round in a circle"):
            check_apart(announcing, [squatting])

    def test_one_network_is_judged_beside_the_rest_of_a_card(self) -> None:
        card = card_of(networks=(), ipv4=True)
        check_announced(ip_network("192.168.7.0/24"), card)
        places = replace(card, endpoints=(Place.of_text("192.168.7.9:51820"),))
        for beside, network, why in (
            (card, "8.8.8.0/24", "no private network"),
            (card, str(community_network(COMMUNITY)), "within the addresses"),
            (card, str(site_network_ipv4(card.identity)), "overlap"),
            (places, "192.168.7.0/24", "circle"),
        ):
            with pytest.raises(InvalidInputError, match=why):
                check_announced(ip_network(network), beside)

    @pytest.mark.parametrize(
        "changes",
        [
            {"lanes": ()},
            {"lanes": ("A" * 44,)},
            {"lanes": (WireGuardKey.generate().public,) * 2},
            {"endpoints": ()},
            {"exchange": ()},
            {"number": 0},
            {"made_at": -1.0},
            {"networks": (ip_network("10.1.0.0/16"), ip_network("10.1.2.0/24"))},
            {"identity": Identity.of_path(COMMUNITY, "person/anna/phone")},
            {"networks": tuple(ip_network(f"10.77.{n}.0/24") for n in range(MOST_NETWORKS + 1))},
            {
                "endpoints": tuple(
                    Place.of_text(f"192.0.2.{n}:1") for n in range(1, MOST_PLACES + 2)
                )
            },
        ],
    )
    def test_impossible_fields(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidInputError):
            card_of(**changes)

    def test_the_largest_card_is_within_its_bound(self) -> None:
        places = tuple(
            Place(ip_address(f"2001:db8:aaaa:bbbb:cccc:dddd:eeee:{n:x}"), 65_535)
            for n in range(0x1001, 0x1001 + MOST_PLACES)
        )
        networks = tuple(
            ip_network(f"fd12:3456:789a:bcde:f012:3456:789a:{n:x}/128")
            for n in range(0x1001, 0x1001 + MOST_NETWORKS)
        )
        name = "n" * 63
        identity = Identity.of_path("c" * 63, f"office/{name}")
        card = card_of(identity=identity, endpoints=places, exchange=places, networks=networks)
        assert TunnelCard.of_payload(card.payload()) == card
        assert len(card.payload()) <= LARGEST_CARD

    def test_a_card_takes_nothing_that_is_another_s(self) -> None:
        roma, milano = card_of(), card_of("office/milano", networks=())
        check_apart(milano, [roma])
        check_apart(replace(roma, number=4), [roma, milano])
        for taking, why in (
            ({"networks": (ip_network("192.168.0.0/16"),)}, "overlaps"),
            ({"lanes": roma.lanes[:1]}, "WireGuard key"),
        ):
            with pytest.raises(InvalidInputError, match=why):
                check_apart(replace(milano, **taking), [roma])  # type: ignore[arg-type]
        ours = Place.of_text("172.16.5.5:51820")
        with pytest.raises(InvalidInputError, match="circle"):
            check_apart(
                replace(milano, networks=(ip_network("172.16.0.0/12"),)), [roma], outer=[ours]
            )
        with pytest.raises(InvalidInputError, match="circle"):
            check_apart(replace(milano, endpoints=(Place.of_text("192.168.7.9:1"),)), [roma])

    def test_mutated_cards_are_refused_or_whole(self) -> None:
        chance = random.Random(3)  # noqa: S311 - it injures, it protects nothing
        sample = card_of(ipv4=True).payload()
        taken = 0
        for _ in range(3_000):
            octets = bytearray(sample)
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(len(octets))
                if chance.random() < 0.5:
                    octets[at] = chance.randrange(256)
                else:
                    octets[at:at] = chance.choice([b'"', b"0", b"[", b",", b"/", b":", b"\xff"])
            try:
                card = TunnelCard.of_payload(bytes(octets))
            except BaluardoError as refusal:
                assert str(refusal).isprintable()
            else:
                taken += 1
                assert TunnelCard.of_payload(card.payload()) == card
        assert 0 < taken < 3_000

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("version", 2), ("ipv4", 1), ("number", 1.5), ("number", True), ("lanes", "x")),
            *(("networks", ["10.0.0.1/8"]), ("networks", [7]), ("endpoints", ["x"]), ("more", 1)),
            *(("networks", ["010.0.0.0/8"]), ("made_at", "now"), ("identity", "spiffe://x")),
        ],
    )
    def test_strict(self, field: str, value: object) -> None:
        payload = json.loads(card_of().payload())
        payload[field] = value
        with pytest.raises(InvalidInputError):
            TunnelCard.of_payload(json.dumps(payload).encode())


KNOWN = ("fd8b:2138:2495::/48", "fd8b:2138:2495:cc45::/64", "10.204.69.0/24")
