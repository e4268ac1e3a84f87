"""The shape of the network's answer, against what a nation of five sites answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError

from baluardo.edge.configuration import BearerKind, BearerRole
from baluardo.network.bearers.bearer import Health
from baluardo.network.tunnel.steps import State
from baluardo.stage.network import answers
from baluardo.stage.network.answers import NetworkAnswer
from baluardo.terms import Precedence

RECORDED: Final = Path(__file__).parents[1] / "browser/data/network_answer.json"


def recorded() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(RECORDED.read_text())
    return answer


def test_nothing_of_a_recorded_answer_is_lost_or_refused() -> None:
    assert NetworkAnswer.model_validate(recorded(), strict=True).model_dump() == recorded()


def test_what_is_no_answer_is_refused() -> None:
    answer = recorded()
    answer["sites"][0]["network"]["bearers"][0]["role"] = "king"
    with pytest.raises(ValidationError, match="role"):
        NetworkAnswer.model_validate(answer)


def test_every_name_that_edges_know_has_its_place() -> None:
    assert set(answers.RoleName.__args__) == {each.value for each in BearerRole}
    assert set(answers.KindName.__args__) == {each.value for each in BearerKind}
    assert set(answers.HealthName.__args__) == {each.name.lower() for each in Health}
    assert set(answers.KeyStateName.__args__) == {each.name.lower() for each in State}
    assert set(answers.PrecedenceName.__args__) == {each.dsn for each in Precedence}
