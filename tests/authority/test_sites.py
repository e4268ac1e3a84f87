"""Sites are told with what they have applied, to who runs them, sees ships, or audits."""

from __future__ import annotations

from authority.officers import ALDO, ANNA, FLORA, MARIO, OTTO, State
from baluardo.authority.acts.presence import Arrived, Left, note_presence

pytest_plugins = ["authority.officers_fixtures"]


def test_a_site_is_told_with_its_channel_its_lists_and_its_certificate(any_country: State) -> None:
    state = any_country
    for path in ("ship/bergamini", "office/roma", "office/zara"):
        state.enrol(path)
    now = state.calendar.now
    held = Arrived("192.0.2.7", now, {"ab": 3}, 1)
    store = state.authority.store
    store.act_blocking(
        lambda t: note_presence(t, "authority", {"ship/bergamini": held, "office/roma": held})
    )
    store.act_blocking(lambda t: note_presence(t, "authority", {"office/roma": Left(now + 5)}))
    told = {each["identity"]: each for each in state.ask(OTTO, "GET", "/sites").json()}
    assert list(told) == ["office/roma", "office/zara", "ship/bergamini"]
    ship = told["ship/bergamini"]
    assert ship["connected"] is True
    assert (ship["authority"], ship["address"], ship["since"]) == ("authority", "192.0.2.7", now)
    assert (ship["lists"], ship["policy"], ship["enrolled"]) == ({"ab": 3}, 1, now)
    serial = state.devices["ship/bergamini"].chain.leaf.serial
    assert ship["certificate"]["serial"] == f"{serial:x}"
    assert (told["office/roma"]["connected"], told["office/roma"]["since"]) == (False, now + 5)
    never = told["office/zara"]
    assert (never["connected"], never["since"], never["lists"]) == (False, None, {})
    state.ask(
        ANNA, "POST", "/certificates/revoke", {"holder": "office/zara", "reason": "unspecified"}
    )
    told = {each["identity"]: each for each in state.ask(OTTO, "GET", "/sites").json()}
    assert told["office/zara"]["certificate"]["state"] == "revoked"


def test_each_sees_the_sites_of_their_role(country: State) -> None:
    state = country
    state.enrol("ship/bergamini")
    state.enrol("office/roma")
    for name in (OTTO, ANNA, ALDO):
        assert len(state.ask(name, "GET", "/sites").json()) == 2
    assert [each["identity"] for each in state.ask(FLORA, "GET", "/sites").json()] == [
        "ship/bergamini"
    ]
    assert state.ask(MARIO, "GET", "/sites").status_code == 403
    assert state.ask(None, "GET", "/sites").status_code == 401
