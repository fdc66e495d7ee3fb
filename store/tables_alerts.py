"""What alerting remembers beside incidents and messages: detector states, used links, signs of life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UtcDateTime


class DetectorStateRow(Base):
    """How far a detector has read a series, and what it knew then; from there on it is fed again.

    A state of another version of the detector is worthless and is made anew from the buckets.
    """

    __tablename__ = "detector_state"

    brand: Mapped[str] = mapped_column(String(80), primary_key=True)
    scope: Mapped[str] = mapped_column(String(120), primary_key=True)  # "", "source:weibo", "aspect:质量"
    version: Mapped[str] = mapped_column(String(120))
    read_until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)


class UsedLinkRow(Base):
    """A link of a message that somebody followed to its end: it works once."""

    __tablename__ = "used_link"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    incident_id: Mapped[int] = mapped_column(Id, ForeignKey("incident.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(20))
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignOfLifeRow(Base):
    """When a job of the daemon last ended well, and how it last failed."""

    __tablename__ = "sign_of_life"

    job: Mapped[str] = mapped_column(String(80), primary_key=True)
    ok_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text)
