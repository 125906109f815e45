"""Chain the audit rows of each clinic, a few seconds after they were written, by one sealer at a time.

Each row's hash covers the row and the hash before it: a row that was changed, removed or put in later breaks the
chain from there on. The chain is not made inside every transaction, because that would let a clinic do one thing at
a time. Reason and details are covered by their digest, so that the chain outlives a change of the keys; ``verify``
opens what is still there and compares.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, create_engine, text
from sqlalchemy.orm import Session

from followup.audit.record import digest
from followup.db import sealed
from followup.db.session import Database
from followup.kit.crypto import SealError

SEALER_LOCK = 7_301
BATCH = 500
BEGINNING = b"\0" * 32
# Rows rest so long that those of a transaction that was slower to commit can take their place before them. One that
# is slower still is chained behind its elders, which ``verify`` allows: the links count, not the numbers.
# With a round every five seconds everything is chained within ten.
SETTLED_AFTER_SECONDS = 4
_LATE_AMONG_THE_LAST = 1_000

_COLUMNS = (
    "id", "clinic_id", "seq", "at", "actor_kind", "actor_id", "action", "subject_kind", "subject_id", "patient_id",
    "words_digest",
)  # fmt: skip
_FIELDS = ", ".join(_COLUMNS)

_CLINICS_WITH_UNSEALED = text(
    "SELECT DISTINCT clinic_id FROM audit_event WHERE hash IS NULL ORDER BY clinic_id"
)
_UNSEALED = text(
    f"""
    SELECT {_FIELDS} FROM audit_event
    WHERE clinic_id = :clinic AND hash IS NULL AND recorded_at < now() - make_interval(secs => :settled)
    ORDER BY seq LIMIT :many
    """  # noqa: S608 - column names of this file
)
_WAITING = text("SELECT count(*) FROM audit_event WHERE clinic_id = :clinic AND hash IS NULL")
_LAST = text(
    """
    WITH latest AS (
        SELECT hash, previous_hash FROM audit_event WHERE clinic_id = :clinic AND hash IS NOT NULL
        ORDER BY seq DESC LIMIT :among
    )
    SELECT hash FROM latest WHERE hash NOT IN (SELECT previous_hash FROM latest)
    """
)
_MARK = text("UPDATE audit_event SET previous_hash = :previous, hash = :hash WHERE id = :id AND hash IS NULL")
_CHAIN = text(
    f"SELECT {_FIELDS}, reason_sealed, details_sealed, previous_hash, hash FROM audit_event"  # noqa: S608
    " WHERE clinic_id = :clinic AND hash IS NOT NULL ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a chain holds: how many rows it has, and the number of the first row that does not fit."""

    rows: int
    broken_at: int | None = None

    @property
    def holds(self) -> bool:
        """Whether every row is as it was when it was chained."""
        return self.broken_at is None


def seal_all(database: Database, *, settled_after: float = SETTLED_AFTER_SECONDS) -> int:
    """Chain every settled row of every clinic; returns how many. A second sealer finds the lock taken: 0."""
    sealed = 0
    with database.engine() as session:
        clinics = list(session.scalars(_CLINICS_WITH_UNSEALED))
    for clinic_id in clinics:
        while True:
            with database.engine() as session:
                found = seal(session, clinic_id, settled_after=settled_after)
            sealed += found
            if found < BATCH:
                break
    return sealed


def seal(session: Session, clinic_id: uuid.UUID, *, settled_after: float = SETTLED_AFTER_SECONDS) -> int:
    """Chain up to ``BATCH`` rows of one clinic; the engine role. ``settled_after``: seconds of machine time."""
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": SEALER_LOCK}):
        return 0
    rows = session.execute(_UNSEALED, {"clinic": clinic_id, "settled": settled_after, "many": BATCH}).all()
    previous = session.scalar(_LAST, {"clinic": clinic_id, "among": _LATE_AMONG_THE_LAST}) or BEGINNING
    for row in rows:
        found = _hash(previous, row)
        session.execute(_MARK, {"previous": previous, "hash": found, "id": row.id})
        previous = found
    return len(rows)


def verify(session: Session, clinic_id: uuid.UUID) -> Verified:
    """Recompute a clinic's chain and follow its links, with the engine role or the clinic's own.

    ``broken_at`` is the lowest number of a row that was changed, or that no row before it leads to.
    """
    expected, count = BEGINNING, 0
    waiting: dict[bytes, tuple[bytes, int]] = {}
    for row in _in_order(session, clinic_id):
        count += 1
        previous, found = bytes(row.previous_hash), bytes(row.hash)
        if found != _hash(previous, row) or previous in waiting or not _words_fit(row):
            return Verified(count, broken_at=row.seq)
        waiting[previous] = found, row.seq
        while expected in waiting:
            expected, _ = waiting.pop(expected)
    return Verified(count, broken_at=min((seq for _, seq in waiting.values()), default=None))


@dataclass(frozen=True, slots=True)
class VerifiedClinic:
    """A clinic's slug, its chain, and how many rows still wait to be chained."""

    clinic: str
    chain: Verified
    waiting: int


def verify_all(url: str) -> list[VerifiedClinic]:
    """Verify the chain of every clinic; ``url`` is the owner's or the engine's login."""
    engine = create_engine(url)
    try:
        with Session(engine) as session:
            clinics = session.execute(text("SELECT id, slug FROM clinic ORDER BY slug")).all()
            return [
                VerifiedClinic(
                    row.slug, verify(session, row.id), session.scalar(_WAITING, {"clinic": row.id}) or 0
                )
                for row in clinics
            ]
    finally:
        engine.dispose()


def _in_order(session: Session, clinic_id: uuid.UUID) -> Iterable[Row[Any]]:
    return session.execute(_CHAIN, {"clinic": clinic_id}).yield_per(BATCH)


def _words_fit(row: Row[Any]) -> bool:
    """Whether reason and details are those that were recorded. Both gone is allowed: a patient may be forgotten."""
    if row.details_sealed is None:
        return row.reason_sealed is None
    try:
        reason, details = (
            None
            if value is None
            else sealed.ring().open(bytes(value), sealed.place("audit_event", column, row.id))
            for column, value in (
                ("reason_sealed", row.reason_sealed),
                ("details_sealed", row.details_sealed),
            )
        )
    except SealError:
        return False
    return details is not None and digest(reason, json.loads(details)) == bytes(row.words_digest or b"")


def _hash(previous: bytes, row: Row[Any]) -> bytes:
    content = json.dumps(
        [_plain(getattr(row, name)) for name in _COLUMNS], ensure_ascii=True, separators=(",", ":")
    )
    return hashlib.sha256(previous + content.encode()).digest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value
