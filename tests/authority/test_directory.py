"""The directory: found by any word, whatever its accents, with the numbers that one may see."""

from __future__ import annotations

from typing import Any

import pytest

from authority.state import State
from baluardo.authority.acts import directory

XSS = "<script>alert('1')</script>"


def names(answer: Any) -> list[str]:
    return [each["name"] for each in answer.json()["people"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("anna", ["anna.rossi"]),
        ("ROSSI", ["anna.rossi"]),
        ("ros an", ["anna.rossi"]),
        ("costa", ["gina.costa"]),
        ("costà", ["gina.costa"]),
        ("CÔSTA", ["gina.costa"]),
        ("ossi", []),
        ("%", []),
        ("an%si", []),
        ("_nna", []),
        ("anna bruno", []),
    ],
)
def test_words_are_found_by_their_beginning(state: State, words: str, found: list[str]) -> None:
    browser = state.signed_in("gina.costa")
    answer = browser.ask("GET", f"directory?q={words.replace('%', '%25')}")
    everybody = names(browser.get("directory"))
    assert names(answer) == (everybody if words == "%" else found)


def test_pages_follow_each_other(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = state.signed_in("gina.costa")
    everybody = names(browser.get("directory"))
    assert everybody == sorted(everybody)
    monkeypatch.setattr(directory, "PAGE", 3)
    seen: list[str] = []
    after = ""
    while after is not None:
        page = browser.get(f"directory?after={after}")
        seen += names(page)
        after = page.json()["next"]
    assert seen == everybody


def test_entry_tells_roles_and_reach(state: State) -> None:
    (found,) = state.signed_in("gina.costa").get("directory?q=anna").json()["people"]
    assert found == {
        "name": "anna.rossi",
        "display_name": "Anna Rossi",
        "languages": ["it"],
        "numbers": [{"kind": "extension", "number": "1234", "visible": True}],
        "roles": ["custodian", "member", "security-officer"],
        "ceiling": "flash",
        "territory": [],
    }


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("gina.costa", {"extension"}),
        ("anna.rossi", {"extension", "duty"}),
        ("dario.neri", {"extension", "duty"}),
        ("fabio.viola", {"extension"}),
    ],
)
def test_numbers_are_seen_by_those_whom_the_policy_names(
    state: State, who: str, kinds: set[str]
) -> None:
    (found,) = state.signed_in(who).get("directory?q=anna").json()["people"]
    assert {each["kind"] for each in found["numbers"]} == kinds


def change(**changes: Any) -> dict[str, Any]:
    return {"display_name": "Gina Costa", "languages": ["it"], "numbers": []} | changes


def test_communications_officer_alone_changes_entries(state: State) -> None:
    for name in ("anna.rossi", "dario.neri", "gina.costa"):
        assert state.signed_in(name).put("directory/gina.costa", change()).status_code == 403
    browser = state.signed_in("carla.verdi")
    wanted = change(
        display_name="Regina Costa",
        languages=["it", "fr-CH"],
        numbers=[{"kind": "duty", "number": "+39 333", "visible": False}],
    )
    answer = browser.put("directory/gina.costa", wanted)
    assert answer.status_code == 200
    assert answer.json()["numbers"] == [{"kind": "duty", "number": "+39 333", "visible": False}]
    assert names(browser.get("directory?q=regina")) == ["gina.costa"]
    entry = state.entries("directory.changed")[-1]
    assert entry.facts == {"fields": ["display_name", "languages", "numbers"]}
    assert entry.hidden == {"by": "carla.verdi", "person": "gina.costa"}
    assert browser.put("directory/nobody", change()).status_code == 404


def test_numbers_that_one_does_not_see_stay(state: State) -> None:
    policy = state.authority.policy
    hidden = {"duty": frozenset(policy.people["dario.neri"].roles)}
    state.set_policy(visibility=hidden)
    browser = state.signed_in("carla.verdi")
    assert browser.put("directory/gina.costa", change()).json()["numbers"] == []
    (seen,) = state.signed_in("dario.neri").get("directory?q=gina").json()["people"]
    assert [each["kind"] for each in seen["numbers"]] == ["duty"]
    forbidden = change(numbers=[{"kind": "duty", "number": "1"}])
    assert browser.put("directory/gina.costa", forbidden).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_name": ""},
        {"display_name": "a\u202eb"},
        {"display_name": "a\u0000b"},
        {"display_name": "a\u2028b"},
        {"languages": ["italiano"]},
        {"languages": ["it", "it"]},
        {"languages": ["it"] * 9},
        {"numbers": [{"kind": "Extension", "number": "1"}]},
        {"numbers": [{"kind": "extension", "number": ""}]},
        {"numbers": [{"kind": "extension", "number": "javascript:1"}]},
        {"numbers": [{"kind": "extension", "number": "1\n2"}]},
        {"numbers": [{"kind": "extension", "number": "1" * 41}]},
        {"numbers": [{"kind": "extension", "number": str(each)} for each in range(17)]},
        {"more": 1},
    ],
)
def test_entries_are_bounded(state: State, wrong: dict[str, Any]) -> None:
    refused = state.signed_in("carla.verdi").put("directory/gina.costa", change(**wrong))
    assert refused.status_code in {400, 422}


def test_texts_come_back_as_they_are_and_in_json_alone(state: State) -> None:
    browser = state.signed_in("carla.verdi")
    assert browser.put("directory/gina.costa", change(display_name=XSS)).status_code == 200
    answer = browser.get("directory?q=script")
    assert answer.json()["people"][0]["display_name"] == XSS
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for path in (f"directory?q={XSS}", f"directory?after={XSS}"):
        assert browser.get(path).headers["content-type"] == "application/json"
