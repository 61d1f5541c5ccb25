"""What somebody typed into a task's form and has not sent yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UTCDateTime


class Draft(Model):
    """One person's unsent answer. Kept by instance and element, so that the same step, opened anew, finds it."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("person_id", "instance_id", "element"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"), index=True)
    element: Mapped[str]
    # As the browser sent it: texts and lists of texts by field key.
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
