"""A roster becomes shifts that equal the resolver; gaps, overlaps and edits of the past change nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, delete, select, text
from sqlalchemy.exc import IntegrityError

from followup.bootstrap import House
from followup.errors import Conflict, ForbiddenState, InvalidInput
from followup.settings import ROOT
from followup.setup.apply import apply_clinic_file
from followup.setup.clinic_file import parse_clinic_file, read_clinic_file
from followup.setup.keep_rosters import keep_rosters
from followup.staff import roster
from followup.staff.cover import NO_ROSTER, cover_warnings, prove
from followup.staff.models import Shift, Staff, StaffContactPoint
from followup.staff.on_call import who
from followup.staff.override import preview_override, save_override, standing_overrides, withdraw_override
from followup.staff.plan_shifts import plan_shifts
from followup.staff.roster import Change, ChangeKind
from followup.staff.schedules import schedules
from followup.tasks.models import Task
from tests.cast import CLINIC, TUESDAY, ClinicOfTheTest, open_clinic

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NURSE_LINE = "  - {duty: nurse, staff: bea}\n"


def keys_on_call(clinic: ClinicOfTheTest, duty: str, instant) -> list[str]:  # type: ignore[no-untyped-def]
    with clinic.session() as session:
        return [each.key for each in who(session, duty, instant)]


def change(clinic: ClinicOfTheTest, kind: ChangeKind, who_: str, *, instead_of: str | None = None,
           begins: timedelta = HOUR, lasts: timedelta = DAY) -> Change:  # fmt: skip
    other = clinic.staff(instead_of) if instead_of else None
    return Change(kind, clinic.staff(who_), TUESDAY + begins, TUESDAY + begins + lasts, other)


def test_the_shifts_equal_the_resolver_for_ninety_days(house: House) -> None:
    lines = """  - {duty: nurse, rotation: week, hands_over: weekly, starts_on: 2026-05-04, people: [bea, osei]}
  - {duty: nurse, staff: maya, weekdays: [saturday], begins: "19:00", ends: "07:00"}
  - {duty: nurse, temporary: fair, from: 2026-07-03 07:00, until: 2026-07-05 07:00, fallback: maya}
  - {duty: nurse, override: replace, staff: maya, instead_of: bea, from: 2026-06-17 00:00, until: 2026-06-18 00:00}
"""
    clinic = open_clinic(house, content=CLINIC.replace(NURSE_LINE, lines))
    with clinic.session() as session:
        schedule = schedules(session, TUESDAY)["nurse"]
        end = TUESDAY + 90 * DAY
        rows = session.execute(
            select(Shift.staff_id, Shift.starts_at, Shift.ends_at, Shift.source)
            .where(Shift.duty == "nurse", Shift.starts_at < end)
            .order_by(Shift.starts_at)
        ).all()
        wanted = roster.intervals(schedule, TUESDAY, end)
        assert sorted((r.staff_id, r.starts_at, min(r.ends_at, end), r.source) for r in rows) == sorted(
            (w.staff, w.starts_at, w.ends_at, w.source) for w in wanted
        )
        assert {each.source for each in wanted} >= {"rotation week", "override: replaces", "fallback of fair"}
        for hours in range(0, 24 * 60, 7):
            instant = TUESDAY + hours * HOUR
            assert {each.id for each in who(session, "nurse", instant)} == set(roster.who(schedule, instant))


def test_planning_again_changes_nothing_and_the_next_night_only_goes_on(house: House) -> None:
    clinic = open_clinic(house)
    with clinic.session() as session:
        assert plan_shifts(session, clinic.id, now=TUESDAY).differed == 0
        assert plan_shifts(session, clinic.id, now=TUESDAY + DAY).differed == 0
        assert [each.key for each in who(session, "nurse", TUESDAY + 91 * DAY - HOUR)] == ["bea"]


def test_beyond_the_last_shift_the_resolver_answers_itself(house: House) -> None:
    clinic = open_clinic(house)
    assert keys_on_call(clinic, "nurse", TUESDAY + 300 * DAY) == ["bea"]


def test_a_roster_with_a_gap_is_refused_with_its_hour_and_nothing_is_changed(house: House) -> None:
    """B122."""
    clinic = open_clinic(house)
    lines = """  - {duty: nurse, staff: bea, begins: "03:00", ends: "02:00"}\n"""
    with pytest.raises(InvalidInput) as refused:
        open_clinic(house, content=CLINIC.replace(NURSE_LINE, lines), now=TUESDAY + HOUR)
    first = refused.value.problems[0]
    assert first.field == "roster"
    assert first.message == "urgent: nobody is on call as nurse from Wed, Jun 3, 2:00 AM to 3:00 AM."
    assert keys_on_call(clinic, "nurse", TUESDAY + 2 * DAY) == ["bea"]
    with clinic.session() as session:
        assert prove(session, now=TUESDAY).gaps == ()


def test_a_clinic_without_a_roster_is_told_and_enrolling_warns(house: House) -> None:
    content = CLINIC[: CLINIC.index("roster:")]
    clinic = open_clinic(house, content=content)
    with clinic.session() as session:
        assert cover_warnings(session, TUESDAY) == (NO_ROSTER,)


def test_enrolling_warns_when_the_nurse_on_call_cannot_be_reached(house: House) -> None:
    clinic = open_clinic(house)
    with clinic.session() as session:
        assert cover_warnings(session, TUESDAY) == ()
        point = session.scalars(
            select(StaffContactPoint).where(StaffContactPoint.staff_id == clinic.staff("bea"))
        ).one()
        point.verified_at = None
        session.flush()
        (warning,) = cover_warnings(session, TUESDAY)
    assert "nobody on call can be reached as nurse" in warning


def test_a_replacement_is_saved_shown_and_taken_back(house: House) -> None:
    clinic = open_clinic(house)
    swap = change(clinic, ChangeKind.instead, "osei", instead_of="bea")
    with clinic.session() as session:
        saved = save_override(session, clinic.id, "nurse", swap, now=TUESDAY, actor=clinic.actor("maya"))
    assert keys_on_call(clinic, "nurse", TUESDAY) == ["bea"]
    assert keys_on_call(clinic, "nurse", TUESDAY + 2 * HOUR) == ["osei"]
    with clinic.session() as session:
        now = TUESDAY + 3 * HOUR
        withdraw_override(session, clinic.id, saved.id, now=now, actor=clinic.actor("maya"))
    assert keys_on_call(clinic, "nurse", TUESDAY + 2 * HOUR) == ["osei"]
    assert keys_on_call(clinic, "nurse", TUESDAY + 3 * HOUR) == ["bea"]
    with clinic.session() as session, pytest.raises(ForbiddenState):
        withdraw_override(session, clinic.id, saved.id, now=TUESDAY + 4 * HOUR, actor=clinic.actor("maya"))


def test_an_override_that_leaves_a_gap_is_refused_and_a_preview_saves_nothing(house: House) -> None:
    clinic = open_clinic(house)
    gone = change(clinic, ChangeKind.remove, "bea")
    with clinic.session() as session, pytest.raises(InvalidInput, match="nobody is on call as nurse"):
        save_override(session, clinic.id, "nurse", gone, now=TUESDAY, actor=clinic.actor("maya"))
    swap = change(clinic, ChangeKind.instead, "osei", instead_of="bea")
    with clinic.session() as session:
        preview_override(session, clinic.id, "nurse", swap, now=TUESDAY, actor=clinic.actor("maya"))
    with clinic.session() as session:
        assert list(standing_overrides(session, TUESDAY)) == []
    assert keys_on_call(clinic, "nurse", TUESDAY + 2 * HOUR) == ["bea"]


def test_overlapping_and_backdated_overrides_and_strangers_are_refused(house: House) -> None:
    """B122."""
    clinic = open_clinic(house)
    actor = clinic.actor("maya")
    swap = change(clinic, ChangeKind.instead, "osei", instead_of="bea")
    with clinic.session() as session:
        save_override(session, clinic.id, "nurse", swap, now=TUESDAY, actor=actor)
        again = change(clinic, ChangeKind.add, "osei", begins=2 * HOUR)
        with pytest.raises(Conflict):
            save_override(session, clinic.id, "nurse", again, now=TUESDAY, actor=actor)
        past = change(clinic, ChangeKind.add, "maya", begins=-HOUR)
        with pytest.raises(InvalidInput, match="past"):
            save_override(session, clinic.id, "nurse", past, now=TUESDAY, actor=actor)
        stranger = Change(ChangeKind.add, clinic.id, TUESDAY + HOUR, TUESDAY + DAY)
        with pytest.raises(InvalidInput, match="works here"):
            save_override(session, clinic.id, "nurse", stranger, now=TUESDAY, actor=actor)


def test_a_start_some_minutes_ago_means_now(house: House) -> None:
    clinic = open_clinic(house)
    begun = change(clinic, ChangeKind.instead, "osei", instead_of="bea", begins=-timedelta(minutes=5))
    with clinic.session() as session:
        save_override(session, clinic.id, "nurse", begun, now=TUESDAY, actor=clinic.actor("maya"))
    assert keys_on_call(clinic, "nurse", TUESDAY) == ["osei"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shift SET staff_id = (SELECT id FROM staff WHERE key = 'osei') WHERE ends_at <= :then",
        "UPDATE shift SET ends_at = ends_at + interval '1 hour' WHERE ends_at <= :then",
        "DELETE FROM shift WHERE ends_at <= :then",
        "DELETE FROM shift WHERE starts_at < :then AND ends_at > :then",
        "UPDATE shift SET starts_at = starts_at - interval '1 hour' WHERE starts_at < :then AND ends_at > :then",
        """INSERT INTO shift (id, clinic_id, duty, staff_id, starts_at, ends_at, source)
           SELECT gen_random_uuid(), clinic_id, duty, staff_id, starts_at, ends_at, 'x' FROM shift
           WHERE ends_at <= :then LIMIT 1""",
        "UPDATE schedule_override SET staff_id = instead_of_id WHERE ends_at <= :then",
        "UPDATE roster_plan SET frozen_until = frozen_until - interval '1 second'",
    ],
)
def test_the_database_refuses_to_change_what_was(house: House, statement: str) -> None:
    clinic = open_clinic(house)
    swap = change(clinic, ChangeKind.instead, "osei", instead_of="bea")
    with clinic.session() as session:
        save_override(session, clinic.id, "nurse", swap, now=TUESDAY, actor=clinic.actor("maya"))
    then = TUESDAY + 3 * DAY + HOUR
    with clinic.session() as session:
        plan_shifts(session, clinic.id, now=then)
        assert session.scalar(text("SELECT count(*) FROM shift WHERE ends_at <= :then"), {"then": then})
    with pytest.raises(IntegrityError), clinic.session() as session:
        session.execute(text(statement), {"then": then} if ":then" in statement else {})


def test_a_backup_that_comes_back_may_add_the_past_but_nobody_changes_it(
    house: House, owner_url: str
) -> None:
    clinic = open_clinic(house)
    then = TUESDAY + 3 * DAY + HOUR
    with clinic.session() as session:
        plan_shifts(session, clinic.id, now=then)
    owner = create_engine(owner_url)
    with owner.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO shift (id, clinic_id, duty, staff_id, starts_at, ends_at, source)
                   SELECT gen_random_uuid(), clinic_id, duty, staff_id, starts_at - interval '9 days',
                          ends_at - interval '9 days', 'kept' FROM shift"""
            )
        )
    with pytest.raises(IntegrityError), owner.begin() as connection:
        connection.execute(
            text("UPDATE shift SET source = 'changed' WHERE source = 'kept' AND ends_at <= :then"),
            {"then": then},
        )
    owner.dispose()


def test_every_night_shifts_are_made_repaired_and_a_gap_opens_one_task(house: House) -> None:
    clinic = open_clinic(house)
    database = house.database
    assert keep_rosters(database, now=TUESDAY) == 1
    assert keep_rosters(database, now=TUESDAY + HOUR) == 0
    with clinic.session() as session:
        removed = delete(Shift).where(Shift.duty == "physician", Shift.starts_at > TUESDAY + 5 * DAY)
        session.execute(removed)
    for day in (1, 2, 3):
        assert keep_rosters(database, now=TUESDAY + day * DAY) == 1
    with clinic.session() as session:
        reasons = list(session.scalars(select(Task.reason)))
        assert len(reasons) == 1
        assert "shifts were not as the roster says" in reasons[0]
        assert [each.key for each in who(session, "physician", TUESDAY + 9 * DAY)] == ["osei"]
        session.get_one(Staff, clinic.staff("bea")).disabled_at = TUESDAY
    for day in (4, 5):
        keep_rosters(database, now=TUESDAY + day * DAY)
    with clinic.session() as session:
        found = list(session.scalars(select(Task.reason).order_by(Task.opened_at)))
        assert len(found) == 2
        assert "nobody is on call as nurse" in found[1]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            "  - {duty: nurse, staff: bea}\n  - {duty: nurse, staff: bea, begins: '22:00', ends: '23:00'}\n",
            "twice",
        ),
        (
            "  - {duty: nurse, rotation: w, hands_over: daily, starts_on: 2026-05-04, people: [nobody]}\n",
            "nobody",
        ),
        (
            "  - {duty: nurse, rotation: w, hands_over: yearly, starts_on: 2026-05-04, people: [bea]}\n",
            "hands_over",
        ),
        ("  - {duty: nurse, temporary: t, from: 2026-07-03 07:00, until: 2026-07-05 07:00}\n", "fallback"),
        ("  - {duty: nurse, temporary: t, from: 2026-07-05, until: 2026-07-03, fallback: bea}\n", "after"),
        (
            "  - {duty: nurse, override: replace, staff: bea, from: 2026-07-03, until: 2026-07-05}\n",
            "instead_of",
        ),
        (
            """  - {duty: nurse, temporary: a, from: 2026-07-03, until: 2026-07-05, fallback: bea}
  - {duty: nurse, temporary: b, from: 2026-07-04, until: 2026-07-06, fallback: bea}
""",
            "overlap",
        ),
    ],
)
def test_a_mistake_in_the_roster_is_named_with_its_line(lines: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_clinic_file(CLINIC.replace(NURSE_LINE, lines), name="c.yaml")
    assert says in str(refused.value)
    assert all(each.field.startswith("c.yaml:") for each in refused.value.problems)
    assert ".line." not in str(refused.value)


def test_one_person_as_the_whole_ladder_and_a_phone_nobody_verified_are_told(house: House) -> None:
    """B122: such a roster may be needed for a day, so it is said and not refused."""
    content = CLINIC.replace("staff: osei}", "staff: bea}").replace("staff: maya}", "staff: bea}")
    content = content.replace('address: "+13125550131", verified: true', 'address: "+13125550131"')
    applied = apply_clinic_file(house.database, parse_clinic_file(content, name="c.yaml"), now=TUESDAY)
    told = "\n".join(applied.said)
    assert "urgent: nobody on call can be reached as nurse from Tue, Jun 2, 11:00 AM" in told
    assert "Without a verified phone or address: Bea Novak." in told
    assert "emergency: one person is the whole ladder" in told


def test_the_clinic_of_the_demo_has_no_gap(house: House) -> None:
    demo = read_clinic_file(ROOT / "followup" / "demo" / "riverbend.yaml")
    applied = apply_clinic_file(house.database, demo, now=TUESDAY)
    assert [each for each in applied.said if "nobody" in each or "ladder" in each] == []
