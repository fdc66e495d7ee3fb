"""The table of what people say about whose a text is. Every change here goes with a migration in store/migrations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UtcDateTime


class RelevanceMarkRow(Base):
    """A person's "us" or "not us" for a text and a brand. Rows are added, and at most marked as revoked."""

    __tablename__ = "relevance_mark"
    # No id is given twice, even after retention: `mention_brand.relevance_by` names it.
    __table_args__ = (Index(None, "text_key"), Index(None, "mention_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    mention_id: Mapped[int | None] = mapped_column(Id, ForeignKey("mention.id", ondelete="SET NULL"))
    brand: Mapped[str] = mapped_column(String(80))
    text_key: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)  # as judged: it outlives the mention, and the filter learns from it
    relevant: Mapped[bool] = mapped_column()
    author: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
