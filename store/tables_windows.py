"""The tables of crawling: how far each search has got, what it missed, who is at it, and who is resting.

- `search_window` is one search of a source: it was watched in [since, until), except for its open gaps.
- `search_gap` is a stretch no search has read. It shrinks from its end while it is read later, and keeps its row.
- `lease` is who may do something that only one process may do at a time, until when.
- `rate_slot` is when a host may next be asked, whichever process asks.
- `breaker` is how a source is rested after refusals.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UtcDateTime


class SearchWindowRow(Base):
    """How far one search of a source has got; brand and query are empty where a source is read as a whole."""

    __tablename__ = "search_window"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    brand: Mapped[str] = mapped_column(String(80), primary_key=True)
    query: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # from when on it is watched
    until: Mapped[datetime] = mapped_column(UtcDateTime)  # end of its last finished search
    updated: Mapped[datetime] = mapped_column(UtcDateTime)


class SearchGapRow(Base):
    """A stretch [since, until) that a search has missed."""

    __tablename__ = "search_gap"
    __table_args__ = (Index(None, "source", "filled_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(80))
    brand: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(60))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer)  # in vain, in a row
    page: Mapped[int] = mapped_column(Integer)  # where the last try stopped; 0: nobody tried yet
    filled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LeaseRow(Base):
    """Whose turn it is."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class RateSlotRow(Base):
    """When a host may be asked again."""

    __tablename__ = "rate_slot"

    key: Mapped[str] = mapped_column(String(260), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))  # who took the last slots
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BreakerRow(Base):
    """A source that was refused: how often in a row, and until when it is left alone."""

    __tablename__ = "breaker"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(60))
    retry_after: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what the platform itself said
    updated: Mapped[datetime] = mapped_column(UtcDateTime)
