"""Tables of what happens to a post after it was stored: its counts over time, and that a person had it erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UtcDateTime


class ReachRow(Base):
    """The counts of a post as they were when it was looked at again."""

    __tablename__ = "reach"
    __table_args__ = ({"sqlite_with_rowid": False},)

    mention_id: Mapped[int] = mapped_column(Id, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    reposts: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)


class ErasureRow(Base):
    """The receipt of an erasure: who was erased (only as pseudonym), at whose word, and how many rows it took."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    author_key: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    mentions: Mapped[int] = mapped_column(Integer)
    removed: Mapped[dict[str, Any]] = mapped_column(JSON)  # rows by table
