"""Silences: quiet on purpose, for one brand or for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from store.sql import affected, insert_one, table
from store.tables import SilenceRow
from tingfeng.errors import StoreError
from tingfeng.model import Silence, storable

SILENCE = table(SilenceRow)
AUTHOR_MAX = 120  # characters


def add(s: Session, silence: Silence) -> Silence:
    """Store it; the same with its id. StoreError when it ends before it begins."""
    if silence.ends_at <= silence.starts_at:
        raise StoreError("a silence must end after it begins")
    values = {name: getattr(silence, name) for name in Silence.__dataclass_fields__ if name != "id"}
    values |= {"author": storable(silence.author)[:AUTHOR_MAX], "reason": storable(silence.reason)}
    return replace(silence, id=insert_one(s, SilenceRow, values))


def active(s: Session, *, at: datetime) -> list[Silence]:
    """Those that are in force at `at`, whichever brand they are for."""
    return [Silence(**row._mapping) for row in s.execute(_ACTIVE, {"at": at})]


def all(s: Session) -> list[Silence]:
    """Every silence there ever was, oldest first."""
    return _read(s, _silences())


def end(s: Session, silence_id: int, *, now: datetime) -> bool:
    """Lift a silence at `now`; False when there is none of that id that has not ended yet."""
    live = (SILENCE.c.id == silence_id, SILENCE.c.ends_at > now)
    return affected(s, SILENCE.update().where(*live).values(ends_at=now)) > 0


def _silences() -> Select[Any]:
    return select(*(SILENCE.c[name] for name in Silence.__dataclass_fields__)).order_by(SILENCE.c.starts_at)


# Asked for every brand and source in every turn of the watch: built once.
_ACTIVE = _silences().where(SILENCE.c.starts_at <= bindparam("at"), SILENCE.c.ends_at > bindparam("at"))


def _read(s: Session, query: Select[Any]) -> list[Silence]:
    return [Silence(**row._mapping) for row in s.execute(query)]
