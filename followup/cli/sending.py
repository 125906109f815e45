"""``followup clinic sending|pause-sending|resume-sending``: whether a clinic's texts go out, and letting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from followup.bootstrap import House
    from followup.reporting.sending import Sending

Slug = Annotated[str, typer.Argument(help="the clinic's slug")]


def sending(slug: Slug) -> None:
    """Say whether a clinic's texts go out; if not: since when, why, who stopped them, what waits, what ends it."""
    from zoneinfo import ZoneInfo

    from followup.bootstrap import open_house
    from followup.reporting.clinic import clinic_facts
    from followup.reporting.sending import sending as read
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id = clinic_of(house.database, slug)
    with house.database.transaction(clinic_id) as session:
        zone = ZoneInfo(clinic_facts(session, clinic_id).time_zone)
        found = read(session, clinic_id, house.clock.now())
    print("\n".join(_told(slug, found, zone)))


def _told(slug: str, found: Sending, zone: ZoneInfo) -> list[str]:
    lines = [] if found.troubles else [f"{slug}: everything that is due goes out."]
    for each in found.troubles:
        since = f" since {_at(each.since, zone)}" if each.since else ""
        lines += [f"{slug}: {each.what}{since}: {each.why}.", f"  Stopped by {each.by}. {each.then}"]
    for line in found.waiting:
        word = line.channel if line.count == 1 else f"{line.channel}s"
        lines.append(f"  {line.count} {word} in the outbox, the oldest since {_at(line.oldest_at, zone)}")
    if found.contacts_due:
        lines.append(f"  {found.contacts_due} planned contacts are due; each follows its rule for being late")
    if found.troubles:
        lines.append(f"  To let it go on now: followup clinic resume-sending {slug}")
    return lines


def _at(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%H:%M} on {local:%a, %b} {local.day}"


def pause_sending(
    slug: Slug,
    reason: Annotated[str, typer.Option(help="why nothing may be sent; no patient data")],
) -> None:
    """Hold everything but safety texts and pages, until somebody lets it go on."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.messaging.pause import pause_sending as pause
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id = clinic_of(house.database, slug)
    with house.database.transaction(clinic_id) as session:
        pause(session, clinic_id, reason=reason, now=house.clock.now(), actor=Actor("command line"))
    print(f"{slug} sends nothing but safety texts; followup clinic resume-sending {slug} lets it go on")


def resume_sending(
    slug: Slug,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask again")] = False,
) -> None:
    """Let a clinic send again; after a restore the carrier is asked first what was sent since the backup."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.messaging.pause import resume_sending as resume
    from followup.setup.apply import clinic_of

    house, actor = open_house(), Actor("command line")
    clinic_id = clinic_of(house.database, slug)
    _compare(house, clinic_id, actor_words="command line")
    if not yes and not typer.confirm("Let this clinic send again?"):
        raise typer.Exit(1)
    with house.database.transaction(clinic_id) as session:
        resume(session, clinic_id, now=house.clock.now(), actor=actor, reason="confirmed on the command line")
    print(f"{slug} sends again")


def _compare(house: House, clinic_id: UUID, *, actor_words: str) -> None:
    """After a restore: settle what the lost hours may have sent, as far as the carrier knows."""
    from followup.audit.record import Actor
    from followup.bootstrap import sms_of
    from followup.db.restore import taken_at
    from followup.gateways.sent_list import sent_lister
    from followup.outreach.after_restore import compare
    from followup.reporting.clinic import clinic_facts

    with house.database.transaction(clinic_id) as session:
        since = taken_at(clinic_facts(session, clinic_id).sending_paused_reason)
        if since is None:
            return
        done = compare(
            session, clinic_id, sent_lister(sms_of(house.settings)), since=since, now=house.clock.now(),
            actor=Actor(actor_words),
        )  # fmt: skip
    print(f"contacts since {since:%Y-%m-%d %H:%M} UTC: {done.sent_already} were sent already,")
    print(f"{done.for_a_person} are for a person to call, {done.still_to_send} follow their late rule")
