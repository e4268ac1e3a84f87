"""Landing observed by edges that run: allowed, forbidden, not shown, and what traffic does then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_edges import NOT_SOFIA, Pair, RunningEdge, running_pair, until

from baluardo.edge.tunnels import landing_watch
from baluardo.edge.tunnels.status import network_status
from baluardo.network.bearers import landing
from baluardo.network.bearers.headers import PROBE, WIREGUARD, OuterHeader
from baluardo.protocol.network_policy import LandingRule
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.stage.prove.captures import packets
from network.places import needs_namespaces

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
]
SKY, FIBRE = "sky", "fibre"


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Both edges, which trace every second and take a trace for old after four."""
    monkeypatch.setattr(landing_watch, "ALONE_SECONDS", 1.0)
    monkeypatch.setattr(landing_watch, "AGAIN_SECONDS", 1.0)
    monkeypatch.setattr(landing, "TRACE_SECONDS", 4.0)

    with running_pair(tmp_path, {"rome": NOT_SOFIA}) as pair:
        yield pair


def is_barred(edge: RunningEdge, bearer: str = SKY) -> bool:
    return bool(edge.bearer(bearer).get("barred"))


def shown_in_strip(edge: RunningEdge) -> list[str]:
    return [each.text["en"] for each in network_status(edge.service) if "landing" in each.id]


def test_a_bearer_carries_traffic_only_while_its_landing_is_shown_to_be_permitted(
    pair: Pair,
) -> None:
    rome, milan = pair.rome, pair.milan
    permitted, forbidden = pair.landings

    # Permitted, and shown by a trace alone, as dishes of the stage keep their addresses.
    until(lambda: rome.tunnel().get("open") and not is_barred(rome))
    assert rome.bearer(SKY)["landing"] == permitted.name
    assert "by a trace alone" in rome.bearer(SKY)["landing_why"]["en"]
    assert shown_in_strip(rome) == []
    until(lambda: rome.answers(milan))
    dish = pair.plan.sky(rome.site).address
    until(lambda: rome.bearer(SKY)["egress_by_peer"] == {"office/milan": dish})

    # It lands elsewhere: the dish is barred, traffic takes the fibre and says why.
    pair.ways.land(rome.site, forbidden)
    until(lambda: is_barred(rome) and rome.tunnel()["active"] == FIBRE)
    (sentence,) = shown_in_strip(rome)
    assert f"sky: Traffic passes Sofia (BG, {forbidden.address})" in sentence
    dish = next(each for each in rome.tunnel()["bearers"] if each["name"] == SKY)
    assert dish["health"] == "dead"
    assert "Sofia" in dish["why"]["it"]
    sent = rome.bearer(FIBRE)["sent_octets"]
    until(lambda: rome.answers(milan))
    assert rome.bearer(FIBRE)["sent_octets"] > sent

    # The control: without the rule the same landing bars nothing.
    rome.set_rule(None)
    until(lambda: not is_barred(rome))
    rome.set_rule(NOT_SOFIA)
    until(lambda: is_barred(rome))

    # It comes back by itself once the landing is permitted again.
    pair.ways.land(rome.site, permitted)
    until(lambda: not is_barred(rome))

    # Nobody who is known answers on the way any more: not shown, so it is not used.
    pair.ways.pass_over(rome.site)
    until(lambda: is_barred(rome))
    assert "is not shown" in shown_in_strip(rome)[0]
    assert rome.tunnel()["active"] == FIBRE


def passed(pair: Pair, file: Path) -> set[int]:
    """Ping Milan from Rome; return which kinds of datagrams passed the wire meanwhile."""
    pair.ways._wire.capture(file)
    pair.rome.answers(pair.milan)
    pair.ways._wire.capture(None)
    return {
        OuterHeader.decode(each.octets[28:]).kind for each in packets(file) if each.kind == "tunnel"
    }


def test_with_one_bearer_traffic_stops_and_says_why(pair: Pair, tmp_path: Path) -> None:
    rome, milan = pair.rome, pair.milan
    until(lambda: milan.answers(rome))
    assert WIREGUARD in passed(pair, tmp_path / "wire.pcapng")
    milan.set_rule(LandingRule(gateways=frozenset({"Sofia"})))
    until(lambda: is_barred(milan))
    until(lambda: milan.tunnel()["active"] is None)
    assert not milan.answers(rome)
    # Rome hears that Milan receives nowhere, though its dish answers probes: nothing lands there.
    until(lambda: passed(pair, tmp_path / "wire.pcapng") == {PROBE})
    assert "No bearer is alive. sky: Traffic passes Milano (IT" in milan.tunnel()["why"]["en"]
    milan.set_rule(LandingRule(gateways=frozenset({"Palermo"})))
    until(lambda: "The rule permits none" in "".join(shown_in_strip(milan)))
    assert not milan.answers(rome)
    milan.set_rule(LandingRule(gateways=frozenset({"Milano"})))
    until(lambda: milan.answers(rome))
