"""What paid sources have cost, per source and day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base


class SpendingRow(Base):
    """One day of one source, the day in UTC+8 as the platforms count it. Grows before a request, settles after it."""

    __tablename__ = "spending"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    records: Mapped[int] = mapped_column(Integer)  # paid for, or reserved by a request whose answer did not come
    cost: Mapped[str | None] = mapped_column(String(40))  # a decimal number; None: no price was ever told
    price: Mapped[str | None] = mapped_column(String(40))  # of one record, as last told
    currency: Mapped[str] = mapped_column(String(20))
