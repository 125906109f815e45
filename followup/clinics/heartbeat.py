"""Note that a loop went round, so that ``/readyz`` and a monitor can tell silence from having nothing to do.

One that had stood still leaves a row about it: the report after an outage is made from those.

Machine time: a demo's clock must not make a dead loop look alive.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.kit.ids import new_id
from followup.log import logger

_log = logger(__name__)

# A loop goes round every few seconds, or every minute; one that did not for so long stood still.
LONGEST_PAUSE_SECONDS = 300.0
# All parts see the heartbeat as it was before.
_NOTE = text(
    """
    WITH stood AS (
        INSERT INTO outage (id, loop, began_at, ended_at)
        SELECT :outage, name, ticked_at, now() FROM heartbeat
        WHERE name = :name AND ticked_at < now() - make_interval(secs => :longest)
    )
    INSERT INTO heartbeat (id, name, ticked_at) VALUES (:id, :name, now())
    ON CONFLICT (name) DO UPDATE SET ticked_at = now()
    """
)


def note_tick(session: Session, name: str) -> None:
    """Note that the loop ``name`` went round, and how long it had stood; ``session`` is the engine role's."""
    session.execute(
        _NOTE, {"id": new_id(), "outage": new_id(), "name": name, "longest": LONGEST_PAUSE_SECONDS}
    )


@dataclass(slots=True)
class Pulse:
    """Notes the ticks of one process, each loop at most once in ``pause`` seconds.

    A note that can't be written is dropped: a loop must not fail because its pulse could not be told.
    """

    database: Database
    loops: Collection[str]
    pause: float = 5.0
    _noted: dict[str, float] = field(default_factory=dict)

    def went_round(self, name: str) -> None:
        """Note that a loop went round; other names are ignored."""
        now = time.monotonic()
        if name not in self.loops or now - self._noted.get(name, -self.pause) < self.pause:
            return
        self._noted[name] = now
        try:
            with self.database.engine() as session:
                note_tick(session, name)
        except SQLAlchemyError as error:
            _log.warning("tick not noted", loop=name, error=type(error).__name__)
