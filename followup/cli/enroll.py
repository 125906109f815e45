"""``followup enroll``: the same verb as the form and the API; prints the calendar it made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Text = Annotated[str, typer.Option()]


def enroll(
    clinic: Annotated[str, typer.Option(help="the clinic's slug")],
    file: Annotated[
        Path | None,
        typer.Option("--json", help="a file with the body that the API takes; '-': standard input"),
    ] = None,
    name: Text = "",
    phone: Text = "",
    email: Text = "",
    language: Text = "en",
    zone: Annotated[str, typer.Option(help="time zone; default: the clinic's")] = "",
    performed_on: Annotated[str, typer.Option(help="date of the procedure, YYYY-MM-DD")] = "",
    performed_at: Annotated[str, typer.Option(help="its time, HH:MM")] = "",
    harvest: Annotated[str, typer.Option(help="bone_marrow or fat")] = "",
    pathway: Text = "stem-cell-back",
    channel: Annotated[str, typer.Option(help="sms or email")] = "",
    agreed_sms: Annotated[bool, typer.Option("--agreed-sms", help="the patient agreed to texts")] = False,
    agreed_email: Annotated[bool, typer.Option("--agreed-email", help="the patient agreed to email")] = False,
    obtained_by: Annotated[str, typer.Option(help="who obtained the consent")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="show the calendar, save nothing")] = False,
) -> None:
    """Enroll one patient, or with --preview only show what would be sent when."""
    given: dict[str, Any] = {
        "patient.name": name, "patient.phone": phone, "patient.email": email, "patient.language": language,
        "patient.time_zone": zone, "procedure.performed_on": performed_on, "procedure.performed_at": performed_at,
        "procedure.harvest": harvest, "pathway": pathway, "channel": channel, "consent.sms": agreed_sms,
        "consent.email": agreed_email, "consent.obtained_by": obtained_by,
    }  # fmt: skip
    _enroll(clinic, given if file is None else _read(file), only_preview=preview)


def _read(file: Path) -> dict[str, Any]:
    import sys

    from followup.enrollment.request import EnrollmentRequest
    from followup.errors import InvalidInput

    try:
        body = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(str(file), f"can't be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInput(str(file), f"is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidInput(str(file), "needs to hold one JSON object.")
    return dict(EnrollmentRequest.from_nested(body).fields)


def _enroll(slug: str, fields: dict[str, Any], *, only_preview: bool) -> None:
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.enrollment import enroll as enrolling
    from followup.enrollment.request import EnrollmentRequest
    from followup.reporting.why import calendar_lines
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id = clinic_of(house.database, slug)
    request, now = EnrollmentRequest(fields), house.clock.now()
    with house.database.transaction(clinic_id) as session:
        if only_preview:
            seen = enrolling.preview(session, clinic_id, request, library=house.library, now=now)
            rows = [_line(each) for each in seen.plan.touchpoints]
            warnings, told = seen.warnings, "nothing was saved"
            if seen.already:
                told += f"; this patient is already enrolled for this procedure: {seen.already}"
        else:
            done = enrolling.enroll(
                session, clinic_id, request, library=house.library, now=now, actor=Actor("command line")
            )
            rows = calendar_lines(session, done.enrollment_id)
            warnings, told = done.warnings, f"enrolled: {done.enrollment_id}"
    print("\n".join([*rows, *(f"note: {each}" for each in warnings), told]))


def _line(each: Any) -> str:
    why = "" if each.is_planned else f": {each.why}"
    when = f"{each.local_date:%a %Y-%m-%d} {each.local_time:%H:%M}  {each.zone}"
    return f"{when}  {each.channel}  {each.key}  {each.state}{why}"
