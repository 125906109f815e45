"""Patients and everything that was said, for reading."""

from __future__ import annotations

from fastapi import Depends

from followup.audit.record import Subject
from followup.enrollment.queries import touchpoint_view
from followup.replies.record_wish import record_stop
from followup.reporting import records
from followup.staff.rules import Permission
from followup.web.api import show
from followup.web.api.answers import MessageOut, PatientOut, ReplyOut, TouchpointOut
from followup.web.api.paging import Asked, Page, page_of
from followup.web.api.requests import OptOutIn
from followup.web.api.router import router_of
from followup.web.deps import Desk, with_key
from followup.web.ids import Id

router = router_of("patients")


def _wanted(asked: Asked, patient_id: Id | None = None, enrollment_id: Id | None = None) -> records.Wanted:
    return records.Wanted(
        patient_id=patient_id, enrollment_id=enrollment_id, after=asked.after, limit=asked.limit
    )


@router.get("/patients")
def list_patients(asked: Asked, desk: Desk = with_key(Permission.see_patients)) -> Page[PatientOut]:
    """List the clinic's patients."""
    found = records.patients(desk.session, records.Wanted(after=asked.after, limit=asked.limit))
    desk.saw("list patients", Subject("patient"))
    return page_of(found, asked, show.patient, lambda each: each.patient.id)


@router.get("/patients/{patient_id}")
def get_patient(patient_id: Id, desk: Desk = with_key(Permission.see_patients)) -> PatientOut:
    """Return one patient with contact points and their consent."""
    found = records.patient(desk.session, patient_id)
    desk.saw("read patient", Subject("patient", patient_id, patient_id))
    return show.patient(found)


@router.post("/patients/{patient_id}/opt-outs")
def opt_out(
    patient_id: Id, body: OptOutIn, desk: Desk = with_key(Permission.change_enrollment)
) -> PatientOut:
    """Record that a patient wants no more texts, emails or both; it counts at once. 409 if that was known."""
    record_stop(
        desk.session, patient_id, channel=body.channel, how=body.how, words=body.words, now=desk.now,
        actor=desk.actor,
    )  # fmt: skip
    desk.session.flush()
    return show.patient(records.patient(desk.session, patient_id))


@router.get("/touchpoints")
def list_touchpoints(
    asked: Asked,
    wanted: records.Wanted = Depends(_wanted),
    desk: Desk = with_key(Permission.see_patients),
) -> Page[TouchpointOut]:
    """List planned contacts, past and future, of everybody, one patient or one enrollment."""
    found = records.touchpoints(desk.session, wanted)
    desk.saw("list touchpoints", Subject("touchpoint", None, wanted.patient_id))
    return page_of(found, asked, show.touchpoint, lambda each: each.id)


@router.get("/touchpoints/{touchpoint_id}")
def get_touchpoint(touchpoint_id: Id, desk: Desk = with_key(Permission.see_patients)) -> TouchpointOut:
    """Return one planned contact, with why it is when it is."""
    return show.touchpoint(touchpoint_view(desk.session, touchpoint_id))


@router.get("/messages")
def list_messages(
    asked: Asked,
    wanted: records.Wanted = Depends(_wanted),
    desk: Desk = with_key(Permission.see_patients),
) -> Page[MessageOut]:
    """List texts and mails to patients with how far each got."""
    found = records.messages(desk.session, wanted)
    desk.saw("list messages", Subject("message", None, wanted.patient_id))
    return page_of(found, asked, show.message, lambda each: each.id)


@router.get("/replies")
def list_replies(
    asked: Asked,
    wanted: records.Wanted = Depends(_wanted),
    desk: Desk = with_key(Permission.see_patients),
) -> Page[ReplyOut]:
    """List what patients wrote, in their own words, with what was concluded."""
    found = records.replies(desk.session, wanted)
    desk.saw("list replies", Subject("reply", None, wanted.patient_id))
    return page_of(found, asked, show.reply, lambda each: each.reply.id)
