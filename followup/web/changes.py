"""Every change of a patient or a plan that is shown before it is done: what it asks for, its preview, its verb.

One table for the pages and the API, so that both check the same, show the same and do the same. Nothing is decided
here. A change is done with the mark of the preview somebody saw; without one it is only shown.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from followup.clinics.states import Channel
from followup.enrollment import change_channel as ways
from followup.enrollment import end, migrate_version
from followup.enrollment.change_contact import change_contact, preview_contact, read_contact
from followup.enrollment.rules import WithdrawalReason
from followup.enrollment.second_procedure import NextProcedure, enroll_again, preview_second
from followup.enrollment.shown import Shown
from followup.errors import InvalidInput
from followup.web.deps import Desk

Told = Mapping[str, str]
NOT_SHOWN = "Ask for the preview first, and send its mark with what you want done."


@dataclass(frozen=True, slots=True)
class Act:
    """One change that is about to be shown or done."""

    show: Callable[[], Shown]
    do: Callable[[str], Shown]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change: its name in addresses, its words, and what makes an act of what was sent."""

    name: str
    title: str
    of_enrollment: bool
    act: Callable[[Desk, uuid.UUID, Told], Act]


def carry_out(kind: Kind, desk: Desk, subject_id: uuid.UUID, told: Told) -> tuple[Shown, bool]:
    """Do a change if it is asked for with the mark of its preview; returns what it does, and whether it was done.

    Raises InvalidInput without a mark, Conflict with the mark of something else.
    """
    act = kind.act(desk, subject_id, told)
    if told.get("action") != "apply":
        return act.show(), False
    if not told.get("mark"):
        raise InvalidInput("mark", NOT_SHOWN)
    return act.do(told["mark"]), True


def _contact(channel: Channel) -> Callable[[Desk, uuid.UUID, Told], Act]:
    def act(desk: Desk, patient_id: uuid.UUID, told: Told) -> Act:
        new = read_contact(
            desk.session, desk.clinic_id, channel,
            address=told.get("phone" if channel is Channel.sms else "email", ""),
            agreed=bool(told.get("agreed")), obtained_by=told.get("obtained_by", ""), how=told.get("how", ""),
        )  # fmt: skip
        return Act(
            lambda: preview_contact(desk.session, patient_id, new),
            lambda seen: change_contact(
                desk.session, patient_id, new, now=desk.now, actor=desk.actor, seen=seen
            ),
        )

    return act


def _channel(desk: Desk, patient_id: uuid.UUID, told: Told) -> Act:
    wanted = ways.read_channel(told.get("channel", ""))
    return Act(
        lambda: ways.preview_channel(desk.session, patient_id, wanted, now=desk.now),
        lambda seen: ways.change_channel(
            desk.session, patient_id, wanted, now=desk.now, actor=desk.actor, seen=seen
        ),
    )


def _zone(desk: Desk, patient_id: uuid.UUID, told: Told) -> Act:
    wanted = ways.read_zone(told.get("time_zone", ""))
    return Act(
        lambda: ways.preview_zone(desk.session, patient_id, wanted, now=desk.now),
        lambda seen: ways.change_zone(
            desk.session, patient_id, wanted, now=desk.now, actor=desk.actor, seen=seen
        ),
    )


def _language(desk: Desk, patient_id: uuid.UUID, told: Told) -> Act:
    wanted = told.get("language", "")
    return Act(
        lambda: ways.preview_language(desk.session, patient_id, wanted),
        lambda seen: ways.change_language(
            desk.session, patient_id, wanted, now=desk.now, actor=desk.actor, seen=seen
        ),
    )


def _death(desk: Desk, patient_id: uuid.UUID, told: Told) -> Act:
    del told
    return Act(
        lambda: end.preview_death(desk.session, patient_id),
        lambda seen: end.record_death(desk.session, patient_id, now=desk.now, actor=desk.actor, seen=seen),
    )


def next_procedure(told: Told) -> NextProcedure:
    """Return what was typed about a next procedure; the verb checks it."""
    return NextProcedure(
        performed_on=told.get("performed_on", ""), performed_at=told.get("performed_at", ""),
        harvest=told.get("harvest", ""), pathway=told.get("pathway", ""), channel=told.get("channel", ""),
        confirmed=bool(told.get("confirmed")), ends_earlier=bool(told.get("ends_earlier")),
    )  # fmt: skip


def _second(desk: Desk, patient_id: uuid.UUID, told: Told) -> Act:
    asked = next_procedure(told)
    return Act(
        lambda: preview_second(desk.session, patient_id, asked, library=desk.library, now=desk.now),
        lambda seen: enroll_again(
            desk.session, patient_id, asked, library=desk.library, now=desk.now, actor=desk.actor, seen=seen
        )[1],
    )


def _end(desk: Desk, enrollment_id: uuid.UUID, told: Told) -> Act:
    try:
        reason = WithdrawalReason(told.get("reason", ""))
    except ValueError:
        choice = ", ".join(each.value for each in WithdrawalReason)
        raise InvalidInput("reason", f"Choose one of: {choice}.") from None
    return _ending(desk, enrollment_id, reason)


def _cancelled(desk: Desk, enrollment_id: uuid.UUID, told: Told) -> Act:
    del told
    return _ending(desk, enrollment_id, WithdrawalReason.PROCEDURE_CANCELLED)


def _ending(desk: Desk, enrollment_id: uuid.UUID, reason: WithdrawalReason) -> Act:
    return Act(
        lambda: end.preview_end(desk.session, enrollment_id, reason),
        lambda seen: end.end(desk.session, enrollment_id, reason, now=desk.now, actor=desk.actor, seen=seen),
    )


def _version(desk: Desk, enrollment_id: uuid.UUID, told: Told) -> Act:
    del told
    return Act(
        lambda: migrate_version.preview_version(
            desk.session, enrollment_id, library=desk.library, now=desk.now
        ),
        lambda seen: migrate_version.migrate_version(
            desk.session, enrollment_id, library=desk.library, now=desk.now, actor=desk.actor, seen=seen
        ),
    )


KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        Kind("phone", "Change the number", False, _contact(Channel.sms)),
        Kind("email", "Change the mail address", False, _contact(Channel.email)),
        Kind("channel", "Change how to write", False, _channel),
        Kind("time-zone", "Change the time zone", False, _zone),
        Kind("language", "Change the language", False, _language),
        Kind("second-procedure", "Another procedure", False, _second),
        Kind("death", "The patient has died", False, _death),
        Kind("end", "End the follow-up", True, _end),
        Kind("cancelled-procedure", "The procedure is cancelled", True, _cancelled),
        Kind("version", "Move to the version in force", True, _version),
    )
}
