"""Files that came with texts: noted with the text, fetched afterwards, kept sealed, handed to who may see it.

A text is stored, triaged and answered before anybody looks at its files, and whatever a file does changes nothing
about that. A file is fetched under a lease with no transaction open. What it is, is found by its content; what no
photo, film or recording can be is not kept.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session, defer

from followup.audit.record import Actor, Subject, record
from followup.db.session import Database
from followup.errors import NotFound
from followup.kit.files import KINDS, kind_of
from followup.log import logger
from followup.ports import MediaContent, MediaRefused
from followup.replies.models import Reply, ReplyMedia
from followup.replies.states import MediaState

_log = logger(__name__)

Fetch = Callable[[str], MediaContent | MediaRefused]

MOST_FILES = 10
LONGEST_ADDRESS = 500
AT_ONCE = 10
WITHOUT_CONTENT = defer(ReplyMedia.content_sealed)
LEASE = timedelta(minutes=2)
# Minutes until it is tried again; afterwards the carrier is not asked any more. It keeps files for days.
AGAIN = (1, 5, 30, 240)
GIVEN_UP = "the carrier did not hand it out"

_DUE = text(
    "SELECT id, clinic_id FROM reply_media WHERE state = 'waiting' AND due_at <= now()"
    " ORDER BY due_at, id LIMIT :many"
)


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file as it is handed to a person."""

    content: bytes
    media_type: str
    name: str


def note_media(session: Session, reply: Reply, fields: Mapping[str, str]) -> int:
    """Remember where the files of a text are; the announced number is not believed. Returns how many."""
    found = [fields.get(f"MediaUrl{place}", "")[:LONGEST_ADDRESS] for place in range(MOST_FILES)]
    for place, address in enumerate(found):
        if address:
            session.add(
                ReplyMedia(clinic_id=reply.clinic_id, reply_id=reply.id, position=place, address=address)
            )
    return sum(map(bool, found))


def fetch_due(database: Database, fetch: Fetch, *, many: int = AT_ONCE) -> int:
    """Fetch the files that wait, oldest first; returns how many were kept. ``fetch`` asks the carrier."""
    with database.engine() as looking:
        due = looking.execute(_DUE, {"many": many}).all()
    kept = 0
    for media_id, clinic_id in due:
        with database.transaction(clinic_id) as session:
            address = _claim(session, media_id)
        if address is None:
            continue
        found = fetch(address)
        with database.transaction(clinic_id) as session:
            kept += _settle(session, media_id, found)
    return kept


def files_of(session: Session, reply_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[ReplyMedia]]:
    """Return the files of several replies by reply, without their content."""
    found: dict[uuid.UUID, list[ReplyMedia]] = {}
    rows = select(ReplyMedia).where(ReplyMedia.reply_id.in_(reply_ids)).options(WITHOUT_CONTENT)
    for row in session.scalars(rows.order_by(ReplyMedia.reply_id, ReplyMedia.position)):
        found.setdefault(row.reply_id, []).append(row)
    return found


def read_file(session: Session, media_id: uuid.UUID, *, now: datetime, actor: Actor) -> ShownFile:
    """Return a kept file, and put on record that it was read. Raises NotFound for every other one."""
    row = session.get(ReplyMedia, media_id)
    if row is None or row.state is not MediaState.kept or row.content is None or row.kind is None:
        raise NotFound
    reply = session.get_one(Reply, row.reply_id)
    record(
        session, row.clinic_id, actor=actor, action="read file", now=now,
        subject=Subject("reply_media", row.id, reply.patient_id),
    )  # fmt: skip
    kind = KINDS[row.kind]
    return ShownFile(
        base64.b64decode(row.content), kind.media_type, f"{kind.word}-{row.position + 1}.{kind.ending}"
    )


def _claim(session: Session, media_id: uuid.UUID) -> str | None:
    taken = session.scalar(
        update(ReplyMedia)
        .where(
            ReplyMedia.id == media_id,
            ReplyMedia.state == MediaState.waiting,
            ReplyMedia.due_at <= func.now(),
        )
        .values(due_at=func.now() + LEASE, tries=ReplyMedia.tries + 1)
        .returning(ReplyMedia.id)
    )
    return session.get_one(ReplyMedia, taken).address if taken else None


def _settle(session: Session, media_id: uuid.UUID, found: MediaContent | MediaRefused) -> bool:
    row = session.get_one(ReplyMedia, media_id, with_for_update=True)
    if row.state is not MediaState.waiting:
        return False
    if isinstance(found, MediaRefused):
        _refuse(row, found)
        return False
    kind = kind_of(found.content)
    if kind is None:
        _refuse(row, MediaRefused("it is no photo, film or recording", again=False))
        return False
    row.content = base64.b64encode(found.content).decode("ascii")
    row.state, row.kind, row.size, row.reason = MediaState.kept, kind.media_type, len(found.content), None
    return True


def _refuse(row: ReplyMedia, refused: MediaRefused) -> None:
    if refused.again and row.tries <= len(AGAIN):
        row.due_at = func.now() + timedelta(minutes=AGAIN[row.tries - 1])
        return
    row.state = MediaState.refused
    row.reason = GIVEN_UP if refused.again else refused.reason
    _log.warning("file of a text not kept", media_id=str(row.id), why=refused.reason)
