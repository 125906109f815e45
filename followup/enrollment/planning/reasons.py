"""Why a touchpoint was not sent, was moved, or became a call: one word for programs, one sentence for people.

"Why did she not get it?" is the question coordinators ask most of systems like this one; each answer is written
here, once. A sentence names no diagnosis and no procedure: it may stand beside a text on a shared screen.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a touchpoint stands where it stands."""

    TOO_LATE = "too_late"
    SUPERSEDED = "superseded"
    DAY_FULL = "day_full"
    WEEK_FULL = "week_full"
    NO_COMMON_HOURS = "no_common_hours"
    NO_CHANNEL = "no_channel"
    OPTED_OUT = "opted_out"
    PAUSED = "paused"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    DIED = "died"
    PROCEDURE_CANCELLED = "procedure_cancelled"
    NOT_IN_PATHWAY = "not_in_pathway"
    BAD_CONTACT = "bad_contact"
    SENDING_PAUSED = "sending_paused"
    BEFORE_RESTORE = "before_restore"
    BY_PERSON = "by_person"


SENTENCES: dict[Reason, str] = {
    Reason.TOO_LATE: "its time had passed, and it may not be sent that late",
    Reason.SUPERSEDED: "it was late, and only one late contact is kept, so that nobody gets several old texts",
    Reason.DAY_FULL: "the patient already gets another planned text that day",
    Reason.WEEK_FULL: "the patient already gets the most planned texts that a week may have",
    Reason.NO_COMMON_HOURS: "the clinic's hours, the patient's hours and the hours of this step share no time",
    Reason.NO_CHANNEL: "there is no number or address that the patient agreed to and that works",
    Reason.OPTED_OUT: "the patient asked for no more texts on this channel",
    Reason.PAUSED: "the enrollment was paused",
    Reason.HELD: "planned texts were held, because a person was looking after something urgent or unclear",
    Reason.WITHDRAWN: "the enrollment ended",
    Reason.DIED: "the patient has died",
    Reason.PROCEDURE_CANCELLED: "the appointment was cancelled",
    Reason.NOT_IN_PATHWAY: "the plan no longer has this step for this patient",
    Reason.BAD_CONTACT: "the number or address does not work",
    Reason.SENDING_PAUSED: "all sending was paused",
    Reason.BEFORE_RESTORE: "it was sent, or may have been, in the hours that a restored backup does not know",
    Reason.BY_PERSON: "a member of staff decided so",
}

# A person who ended something must not see it come back by itself.
FINAL_REASONS = frozenset({Reason.BY_PERSON, Reason.OPTED_OUT, Reason.DIED, Reason.WITHDRAWN})
