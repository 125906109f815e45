"""Which keys rows are sealed with: their ids and nothing more, so that a start without one of them is refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import Row


class SealingKey(Row):
    """A key that sealed rows. ``retired_at`` (machine time): a rotation found no row under it any more."""

    __tablename__ = "sealing_key"

    key_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    retired_at: Mapped[datetime | None]
