"""What every table has in common: names of constraints, an id made before the insert, a clinic.

Relationships are not used across stages; where one is used inside a stage it raises on lazy load, so that a
page cannot hide a thousand queries.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Enum, ForeignKey, MetaData, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from followup.kit.ids import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The root of all rows."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        uuid.UUID: UUID(as_uuid=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Row(Base):
    """A row with an id that exists before the row does."""

    __abstract__ = True

    # What each blind index of this table is made from, so that a rotation of the keys can make it anew.
    blind_columns: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    # Machine time: when the row was written, whatever the care clock says.
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())

    def __init__(self, **values: Any) -> None:
        # The id comes first: encrypted attributes among the values are bound to it.
        super().__init__(**{"id": values.pop("id", None) or new_id(), **values})


class ClinicRow(Row):
    """A row that belongs to one clinic; row-level security keeps it there."""

    __abstract__ = True

    clinic_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clinic.id"), index=False)


def states(kind: type[Any]) -> Enum:
    """Return a column type for a StrEnum: text in the database, checked by name."""
    return Enum(
        kind,
        native_enum=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        create_constraint=True,
        name=kind.__name__.lower(),
    )
