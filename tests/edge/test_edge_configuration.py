"""What an edge is told in one file: every key checked, the documented example included."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge.configuration import (
    Bearer,
    BearerKind,
    EdgeConfiguration,
    Network,
    Pages,
    Updates,
)
from baluardo.edge.media_settings import CallMedia
from baluardo.errors import BaluardoError, InvalidInputError, SourceError
from baluardo.network.bearers.landing import Landing
from baluardo.terms import Place, Precedence, Role

DOCS = Path(__file__).parents[2] / "docs" / "operations" / "edge.md"
SKY = '[[bearers]]\nname = "sky"\nkind = "starlink"\ndevice = "eth1"\nrole = "primary"\n'
FIBRE = '[[bearers]]\nname = "fibre"\nkind = "interface"\ndevice = "eth2"\nrole = "alternate"\n'
MILAN = (
    '[[landings]]\nname = "Milano"\ncountry = "IT"\nlat_deg = 45.478\nlon_deg = 9.102\n'
    'hops = ["100.64.7.1"]\n'
)


def read(text: str) -> EdgeConfiguration:
    return EdgeConfiguration.of_toml(text, "edge.toml")


def test_without_a_file_there_is_no_network(tmp_path: Path) -> None:
    found = EdgeConfiguration.read(tmp_path)
    assert found == EdgeConfiguration() == read("")
    assert (found.pages.host, found.pages.port, found.network.enabled) == ("127.0.0.1", 8480, False)
    with pytest.raises(SourceError, match="cannot be read"):
        EdgeConfiguration.read(tmp_path, tmp_path / "none.toml")
    (tmp_path / "edge.toml").write_bytes(b"\xff")
    with pytest.raises(SourceError, match="no UTF-8"):
        EdgeConfiguration.read(tmp_path)
    (tmp_path / "edge.toml").write_bytes(b"#" * 70_000)
    with pytest.raises(InvalidInputError, match="larger than any"):
        EdgeConfiguration.read(tmp_path)


def test_the_file_of_the_manual_says_what_the_manual_says(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "edge.toml").write_text(example)
    assert EdgeConfiguration.read(tmp_path) == EdgeConfiguration(
        Pages(proxy=True, socket=Path("/run/baluardo-pages/edge.sock")),
        Network(enabled=True, duplicates_from=Precedence.FLASH),
        (
            Bearer(
                "dish",
                BearerKind.STARLINK,
                "eth1",
                Role.PRIMARY,
                rate_up_mbps=20.0,
                dish="192.168.100.1:9200",
                lands=True,
                forecast=Path("/var/lib/baluardo/dish.csv"),
            ),
            Bearer("mobile", BearerKind.INTERFACE, "wwan0", Role.ALTERNATE, "10.64.3.2"),
        ),
        Updates("https://updates.rete.example/baluardo.update", automatic=True, every_hours=6.0),
        (
            Landing(
                "Milano",
                "IT",
                Place("Milano", 45.478, 9.102),
                ("198.51.100.0/24",),
                ("100.64.7.1",),
            ),
        ),
        CallMedia("192.168.7.1", networks=(ip_network("192.168.7.0/24"),)),
    )


def test_bearers_over_a_dish_land_unless_they_are_said_not_to() -> None:
    assert [each.lands for each in read(SKY + FIBRE).bearers] == [True, False]
    assert not read(SKY + "lands = false").bearers[0].lands
    assert read(SKY + FIBRE + "lands = true").bearers[1].lands


def test_bearers_stand_in_the_order_of_their_roles() -> None:
    found = read("[network]\nenabled = true\nduplicates_from = 'never'\n" + FIBRE + SKY)
    assert [each.name for each in found.bearers] == ["sky", "fibre"]
    assert [each.dish for each in found.bearers] == ["192.168.100.1:9200", ""]
    assert found.network.duplicates_from is None


WRONG = {
    "[pages]\nprot = 8480": "edge.toml, pages: prot is not known here",
    "[page]\nport = 8480": "edge.toml: page is not known here",
    "pages = 3": "pages must be a table",
    "[pages]\nport = 65536": "edge.toml, pages: port 65536: from 0 to 65535",
    "[pages]\nport = 80.5": "port must be a whole number",
    "[pages]\nport = '80'": "port must be a number",
    "[pages]\nsocket = '/run/x'": "socket needs proxy = true",
    "[pages]\nsocket = 'x'\nproxy = true": "the path of a Unix socket, from /",
    "[pages]\nsocket = '/x'\nproxy = true\nhost = 'h'": "socket and host or port exclude",
    f"[pages]\nsocket = '/{'x' * 107}'\nproxy = true": "at most 107 octets",
    "[network]\nenabled = 1": "enabled must be true or false",
    "[network]\nenabled = true": "no bearer is named",
    "[network]\nhosts = 'My Net'": "a namespace's name",
    "[network]\nexchange_port = 0": "from 1 to 65535",
    "[network]\nduplicates_from = 'always'": "'always' is no precedence",
    "[network]\nhelper = 'links.sock'": "the path of a Unix socket",
    SKY.replace("sky", "Sky"): "edge.toml, bearer 1: name 'Sky'",
    SKY.replace("starlink", "sat"): "kind must be one of interface, starlink, wire",
    SKY.replace("primary", "main"): "role must be one of primary",
    SKY.replace("eth1", "eth1/../x"): "the name of an interface",
    SKY.replace("eth1", "a" * 16): "the name of an interface",
    SKY + "address = '10.0.0.300'": "an IPv4 or IPv6 address",
    SKY + "rate_up_mbps = 0": "from 0.01 to 100000",
    SKY + "rate_up_mbps = nan": "must be a finite number",
    SKY + "dish = '192.168.100.1'": "is no address: HOST:PORT",
    SKY + "forecast = 'dish.csv'": "edge.toml, bearer 1: forecast 'dish.csv': the path of a file",
    SKY + 'forecast = "/var/\\u007f"': "bearer 1: forecast '/var/",
    SKY + "forecast = 20": "forecast must be",
    SKY + FIBRE.replace("eth2", "eth1"): "Two bearers have the device eth1",
    SKY + FIBRE.replace("alternate", "primary"): "Two bearers have the role primary",
    SKY + FIBRE.replace("fibre", "sky"): "Two bearers have the name sky",
    SKY + FIBRE + "dish = '1.2.3.4:5'": "dish is for kind = starlink",
    FIBRE: "must have the role primary",
    SKY * 5: "4 are the most",
    "[updates]\nautomatic = true": "automatic needs source",
    "[updates]\nsource = 'ftp://x/y'": "https://HOST/FILE",
    "[updates]\nsource = 'here'": "a path from /",
    "[updates]\nevery_hours = 0.1": "from 0.25 to 168",
    "[updates": "is not TOML",
    MILAN + "hop = []": "edge.toml, landing 1: hop is not known here",
    MILAN.replace("hops", "# hops"): "edge.toml, landing 1: egress and hops are both empty",
    MILAN.replace('"IT"', '"Italy"'): "landing 1: country 'Italy': a country's two capital letters",
    MILAN.replace('"Milano"', '"IT"'): "which mean a country",
    MILAN.replace("Milano", "M" * 81): "1 to 80 characters",
    MILAN.replace("45.478", "95"): "latitude 95.0 is not between",
    MILAN.replace("45.478", "nan"): "must be a finite number",
    MILAN.replace("100.64.7.1", "milano.example"): "hops 'milano.example': an IPv4 or IPv6",
    MILAN + 'egress = ["198.51.100.7/24"]': "a network such as 198.51.100.0/24",
    MILAN + 'egress = ["0.0.0.0/0"]': "too wide to tell one place by",
    MILAN + f"egress = {[f'198.51.{n}.0/24' for n in range(65)]}": "egress has 65 entries",
    MILAN + MILAN: "Two landings have the name Milano",
    MILAN + MILAN.replace("Milano", "Roma"): "Two landings have the hop 100.64.7.1",
    MILAN * 65: "64 are the most",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_with_its_place(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^edge\.toml") as refused:
        read(text)
    assert WRONG[text] in str(refused.value)
    assert str(refused.value).isprintable()


WORDS = st.sampled_from(
    [
        *re.split(r"(\W)", SKY + FIBRE + MILAN),
        "[pages]\n",
        "[network]\n",
        "[updates]\n",
        "port",
        "\x00",
        "1e9",
    ]
)


@given(text=st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map("".join)))
def test_any_text_is_taken_or_refused_with_a_sentence(text: str) -> None:
    try:
        read(text)
    except BaluardoError as refused:
        assert str(refused).isprintable(), text
