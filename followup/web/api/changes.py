"""Change a patient or a plan through the API: asked once to see what it does, again with its mark to do it."""

from __future__ import annotations

import uuid

from followup.enrollment.migrate_version import migrate_all, preview_all
from followup.staff.rules import Permission
from followup.web.api import change_shapes as shapes
from followup.web.api.change_shapes import AskedChange, MigrationOut, ShownOut, migration_out, shown_out
from followup.web.api.router import router_of
from followup.web.changes import KINDS, carry_out
from followup.web.deps import Desk, with_key
from followup.web.ids import Id

router = router_of("changes")


@router.post("/patients/{patient_id}/change/phone")
def phone(
    patient_id: Id, body: shapes.PhoneIn, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """Use another number from now on; a text that was called for is not repeated."""
    return _answer("phone", desk, patient_id, body)


@router.post("/patients/{patient_id}/change/email")
def email(
    patient_id: Id, body: shapes.EmailIn, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """Use another mail address from now on."""
    return _answer("email", desk, patient_id, body)


@router.post("/patients/{patient_id}/change/channel")
def channel(
    patient_id: Id, body: shapes.ChannelIn, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """Plan what is still to come on another channel."""
    return _answer("channel", desk, patient_id, body)


@router.post("/patients/{patient_id}/change/time-zone")
def time_zone(
    patient_id: Id, body: shapes.TimeZoneIn, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """Keep the wall clock and send by the clocks of another place."""
    return _answer("time-zone", desk, patient_id, body)


@router.post("/patients/{patient_id}/change/language")
def language(
    patient_id: Id, body: shapes.LanguageIn, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """Write what is still to come in another language."""
    return _answer("language", desk, patient_id, body)


@router.post("/patients/{patient_id}/change/second-procedure")
def second_procedure(
    patient_id: Id, body: shapes.SecondProcedureIn, desk: Desk = with_key(Permission.enroll)
) -> ShownOut:
    """Enroll for another procedure, beside or in place of the running follow-up."""
    return _answer("second-procedure", desk, patient_id, body)


@router.post("/patients/{patient_id}/change/death")
def death(patient_id: Id, body: AskedChange, desk: Desk = with_key(Permission.change_enrollment)) -> ShownOut:
    """Record that the patient died: every follow-up ends and nothing is sent any more."""
    return _answer("death", desk, patient_id, body)


@router.post("/enrollments/{enrollment_id}/change/end")
def end(
    enrollment_id: Id, body: shapes.EndIn, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """End an enrollment early, after seeing what that stops."""
    return _answer("end", desk, enrollment_id, body)


@router.post("/enrollments/{enrollment_id}/change/cancelled-procedure")
def cancelled_procedure(
    enrollment_id: Id, body: AskedChange, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """The procedure is cancelled and its follow-up ends."""
    return _answer("cancelled-procedure", desk, enrollment_id, body)


@router.post("/enrollments/{enrollment_id}/change/version")
def version(
    enrollment_id: Id, body: AskedChange, desk: Desk = with_key(Permission.change_enrollment)
) -> ShownOut:
    """Go on with the pathway version in force; nothing that was sent is sent again."""
    return _answer("version", desk, enrollment_id, body)


@router.post("/pathways/{name}/migrate")
def migrate(
    name: str, body: AskedChange, desk: Desk = with_key(Permission.change_enrollment)
) -> MigrationOut:
    """Move everybody who is on an older version of a pathway to the one in force: all as shown, or nobody."""
    if not body.mark:
        many = preview_all(desk.session, name, library=desk.library, now=desk.now)
        return migration_out(many, applied=False)
    many = migrate_all(
        desk.session, name, library=desk.library, now=desk.now, actor=desk.actor, seen=body.mark
    )
    return migration_out(many, applied=True)


def _answer(kind: str, desk: Desk, subject_id: uuid.UUID, body: AskedChange) -> ShownOut:
    told = {name: _text(value) for name, value in body.model_dump().items()}
    told["action"] = "apply" if body.mark else "preview"
    shown, is_done = carry_out(KINDS[kind], desk, subject_id, told)
    return shown_out(shown, applied=is_done)


def _text(value: object) -> str:
    """A yes or no as a form tells it, anything else as its text."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)
