"""Commands that one person proposes and others approve, verified as a whole by who executes them.

    rule            who may propose, who may approve, how many must, for how long it holds
    proposal        what is to be done, by whom it is proposed and who is to do it
    approval        one person's yes or no to exactly one signed proposal
    authorisation   every check at once, and the command that passed them; the same of the past
    spent           what was handed out already, on disk: each command is handed out once
    bundle          a proposal with its approvals in one file

The executor holds the rules and decides alone, from signatures; it trusts no server between. What
it cannot know is whether somebody left out a refusal: a refusal only counts against its own giver.
"""
