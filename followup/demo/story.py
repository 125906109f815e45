"""The printed story: seven recoveries, from the enrollment to the last check-in, in about a minute.

Nothing of the outcome is written here: what happened is read from the rows and from the carrier's journal, printed,
and held against what had to happen.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from time import monotonic as time_of_the_machine

from sqlalchemy import text

from followup.db.session import Bell
from followup.demo.patients import COHORT, ENROLLED_ON, NIGHT, PERFORMED_ON, StoryPatient
from followup.demo.people import People
from followup.demo.staff import A_MOMENT, CALLED_AWAY
from followup.demo.world import World
from followup.enrollment.change import NewDate, move_date, withdraw
from followup.enrollment.rules import WithdrawalReason
from followup.escalation.answer_call import ACCEPT
from followup.kit.windows import to_utc, zone
from followup.lab import Kind, Phone

LASTS = timedelta(days=100)
MOVED_BY = timedelta(days=7)
UPKEEP_PATIENCE_SECONDS = 60.0


class Story(People):
    """One telling."""

    def __init__(self, world: World, cohort: tuple[StoryPatient, ...] = COHORT) -> None:
        self._calls_heard = 0
        self._picked_up: set[str] = set()
        super().__init__(
            world, cohort, performed_on=dict.fromkeys((each.key for each in cohort), PERFORMED_ON)
        )

    def tell(self) -> None:
        """Let all of it happen."""
        where = self.where
        begins = to_utc(ENROLLED_ON, time(14, 0), where).utc
        for number, patient in enumerate(self.cohort):
            self.stepper.at(begins + timedelta(minutes=6 * number), partial(self.enroll, patient))
            for each in patient.unasked:
                day = PERFORMED_ON + timedelta(days=each.day)
                instant = to_utc(day, each.at, zone(patient.zone)).utc
                self.stepper.at(instant, partial(self.write, patient, each.words))
        for key, offset, act in (("marcus", -1, self._move_marcus), ("walter", 3, self._hand_over_walter)):
            if any(each.key == key for each in self.cohort):
                morning = to_utc(PERFORMED_ON + timedelta(days=offset), time(8, 30), where).utc
                self.stepper.at(morning, act)
        if any(each.key == "ines" for each in self.cohort):
            night = to_utc(PERFORMED_ON + timedelta(days=NIGHT.day), NIGHT.at, where).utc
            self.stepper.at(night, self._night_falls)
        self.let_phones_ring_out()
        self.stepper.run(begins + LASTS)
        self._end()

    def _night_falls(self) -> None:
        """The nurse's phone is off the network; the physician sleeps, and a call wakes him: he presses 4."""
        self._phone_of("bea").cannot_be_reached()
        self._phone_of("osei").answers_calls(digits=ACCEPT)
        self._called_away["osei"] = self.stepper.now + CALLED_AWAY

    def _react(self) -> None:
        """Look also for keys that staff pressed in a call: who accepted goes to work, and the night is over."""
        entries = self.world.lab.journal.entries(Kind.CALL, since=self._calls_heard)
        for entry in entries:
            self._calls_heard = entry.number
            key = self._phones.get(entry["to"])
            if key is not None and ACCEPT in entry["pressed"] and entry["sid"] not in self._picked_up:
                self._picked_up.add(entry["sid"])
                self.stepper.at(self.stepper.now + A_MOMENT, partial(self._goes_to_work, key))
                self.let_phones_ring_out()
                self._phone_of("bea").can_be_reached()
        super()._react()

    def _phone_of(self, key: str) -> Phone:
        return self.world.lab.phone(next(number for number, each in self._phones.items() if each == key))

    def _end(self) -> None:
        """Let upkeep complete what has ended; it has no due rows of its own."""
        self.world.house.ringer([Bell("upkeep.complete")])
        deadline = time_of_the_machine() + UPKEEP_PATIENCE_SECONDS
        while self._is_any_active() and time_of_the_machine() < deadline:
            self.world.supervisor.wait(until=lambda: True)

    def _is_any_active(self) -> bool:
        with self.world.house.database.engine() as session:
            return bool(session.scalar(text("SELECT count(*) FROM enrollment WHERE state = 'active'")))

    def _move_marcus(self) -> None:
        """He has a cold; Alma moves the procedure."""
        new = NewDate(PERFORMED_ON + MOVED_BY, time(9, 0))
        with self.world.house.database.transaction(self.world.clinic_id) as session:
            move_date(
                session, self.enrolled["marcus"].enrollment_id, new, now=self.stepper.now,
                actor=self.actor("alma"),
            )  # fmt: skip
        self.performed_on["marcus"] = new.performed_on

    def _hand_over_walter(self) -> None:
        """The hospital looks after him now; Alma ends the texts."""
        with self.world.house.database.transaction(self.world.clinic_id) as session:
            withdraw(
                session, self.enrolled["walter"].enrollment_id, reason=WithdrawalReason.MOVED_TO_OTHER_CARE,
                now=self.stepper.now, actor=self.actor("alma"),
            )  # fmt: skip


def begins_at() -> datetime:
    """Return where the clock of the story is set first: a quiet minute before the first enrollment."""
    return to_utc(ENROLLED_ON, time(13, 50), zone("America/Chicago")).utc
