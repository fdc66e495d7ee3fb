"""What a paid source may still ask for today, and what a record costs. Nothing here is kept: the pipeline does that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

DEAREST = 10_000  # of whatever currency; what claims to be more is not the price of a record


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one record costs."""

    each: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """So many records of a day are taken from the budget, for one request."""

    day: date
    records: int


class Purse:
    """A day's budget of `cap` records. This one forgets; the pipeline hands out one that keeps it in the store."""

    def __init__(self, cap: int) -> None:
        self.cap, self._spent = cap, 0

    def reserve(self, records: int, *, now: datetime) -> Reserved | None:
        """Take `records` from the budget, before they are asked for; None when so many are not left."""
        if self._spent + records > self.cap:
            return None
        self._spent += records
        return Reserved(day=now.date(), records=records)

    def settle(self, reserved: Reserved, *, used: int, price: Price | None) -> None:
        """The answer came, and `used` records are paid for at `price`, if it is known."""
        self._spent += used - reserved.records

    def spent(self, *, now: datetime) -> int:
        """Records of the day so far, reserved ones too."""
        return self._spent

    def price(self, *, now: datetime) -> Price | None:
        """The price as it was told earlier today."""
        return None


def price_in(told: dict[str, Any]) -> Price | None:
    """The price of a record in what the gateway tells of a command (sources.md 1.1); None when it tells none.

    The fields stand at the top or one object deeper: no example is known.
    """
    for table in (told, *(inner for inner in told.values() if isinstance(inner, dict))):
        amount, currency = table.get("unit_price"), table.get("currency")
        if table.get("price_type", "per_record") != "per_record" or type(amount) not in (int, float, str):
            continue
        try:
            each = Decimal(str(amount))
        except InvalidOperation:
            continue
        if each.is_finite() and 0 <= each < DEAREST:
            return Price(each=each, currency=currency[:20] if isinstance(currency, str) else "")
    return None
