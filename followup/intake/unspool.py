"""Bring in what was kept while the database was away: each text once, as the raw event that the webhook missed.

Importing twice, or beside the carrier's list, stores nothing twice: the carrier's id decides. A file is removed
only after its row is committed. One that can't be opened stays where it is and is told; it holds up no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from followup.db.session import Database
from followup.intake.spool import TextSpool
from followup.intake.store import store
from followup.kit.spool import SpoolError
from followup.log import logger

_log = logger(__name__)

# A database that comes and goes is one outage to a patient.
SAME_OUTAGE = timedelta(minutes=30)
LINES = "lines.json"
_LINES = text(
    "SELECT s.address, c.short_name, c.urgent_phone FROM sender s JOIN clinic c ON c.id = s.clinic_id"
    " WHERE s.channel = 'sms' ORDER BY s.address"
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What one round did: texts that were new, known already, and left because they can't be opened."""

    new: int = 0
    known: int = 0
    left: int = 0


def import_spool(database: Database, spool: TextSpool, *, now: datetime) -> Imported:
    """Store every kept text, oldest first; ``now`` is care time. Raises what an absent database raises."""
    new = known = left = 0
    for sid in spool.texts.names():
        try:
            event = spool.event(sid)
        except SpoolError as error:
            if sid not in spool.texts.names():
                continue  # another worker was quicker
            _log.error("kept text not imported", why=str(error))
            left += 1
            continue
        with database.intake() as session:
            is_new = store(session, event)
        spool.texts.remove(sid)
        new, known = new + is_new, known + (not is_new)
    if new or known:
        _log.warning("texts imported that came while the database was away", new=new, known=known)
    if not left:
        spool.end_outage(now=now, after=SAME_OUTAGE)
    return Imported(new, known, left)


def keep_lines(database: Database, folder: Path) -> None:
    """Write down whose number is whose, for the day on which nobody can be asked. Public facts of clinics only."""
    with database.engine() as session:
        lines = {
            row.address: {"clinic_name": row.short_name, "urgent_phone": row.urgent_phone}
            for row in session.execute(_LINES)
        }
    words = json.dumps(lines, ensure_ascii=False, indent=1, sort_keys=True)
    place = folder / LINES
    if place.exists() and place.read_text(encoding="utf-8") == words:
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = place.with_suffix(".new")
    beside.write_text(words, encoding="utf-8")
    beside.replace(place)


def lines_of(folder: Path) -> dict[str, dict[str, str]]:
    """Return what is written down of each of our numbers; empty if nothing is, or nothing that can be read."""
    try:
        found: dict[str, dict[str, str]] = json.loads((folder / LINES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
