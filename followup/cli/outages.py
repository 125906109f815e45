"""``followup outages``: when the service or a clinic's sending stood still, and what that did. Names nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from followup.reporting.after_outage import Report

_CONTACTS = {
    "dispatched": "sent late", "skipped": "left out", "call_task": "for a person to call",
    "cancelled": "cancelled", "planned": "not sent yet",
}  # fmt: skip


def outages(
    clinic: Annotated[str, typer.Option(help="the clinic's slug")],
    days: Annotated[int, typer.Option(min=1, max=366, help="how far back to look")] = 7,
) -> None:
    """Say when the service or a clinic's sending stood still, what was late then, and which replies waited."""
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from followup.bootstrap import open_house
    from followup.reporting.after_outage import report
    from followup.reporting.clinic import clinic_facts
    from followup.reporting.outages import outages as found
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id, now = clinic_of(house.database, clinic), house.clock.now()
    with house.database.transaction(clinic_id) as session:
        zone = ZoneInfo(clinic_facts(session, clinic_id).time_zone)
        since = now - timedelta(days=days)
        reports = [report(session, each, now=now) for each in found(session, since=since, now=now)]
    lines = [line for each in reports for line in _told(each, zone, now)]
    print("\n".join(lines) if lines else f"{clinic}: nothing stood still in the last {days} days.")


def _told(report: Report, zone: ZoneInfo, now: datetime) -> Iterator[str]:
    outage = report.outage
    until = _at(outage.ended_at, zone) if outage.ended_at else "now; it goes on"
    yield f"{_at(outage.began_at, zone)} to {until} ({_length(outage.until(now) - outage.began_at)})"
    for words in outage.felt:
        yield f"  {words.rstrip('.')}"
    contacts = [f"{count} {_CONTACTS.get(state, state)}" for state, count in report.contacts_by_state.items()]
    if contacts:
        yield f"  contacts: {', '.join(contacts)}"
    if report.text_count:
        yield f"  texts in the outbox: {report.text_count}, the longest waited {_length(report.longest_text)}"
    if report.reply_count:
        yield f"  replies: {report.reply_count} waited to be read, the longest {_length(report.longest_reply)}"
    if report.is_empty:
        yield "  no contact was late and no reply waited"


def _at(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _length(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds() // 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
