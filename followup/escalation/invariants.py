"""What must hold for every case and page at any moment, as queries. Tests ask after every scenario.

Each returns what breaks it, as plain sentences with ids and without patient data; an empty list is good news. The
numbers are those of the state machine's invariants. ``now`` is care time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.escalation.models import Escalation, Page
from followup.escalation.states import OPEN_STATES, PagePurpose
from followup.patients.models import Patient
from followup.staff.cover import MOST_TOLD, SHORTEST, clinic_zone, gap_words, prove
from followup.staff.duties.models import RosterPlan
from followup.staff.plan_shifts import differing

# Two ticks: 10 s for an emergency, 30 s for the rest.
_LATE = {"emergency": timedelta(seconds=10), "urgent": timedelta(seconds=30)}

Query = tuple[str, str]

NAMED = "14 a page names no patient"
COVER = "13 somebody is on call, as the roster says"

QUERIES: Mapping[str, Query] = {
    "1 every open case has a clock": (
        """SELECT e.code FROM escalation e WHERE e.state NOT IN ('closed', 'merged') AND NOT EXISTS (
            SELECT 1 FROM escalation_timer t
            WHERE t.escalation_id = e.id AND t.fired_at IS NULL AND t.cancelled_at IS NULL)""",
        "case {} is open and has no clock",
    ),
    "2 no clock is overdue": (
        """SELECT e.code || ' ' || t.kind FROM escalation e JOIN escalation_timer t ON t.escalation_id = e.id
            WHERE t.fired_at IS NULL AND t.cancelled_at IS NULL AND t.due_at <
              CASE e.tier WHEN 'emergency' THEN CAST(:late_emergency AS timestamptz)
              ELSE CAST(:late_urgent AS timestamptz) END""",
        "the clock of case {} is overdue",
    ),
    "3 who pages has paged": (
        """SELECT e.code FROM escalation e WHERE e.state = 'paging' AND e.opened_at < :half_a_minute_ago
            AND NOT EXISTS (SELECT 1 FROM page p WHERE p.escalation_id = e.id AND p.purpose = 'page'
              AND p.state IN ('planned', 'claimed', 'unknown', 'submitted', 'sent', 'delivered'))
            AND NOT EXISTS (SELECT 1 FROM page p WHERE p.escalation_id = e.id AND p.staff_id IS NULL)""",
        "case {} has paged nobody",
    ),
    "4 an owner if and only if somebody accepted": (
        """SELECT e.code FROM escalation e WHERE (e.state = 'paging' AND e.owner_id IS NOT NULL)
            OR (e.state NOT IN ('paging', 'closed', 'merged') AND e.owner_id IS NULL)""",
        "case {} has a wrong owner",
    ),
    "5 nothing waits to be sent for a closed case": (
        """SELECT e.code FROM escalation e JOIN page p ON p.escalation_id = e.id
            WHERE e.state IN ('closed', 'merged') AND p.state = 'planned' AND p.purpose = 'page'""",
        "case {} is closed and has a page that waits",
    ),
    "6 no page rests in a claim": (
        """SELECT p.id::text FROM page p WHERE p.state = 'claimed' AND p.lease_until < now() - interval '60 s'""",
        "page {} rests in a claim",
    ),
    "7 every state is the last move's": (
        """SELECT e.code FROM escalation e JOIN LATERAL (
              SELECT m.to_state FROM move m WHERE m.thing = 'escalation' AND m.thing_id = e.id
                AND m.to_state NOT LIKE 'tier %' ORDER BY m.at DESC, m.id DESC LIMIT 1) last ON true
            WHERE last.to_state <> e.state
            UNION ALL SELECT e.code FROM escalation e WHERE NOT EXISTS (
              SELECT 1 FROM move m WHERE m.thing = 'escalation' AND m.thing_id = e.id)""",
        "the moves of case {} do not lead to its state",
    ),
    "7 no move is missing": (
        """SELECT e.code FROM escalation e JOIN move m ON m.thing = 'escalation' AND m.thing_id = e.id
            AND m.to_state NOT LIKE 'tier %'
            GROUP BY e.id, e.code
            HAVING count(*) FILTER (WHERE m.from_state IS NULL) <> 1
            OR EXISTS (SELECT 1 FROM (
                SELECT n.from_state, lag(n.to_state) OVER (ORDER BY n.at, n.id) AS before FROM move n
                WHERE n.thing = 'escalation' AND n.thing_id = e.id AND n.to_state NOT LIKE 'tier %') chain
              WHERE chain.from_state IS NOT NULL AND chain.from_state <> chain.before)""",
        "the moves of case {} have a gap",
    ),
    "8 closed means documented by a person": (
        """SELECT e.code FROM escalation e WHERE e.state = 'closed'
            AND (e.disposition IS NULL OR e.note_sealed IS NULL OR e.closed_by NOT LIKE 'staff:%')""",
        "case {} is closed without a disposition of a person",
    ),
    "9 a machine only raises": (
        """SELECT m.thing_id::text FROM move m WHERE m.thing = 'escalation' AND m.to_state = 'tier urgent'
            AND m.actor NOT LIKE 'staff:%'""",
        "case {} was lowered by machine",
    ),
    "10 every reply is assessed": (
        "SELECT r.id::text FROM reply r WHERE r.state = 'received' AND r.received_at < :a_minute_ago",
        "reply {} was not assessed within a minute",
    ),
    "11 what the carrier has is here": (
        """SELECT s.id::text FROM sender s
            WHERE s.channel = 'sms' AND s.inbound_listed_at < now() - interval '1 h'""",
        "the carrier's list of texts to sender {} was not compared for an hour",
    ),
    "14 a page names nobody and nothing": (
        # Its link and the clinic's own code aside: a telephone number, a date, a word of the treatment.
        r"""SELECT p.id::text FROM page p JOIN clinic c ON c.id = p.clinic_id
            CROSS JOIN LATERAL regexp_replace(replace(p.body, c.code, ''), 'https?://\S+', '', 'g') AS said
            WHERE p.purpose = 'page' AND p.recorded_at > now() - interval '1 day' AND (
              said ~ '\d{3}[-.)]+ ?\d{3,4}|\+\d{7}|\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{2}-\d{2}'
              OR said ~* '\m(stem cells?|bone marrow|adipose|harvest|injection|surgery|procedure)\M')""",
        "page {} says more than a page may",
    ),
    "one open case per patient": (
        """SELECT min(e.code) FROM escalation e
            WHERE e.state NOT IN ('closed', 'merged') AND e.patient_id IS NOT NULL
            GROUP BY e.patient_id HAVING count(*) > 1""",
        "the patient of case {} has several open cases",
    ),
    "an open case holds planned texts": (
        """SELECT e.code FROM escalation e JOIN enrollment n ON n.patient_id = e.patient_id
            WHERE e.state NOT IN ('closed', 'merged') AND n.state IN ('active', 'paused')
              AND n.held_since IS NULL""",
        "case {} is open and its patient's planned texts are not held",
    ),
    # Whoever is on call, whatever is limited or paused: opening a case depends on none of it.
    "12 every red flag has a case": (
        """SELECT a.reply_id::text FROM assessment a WHERE a.tier IN ('emergency', 'urgent')
            AND a.assessed_by = 'engine'
            AND NOT EXISTS (SELECT 1 FROM escalation_signal s WHERE s.cause_id = a.reply_id)""",
        "reply {} is a red flag without a case",
    ),
}


def broken(session: Session, *, now: datetime) -> list[str]:
    """Return every breach of an invariant in this clinic, as sentences."""
    values = {
        "late_emergency": now - _LATE["emergency"],
        "late_urgent": now - _LATE["urgent"],
        "half_a_minute_ago": now - timedelta(seconds=30),
        "a_minute_ago": now - timedelta(seconds=60),
    }
    found: list[str] = []
    for name, (query, sentence) in QUERIES.items():
        used = {key: value for key, value in values.items() if f":{key}" in query}
        found += [f"{name}: {sentence.format(row[0])}" for row in session.execute(text(query), used)]
    found += [f"{NAMED}: page {page_id} holds a patient's name" for page_id in _pages_with_a_name(session)]
    return found


def thin_cover(session: Session, *, now: datetime) -> list[str]:
    """Return what is wrong with who is on call in the next 14 days: shifts behind our back, and gaps in cover.

    Apart from the others: nobody is forgotten by a gap, which the ladder climbs over, but it has to be known. A
    clinic that never published a roster is told at every enrollment instead.
    """
    if session.scalar(select(RosterPlan.id).limit(1)) is None:
        return []
    found = [
        f"{COVER}: {differ} shifts are not as the roster says"
        for differ in [differing(session, now=now)]
        if differ
    ]
    where = clinic_zone(session)
    missing = prove(session, now=now, length=SHORTEST).gaps
    return found + [f"{COVER}: {gap_words(each, where)}" for each in missing[:MOST_TOLD]]


def _pages_with_a_name(session: Session) -> list[uuid.UUID]:
    """Names are sealed, so that no query finds them: the pages of open cases are read beside their patients."""
    rows = session.execute(
        select(Page.id, Page.body, Patient)
        .join(Escalation, Escalation.id == Page.escalation_id)
        .join(Patient, Patient.id == Escalation.patient_id)
        .where(Escalation.state.in_(OPEN_STATES), Page.purpose == PagePurpose.page)
    )
    return [row.id for row in rows if row.Patient.name.casefold() in row.body.casefold()]
