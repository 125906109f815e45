"""Words that pages show for states, tiers and what was just done: one table, so that a word means one thing.

A notice is named in the address (``?done=paused``), so it can hold nothing about a patient.
"""

from __future__ import annotations

from collections.abc import Mapping

NOTICES: Mapping[str, str] = {
    "enrolled": "Enrolled. The texts below are planned; nothing else needs to be done.",
    "already": "This was saved before; here it is.",
    "paused": "Paused. No planned text goes out until it is resumed.",
    "resumed": "Resumed.",
    "withdrawn": "Withdrawn. No planned text goes out any more; what the patient writes is still read.",
    "moved": "The date was changed and the plan moved with it.",
    "changed": "Done, as it was shown. Nothing that was sent is sent again.",
    "stopped": "Written down and in force: nothing more is sent there. A check-in that matters becomes a call.",
    "agreed-again": "Written down. Somebody who once texted STOP has to text START as well.",
    "reviewed": "Saved. The reply left the inbox.",
    "written": "It is on its way. The next answer comes to you, in the inbox.",
    "closed": "Saved and closed.",
    "assigned": "Saved. The task shows who does it.",
    "put-off": "Saved. It is due later now; the reason is on record.",
    "accepted": "You have this case. Call the patient now.",
    "handed-over": "Offered. It stays your case until they accept; you hear if they do not.",
    "not-taken-over": "Written down. Its owner keeps the case and was told.",
    "decided": "The decision is on record.",
    "merged": "Merged. Everything that was found stands on the other case now, and its owner was told.",
    "raised": "It is an emergency now: nurse and physician are paged.",
    "lowered": "It is urgent now. What was paged stays paged, and no clock was put back.",
    "attempt": "The call was written down.",
    "roster-changed": "Saved. The roster follows from now on; who is paged follows the roster.",
    "code-sent": "A code is on its way. Type it below within 15 minutes.",
    "point-verified": "Verified. Pages can reach you there now.",
    "test-sent": "A test is on its way. It counts once the carrier says it arrived.",
    "signed-out": "You are signed out.",
    "session-ended": "That sign-in was ended.",
    "signed": "Signed. It is on record.",
    "staff-changed": "Saved. Sign-ins that it concerns have ended.",
    "password-set": "The password is set, and every other sign-in has ended. Sign in with it now.",
}

TIER_WORDS: Mapping[str, str] = {
    "emergency": "Emergency",
    "urgent": "Urgent",
    "same_day": "Same day",
    "unclear": "Not understood",
    "routine": "Routine",
}

# What a clock of a case does when it runs out.
CLOCK_WORDS: Mapping[str, str] = {
    "step": "the next person is paged",
    "repage": "paged again",
    "not_reached": "the patient is told that nobody has it yet",
    "contact_warning": "a reminder to call",
    "contact": "it goes to the next person unless the patient was reached",
    "document": "a reminder to write down what was done",
    "unreachable": "the physician is paged again",
    "hand_over": "the offer runs out",
}

_STATES: Mapping[str, str] = {
    "call_task": "a person calls instead",
    "dispatched": "sent, waiting for an answer",
    "in_review": "a person has to read it",
    "in_doubt": "not known whether it arrived",
    "wrong_person": "somebody else's number",
}


def state_words(value: object) -> str:
    """Show a state or a choice in plain words."""
    text = str(value)
    return _STATES.get(text, text.replace("_", " "))
