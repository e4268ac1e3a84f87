"""The tables of calls: whole, and saying what the machine's description says."""

from __future__ import annotations

from collections import deque
from itertools import product
from pathlib import Path

import pytest

from baluardo.calls.bodies import Side
from baluardo.calls.forks import FORK_STEPS, ForkAction, ForkInput, ForkState
from baluardo.calls.steps import OVER, STEPS, TALKING, UNANSWERED, Action, Input, State

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "protocols" / "call.md"
both_sides = pytest.mark.parametrize("side", Side)


@both_sides
def test_the_tables_of_calls_are_whole(side: Side) -> None:
    assert set(STEPS[side]) == set(product(State, Input))
    assert {*UNANSWERED, *TALKING, *OVER} == set(State)


def test_the_table_of_devices_is_whole() -> None:
    assert set(FORK_STEPS) == set(product(ForkState, ForkInput))


@both_sides
def test_every_state_is_reached_and_every_call_can_end(side: Side) -> None:
    def reached(start: State) -> set[State]:
        found, queue = {start}, deque([start])
        while queue:
            state = queue.popleft()
            for what in Input:
                after = STEPS[side][state, what][1]
                if after not in found:
                    found.add(after)
                    queue.append(after)
        return found

    assert reached(State.DIALLING) == set(State)
    for state in State:
        assert State.ENDED in reached(state)
        for what in (Input.LOST_HERE, Input.LOST_THERE, Input.PREEMPTION):
            assert STEPS[side][state, what][1] in OVER


@both_sides
def test_what_is_over_stays_over_and_is_reported_once(side: Side) -> None:
    for (state, what), (actions, after) in STEPS[side].items():
        if state in OVER:
            assert actions == ()
            assert after in OVER
        else:
            assert (Action.REPORT in actions) == (after in OVER)
            assert (Action.END_HERE in actions) == (after in OVER)
        assert (Action.CONNECT in actions) == (state in UNANSWERED and after in TALKING)
        if after in TALKING and state in UNANSWERED:
            assert what in {Input.ANSWER_HERE, Input.ANSWER_THERE}


def test_the_two_sides_hold_as_in_a_mirror() -> None:
    mirror = {State.HELD_HERE: State.HELD_THERE, State.HELD_THERE: State.HELD_HERE}
    pairs = {Input.HOLD_HERE: Input.HOLD_THERE, Input.RESUME_HERE: Input.RESUME_THERE}
    for state, (what, told) in product(TALKING, pairs.items()):
        actions, after = STEPS[Side.CALLER][state, what]
        other = STEPS[Side.CALLEE][mirror.get(state, state), told]
        if actions:
            assert actions == (Action.TELL_THERE,)
            assert other == ((Action.TELL_HERE,), mirror.get(after, after))
        else:
            assert after is state


def test_a_device_that_is_out_has_no_effect_and_an_end_leaves_none_in() -> None:
    for state, what in product(ForkState, ForkInput):
        action, after = FORK_STEPS[state, what]
        if state is ForkState.OUT:
            assert (action, after) == (ForkAction.NOTHING, ForkState.OUT)
        if what in {ForkInput.OVER, ForkInput.LOST, ForkInput.END}:
            assert after is ForkState.OUT
        if after is ForkState.CHOSEN and state is not ForkState.CHOSEN:
            assert what is ForkInput.ANSWER


def lines_of_calls() -> list[str]:
    """Both tables in one, as the document has it: what has an effect, and at which edge."""
    states = [state for state in State if state is not State.ENDED]
    lines = [
        "| what happens | at the edge of | what is done | "
        + " | ".join(each.value for each in states)
        + " |",
        "|---" * (len(states) + 3) + "|",
    ]
    for what in Input:
        rows = {
            side: [STEPS[side][state, what] for state in states]
            for side in Side
            if any(STEPS[side][state, what] != ((), state) for state in states)
        }
        if not rows:
            continue
        assert len({str(row) for row in rows.values()}) == 1, "no input means two things"
        row = next(iter(rows.values()))
        done = {actions for actions, _ in row if actions}
        assert len(done) <= 1, "nor is there more than one answer to it"
        told = ", ".join(each.value for actions in done for each in actions)
        cells = (
            "" if (actions, after) == ((), state) else after.value
            for state, (actions, after) in zip(states, row, strict=True)
        )
        at = "both" if len(rows) == 2 else next(iter(rows)).value
        lines.append(f"| {what.value} | {at} | {told} | " + " | ".join(cells) + " |")
    return lines


def lines_of_devices() -> list[str]:
    """The table of devices, likewise."""
    states = [state for state in ForkState if state is not ForkState.OUT]
    lines = [
        "| what happens | " + " | ".join(each.value for each in states) + " |",
        "|---" * (len(states) + 1) + "|",
    ]
    for what in ForkInput:
        steps = [FORK_STEPS[state, what] for state in states]
        if any(action is not ForkAction.NOTHING for action, _ in steps):
            cells = (
                "" if action is ForkAction.NOTHING else f"{action.value}: {after.value}"
                for action, after in steps
            )
            lines.append(f"| {what.value} | " + " | ".join(cells) + " |")
    return lines


@pytest.mark.parametrize("lines", [lines_of_calls(), lines_of_devices()])
def test_the_document_has_the_tables(lines: list[str]) -> None:
    table = "\n".join(lines)
    assert table in DOCUMENT.read_text(encoding="utf-8"), f"docs/protocols/call.md lacks\n{table}"
