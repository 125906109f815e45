"""Where cases and pages stand. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class EscalationState(StrEnum):
    """Where a case stands; there is no state in which it silently ends."""

    paging = "paging"
    accepted = "accepted"
    contacting = "contacting"
    unreachable = "unreachable"
    contacted = "contacted"
    closed = "closed"
    merged = "merged"


OPEN_STATES = ("paging", "accepted", "contacting", "unreachable", "contacted")


class PageState(StrEnum):
    """How far one page got; delivered is never accepted."""

    planned = "planned"
    claimed = "claimed"
    submitted = "submitted"
    sent = "sent"
    delivered = "delivered"
    undelivered = "undelivered"
    failed = "failed"
    unknown = "unknown"
    cancelled = "cancelled"


class CaseTier(StrEnum):
    """The two tiers that page; the slower ones are tasks."""

    emergency = "emergency"
    urgent = "urgent"


class TimerKind(StrEnum):
    """What a case does next by itself."""

    step = "step"  # page the next step of the ladder
    repage = "repage"  # page again whoever was paged in this round
    not_reached = "not_reached"  # tell the patient that nobody has accepted yet
    contact_warning = "contact_warning"  # remind the owner that the patient waits
    contact = "contact"  # no contact in time: the acceptance is revoked
    document = "document"  # contacted, not yet written down
    unreachable = "unreachable"  # a physician's decision is due
    hand_over = "hand_over"  # an offer to take over runs out


class PagePurpose(StrEnum):
    """Why a member of staff is written to or called."""

    page = "page"
    notice = "notice"  # somebody accepted, the patient wrote again, a clock ran out
    answer = "answer"  # to what a member of staff texted


class ContactOutcome(StrEnum):
    """What came of one try to speak with a patient."""

    reached = "reached"
    no_answer = "no_answer"
    voicemail = "voicemail"
    wrong_number = "wrong_number"
    refused = "refused"


class ContactWay(StrEnum):
    """How a patient was tried."""

    phone = "phone"
    helper_phone = "helper_phone"
    in_person = "in_person"
    video = "video"
