"""What was on a hot list: entries that name a brand, and when each list was looked at last.

A hot list is no place where somebody says something: its entries are never mentions, have no score and stand in no
bucket. `hot_board` is what tells "left the list" from "we did not look": an entry is on its list as long as it was
there at the last look of the source that saw it last. Two sources may look at one list, one of them not as far down.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UtcDateTime


class HotEntryRow(Base):
    """One visit of an entry to a list, for one of the brands it names. Coming back much later is another visit."""

    __tablename__ = "hot_entry"
    __table_args__ = (
        UniqueConstraint("brand", "board", "entry_id", "first_seen"),
        Index(None, "brand", "last_seen"),
        Index(
            "ix_hot_entry_unjudged",
            "id",
            sqlite_where=sql("judged_by IS NULL"),
            postgresql_where=sql("judged_by IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    brand: Mapped[str] = mapped_column(String(80))
    board: Mapped[str] = mapped_column(String(80))  # hot:weibo, hot:baidu …
    entry_id: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(String(80))  # the configured one that saw it last
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)  # what the list says of it beside the title
    url: Mapped[str] = mapped_column(Text)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    best_rank: Mapped[int] = mapped_column(Integer)  # 1 is the top
    last_rank: Mapped[int] = mapped_column(Integer)
    peak_heat: Mapped[int | None] = mapped_column(BigInteger)  # in the list's own unit
    seen: Mapped[int] = mapped_column(Integer)  # in how many looks
    judged_by: Mapped[str | None] = mapped_column(String(120))  # "scorer/version"; NULL: waits for the scoring job
    label: Mapped[int | None] = mapped_column(SmallInteger)  # how its title reads
    relevant: Mapped[bool | None] = mapped_column()  # False: it names the brand's words but means something else


class HotBoardRow(Base):
    """When a source looked at a list last, and how long it was then."""

    __tablename__ = "hot_board"

    board: Mapped[str] = mapped_column(String(80), primary_key=True)
    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entries: Mapped[int] = mapped_column(Integer)
