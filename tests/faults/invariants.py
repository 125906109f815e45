"""What must never happen, decided from the carrier's journal and the database after every fault.

The journal is what phones saw, the rows are what we believe; neither alone would tell. An ``Eye`` remembers what it
saw the last time, so it also notices what went backwards and what was sent to somebody who had stopped us.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select, text

from followup.kit.windows import to_local, zone
from followup.lab import Entry, Kind
from followup.messaging.rules import RANKS
from followup.messaging.states import AttemptState, MessageState
from followup.patients.models import ContactPoint
from tests.household import Household

# How far a call got. A person's "unconfirmed" may still become "accepted" when the carrier speaks late.
CALL_RANKS = {
    AttemptState.claimed: 0, AttemptState.released: 1, AttemptState.calling: 1, AttemptState.in_doubt: 2,
    AttemptState.refused: 3, AttemptState.unconfirmed: 3, AttemptState.accepted: 4,
}  # fmt: skip
OPENS, CLOSES = time(9, 0), time(20, 0)
PLANNED = ("planned", "reminder", "welcome")
STRANGERS = ("answer", "safety")
# Touchpoints and messages may wait this long past their time while the loops go round.
BOUND = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Sent:
    """One text that the carrier took: the journal's entry and what our rows say it was."""

    entry: Entry
    purpose: str
    touchpoint_id: Any
    message_id: Any
    time_zone: str | None
    told: str
    to_stranger: bool


@dataclass(slots=True)
class Eye:
    """Looks at one household, again and again."""

    home: Household
    seen: int = 0
    closed_to: set[str] = field(default_factory=set)
    messages: dict[Any, str] = field(default_factory=dict)
    attempts: dict[Any, str] = field(default_factory=dict)

    def check(self, *, at_rest: bool = False) -> None:
        """Raise AssertionError with every invariant that does not hold; ``at_rest``: the loops have caught up."""
        broken = [*self._always(), *(self._at_rest() if at_rest else ())]
        self._remember()
        if broken:
            raise AssertionError("; ".join(broken))

    def _always(self) -> Iterator[str]:
        sent = self.sent()
        yield from self._once(sent)
        yield from self._in_hours(sent)
        yield from self._to_nobody_who_stopped_us(sent)
        yield from self._inbound_once()
        yield from self._forward()

    def sent(self) -> list[Sent]:
        """Every text that the carrier took from us, with its row, by the token in its callback address."""
        rows = {
            row.token: row
            for row in self.home.rows(
                "SELECT a.token, m.purpose, m.touchpoint_id, m.id AS message_id, t.time_zone,"
                " concat_ws(' ', m.text_key, p.state, p.opted_out_at) AS told,"
                " m.contact_point_id IS NULL AS to_stranger FROM attempt a"
                " JOIN message m ON m.id = a.message_id LEFT JOIN touchpoint t ON t.id = m.touchpoint_id"
                " LEFT JOIN contact_point p ON p.id = m.contact_point_id"
            )
        }
        found = []
        for entry in self.home.lab.journal.entries(Kind.TEXT_ACCEPTED):
            token = str(entry["callback"] or "").partition("#")[0].rpartition("/")[2]
            if row := rows.get(token):
                found.append(
                    Sent(
                        entry,
                        row.purpose,
                        row.touchpoint_id,
                        row.message_id,
                        row.time_zone,
                        row.told,
                        row.to_stranger,
                    )
                )
        return found

    def _once(self, sent: list[Sent]) -> Iterator[str]:
        """I1: no planned touchpoint reaches a patient's phone twice."""
        reached = {each["sid"] for each in self.home.lab.journal.entries(Kind.TEXT_REACHED_PHONE)}
        counts = Counter(
            (each.touchpoint_id, each.purpose)
            for each in sent
            if each.purpose in PLANNED and each.entry["sid"] in reached
        )
        mails = Counter(each.message["Message-ID"] for each in self.home.lab.mails)
        yield from (f"I1 {key} reached a phone {count} times" for key, count in counts.items() if count > 1)
        yield from (f"I1 mail {key} arrived {count} times" for key, count in mails.items() if count > 1)

    def _in_hours(self, sent: list[Sent]) -> Iterator[str]:
        """I3: nothing but answers and safety texts outside the hours (care time, the reader's zone)."""
        for each in sent:
            if each.purpose not in PLANNED or not each.time_zone or not each.entry["care_at"]:
                continue
            local = to_local(datetime.fromisoformat(each.entry["care_at"]), zone(each.time_zone))
            if not OPENS <= local.time() < CLOSES:
                yield f"I3 {each.purpose} {each.touchpoint_id} left at {local:%H:%M}"

    def _to_nobody_who_stopped_us(self, sent: list[Sent]) -> Iterator[str]:
        """I4, I5: who had stopped us at the last look, and still has, got nothing since but a confirmation."""
        now = self._closed_now()
        stopped = {each: now[each] for each in self.closed_to if each in now}
        for each in sent:
            why = stopped.get(each.entry["to"])
            if each.entry.number <= self.seen or why is None or each.purpose == "consent":
                continue
            # Whoever holds a number that is not our patient's any more and writes is answered like every stranger.
            if each.to_stranger and each.purpose in STRANGERS and why != "opted out":
                continue
            yield f"I4/I5 {each.purpose} ({each.told}) went to a number that had stopped us: {why}"

    def _closed_now(self) -> dict[str, str]:
        """Numbers that nothing goes to, and why."""
        with self.home.house.database.transaction(self.home.clinic_id) as session:
            points = session.scalars(select(ContactPoint)).all()
            return {
                each.address: "opted out" if each.opted_out_at is not None else str(each.state)
                for each in sorted(points, key=lambda each: each.opted_out_at is not None)
                if each.opted_out_at is not None or each.state in {"bad", "wrong_person"}
            }

    def _inbound_once(self) -> Iterator[str]:
        """I6, first half: nothing that a phone sent is stored twice."""
        yield from (f"I6 {sid} is stored {count} times" for sid, count in self._stored().items() if count > 1)

    def _stored(self) -> Counter[str]:
        with self.home.house.database.engine() as session:
            keys = session.scalars(text("SELECT provider_key FROM provider_event WHERE kind = 'inbound_sms'"))
            return Counter(keys)

    def _forward(self) -> Iterator[str]:
        """I11: messages and calls never go backwards; every move of a message goes up its ranks."""
        for row in self.home.rows("SELECT id, state FROM message"):
            before = self.messages.get(row.id)
            if before and before != row.state and not _is_up(before, row.state):
                yield f"I11 message {before} became {row.state}"
        for row in self.home.rows("SELECT id, state FROM attempt"):
            before = self.attempts.get(row.id)
            if before and CALL_RANKS[AttemptState(row.state)] < CALL_RANKS[AttemptState(before)]:
                yield f"I11 attempt {before} became {row.state}"
        moves = self.home.rows("SELECT from_state, to_state FROM move WHERE thing = 'message'")
        for move in moves:
            if move.from_state and not _is_up(move.from_state, move.to_state):
                yield f"I11 a message moved from {move.from_state} to {move.to_state}"

    def _at_rest(self) -> Iterator[str]:
        """I2 and the second half of I6: nothing due is without a named state, nothing written is missing."""
        late = self.home.now - BOUND
        for row in self.home.rows(
            "SELECT key, state FROM touchpoint WHERE state = 'planned' AND look_at < :late", late=late
        ):
            yield f"I2 touchpoint {row.key} is overdue and still {row.state}"
        for row in self.home.rows(
            "SELECT m.id FROM message m WHERE m.state = 'queued' AND m.claimable AND m.not_before < :late",
            late=late,
        ):
            yield f"I2 message {row.id} is due and nobody takes it"
        open_calls = self.home.rows(
            "SELECT state FROM attempt WHERE state IN ('claimed', 'calling')"
            " AND lease_until < now() - interval '1 minute'"
        )
        yield from (f"I2 an attempt rests {row.state}" for row in open_calls)
        written = {each["sid"] for each in self.home.lab.journal.entries(Kind.TEXT_FROM_PHONE)}
        yield from (f"I6 {sid} is missing" for sid in sorted(written - set(self._stored())))

    def _remember(self) -> None:
        self.seen = len(self.home.lab.journal)
        self.closed_to = set(self._closed_now())
        self.messages = {row.id: row.state for row in self.home.rows("SELECT id, state FROM message")}
        self.attempts = {row.id: row.state for row in self.home.rows("SELECT id, state FROM attempt")}


def _is_up(before: str, after: str) -> bool:
    return RANKS.is_forward(MessageState(before), MessageState(after))
