"""`baluardo sky availability` adds up, names the levers, and refuses what it cannot use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baluardo.cli.main import main

WORDS = ["sky", "availability", "rome", "--at", "2025-05-29T12:00Z", "--slots", "24"]


def test_json_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--rate", "100M", "--rate-up", "5M", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rate_bps"] == 100e6
    assert answer["rate_up_bps"] == 5e6
    assert answer["lever"] == "observed"
    assert answer["contract"] == {"bought": False, "lever": "contract"}
    assert 0.0 < answer["availability"] <= answer["availability_without_rain"] <= 1.0
    lost = answer["minutes_per_year_below"]
    assert lost == pytest.approx((1.0 - answer["availability"]) * 525_960.0, abs=1.0)
    assert sum(answer["minutes_per_year_by_cause"].values()) == pytest.approx(lost, abs=1.0)
    assert answer["start"].startswith("2025-05-29T11:59:57")
    assert answer["end"].startswith("2025-06-28T11:59:57")
    assert [row["share"] for row in answer["rate_exceeded_bps"]] == [0.99, 0.999]
    for row in answer["rate_exceeded_bps"]:
        assert row["with_rain"] <= 1.001 * row["without_rain"]


def test_text_names_the_levers_and_the_causes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, "--contract", "--dish", "high-performance"]) == 0
    text = capsys.readouterr().out
    for words in (
        "20 Mbit/s down (ours); priority bought (contract)",
        "available (observed)",
        "no satellite in view",
        "rain at the gateway",
        "99.9 % of the time",
    ):
        assert words in text


def test_elements_are_used_while_they_hold(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = shared_data / "sky" / "starlink_2025-05-29.tle"
    assert main([*WORDS, "--catalogue", str(catalogue), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["start"].startswith("2025-05-27T11:59:57")
    assert answer["end"].startswith("2025-05-31T11:59:57")


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["--rain", "7"], 1, "--rain has no meaning here"),
        (["--fail", "gateway:Atlantis"], 1, "Atlantis"),
        (["--rate", "0"], 2, "is no rate above 0"),
        (["--rate", "-5M"], 2, "argument --rate"),
        (["--slots", "0"], 2, "is no whole number from 1 to 200,000"),
    ],
)
def test_bad_input_is_a_sentence(
    words: list[str], status: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main([*WORDS, *words])
    except SystemExit as end:
        found = int(end.code or 0)
    assert found == status
    text = capsys.readouterr().err
    assert sentence in text
    assert "Traceback" not in text


def test_an_unknown_place_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sky", "availability", "atlantis"]) == 1
    assert "'atlantis' is no site" in capsys.readouterr().err
