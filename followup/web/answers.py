"""From what became of an answer to a page to what a door says: nothing if the case is theirs, else why not."""

from __future__ import annotations

from followup.errors import Conflict, NotAllowed
from followup.escalation.acknowledge import Result, StaffAnswer


def refuse_lost(answer: StaffAnswer) -> None:
    """Raise Conflict with who has the case or that it is closed, or NotAllowed; return for whoever has it now."""
    match answer.result:
        case Result.accepted | Result.yours_already:
            return
        case Result.taken if answer.taken:
            who = answer.taken
            raise Conflict(f"{who.staff_name} has accepted this case at {who.clock}.")
        case Result.not_allowed:
            raise NotAllowed("This person's role can't take cases.")
        case Result.closed:
            raise Conflict("This case is closed.")
        case _:
            raise Conflict("Somebody else has this case.")
