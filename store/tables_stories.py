"""The tables of stories: one text and its near-copies, and the keys by which the next copy finds its story.

`mention.story_id` says which story a mention belongs to; the counts in `story` are made from the mentions again each
time one joins, so they are right however often a batch was begun. A key leads to at most WAYS stories: the place
(`key`, `way`) goes to the newest, which keeps the keys of everybody's phrases short. Keys of stories that nobody
joined for a while go, the story stays as long as it has mentions.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UtcDateTime


class StoryRow(Base):
    """What its mentions, all of them whatever the brand, amount to. No words: those go when their mentions go."""

    __tablename__ = "story"
    __table_args__ = (Index(None, "seen_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    sketch: Mapped[bytes] = mapped_column(LargeBinary)  # of the founder: uint32, little-endian, ascending
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when a mention joined last
    mention_id: Mapped[int] = mapped_column(BigInteger)  # the first by published_at
    platform: Mapped[str] = mapped_column(String(80))  # of the first
    source: Mapped[str] = mapped_column(String(80))  # of the first
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    copies: Mapped[int] = mapped_column(Integer)  # mentions, the first included
    authors: Mapped[int] = mapped_column(Integer)  # different ones; unnamed authors of a source count as one
    sources: Mapped[int] = mapped_column(Integer)


class StoryKeyRow(Base):
    __tablename__ = "story_key"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    way: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    # No foreign key, which would need an index twice as dear as the table: retention takes keys before their story.
    story_id: Mapped[int] = mapped_column(Id)
