"""A plan as plain data and back, so that a published version can be kept for ever and told apart by its hash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from followup.kit.windows import zone
from followup.staff.roster.schedule import (
    FixedShift,
    HolidayRule,
    Hours,
    Member,
    Plan,
    Rotation,
    Rule,
    Temporary,
    Unit,
)

FORMAT = 1


def to_content(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON-like data."""
    return {
        "format": FORMAT,
        "zone": plan.zone.key,
        "holidays": sorted(each.isoformat() for each in plan.holidays),
        "rules": [{"staff": str(each.staff), **_hours_out(each.hours)} for each in plan.rules],
        "rotations": [
            {
                "name": each.name, "unit": each.unit.value, "every": each.every,
                "starts_on": each.starts_on.isoformat(), "hands_over_at": each.hands_over_at.isoformat(),
                "members": [_member_out(one) for one in each.members],
                "only": [_hours_out(one) for one in each.only],
            }
            for each in plan.rotations
        ],
        "temporaries": [
            {
                "name": each.name, "fallback": str(each.fallback), **_span_out(each),
                "shifts": [{"staff": str(one.staff), **_span_out(one)} for one in each.shifts],
            }
            for each in plan.temporaries
        ],
    }  # fmt: skip


def from_content(content: Mapping[str, Any]) -> Plan:
    """Return the plan of what ``to_content`` wrote; it was checked then."""
    return Plan(
        zone=zone(content["zone"]),
        rules=tuple(Rule(uuid.UUID(each["staff"]), _hours_in(each)) for each in content["rules"]),
        rotations=tuple(_rotation_in(each) for each in content["rotations"]),
        temporaries=tuple(
            Temporary(
                each["name"], *_span_in(each), uuid.UUID(each["fallback"]),
                tuple(FixedShift(uuid.UUID(one["staff"]), *_span_in(one)) for one in each["shifts"]),
            )
            for each in content["temporaries"]
        ),
        holidays=frozenset(date.fromisoformat(each) for each in content["holidays"]),
    )  # fmt: skip


def _rotation_in(content: Mapping[str, Any]) -> Rotation:
    return Rotation(
        name=content["name"],
        unit=Unit(content["unit"]),
        every=content["every"],
        starts_on=date.fromisoformat(content["starts_on"]),
        hands_over_at=time.fromisoformat(content["hands_over_at"]),
        members=tuple(_member_in(each) for each in content["members"]),
        only=tuple(_hours_in(each) for each in content["only"]),
    )


def _hours_out(hours: Hours) -> dict[str, Any]:
    return {
        "weekdays": sorted(hours.weekdays), "begins": hours.begins.isoformat(), "ends": hours.ends.isoformat(),
        "holidays": hours.holidays.value,
    }  # fmt: skip


def _hours_in(content: Mapping[str, Any]) -> Hours:
    return Hours(
        frozenset(content["weekdays"]),
        time.fromisoformat(content["begins"]),
        time.fromisoformat(content["ends"]),
        HolidayRule(content["holidays"]),
    )


def _member_out(member: Member) -> dict[str, Any]:
    edges = {"first": member.first, "until": member.until}
    return {"staff": str(member.staff)} | {
        key: day.isoformat() if day else None for key, day in edges.items()
    }


def _member_in(content: Mapping[str, Any]) -> Member:
    first, until = (
        date.fromisoformat(each) if each else None for each in (content["first"], content["until"])
    )
    return Member(uuid.UUID(content["staff"]), first, until)


def _span_out(span: Temporary | FixedShift) -> dict[str, str]:
    return {"starts_at": span.starts_at.isoformat(), "ends_at": span.ends_at.isoformat()}


def _span_in(content: Mapping[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(content["starts_at"]), datetime.fromisoformat(content["ends_at"])
