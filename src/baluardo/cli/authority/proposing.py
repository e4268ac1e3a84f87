"""Proposing what takes two persons: signed with the device's key, handed to the authority."""

from __future__ import annotations

from baluardo.cli.authority.officer import Desk
from baluardo.protocol.dangerous import EXECUTOR, Dangerous, rule_for
from baluardo.protocol.policy import Policy
from baluardo.trust.commands.proposal import propose


async def policy_in_force(desk: Desk) -> Policy:
    """Return the policy in force, as the authority tells it."""
    return Policy.of_object((await desk.get("/policy"))["policy"])


async def propose_command(desk: Desk, kind: Dangerous, body: dict[str, object]) -> str:
    """Sign and hand over a proposal; return the command's id. Errors as the authority's door."""
    rule = rule_for(kind.value, await policy_in_force(desk))
    envelope = propose(kind.value, body, rule, EXECUTOR, desk.state.credential, desk.now)
    command: str = (await desk.post("/commands", {"proposal": envelope.to_object()}))["id"]
    return command
