"""Hot lists in and out: who was on which, from when to when and how high."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from store.mentions import stored_id
from store.sql import affected, insert_into, table
from store.tables_hot import HotBoardRow, HotEntryRow
from tingfeng.model import HotEntry, HotPage, Label, storable
from tingfeng.privacy import mask

ENTRY, BOARD = table(HotEntryRow), table(HotBoardRow)
AWAY = timedelta(hours=6)  # an entry that comes back after longer is on a new visit


@dataclass(frozen=True, slots=True, kw_only=True)
class HotBoard:
    """A source's last look at a list."""

    board: str
    source: str
    looked_at: datetime
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HotVisit:
    """One stay of an entry on a list, for one brand. `peak_heat` is in the list's own unit; None: it tells none."""

    brand: str
    board: str
    entry_id: str
    source: str
    title: str
    url: str
    first_seen: datetime
    last_seen: datetime
    best_rank: int
    last_rank: int
    peak_heat: int | None
    seen: int
    label: Label | None = None  # how its title reads; None: not judged yet


@dataclass(frozen=True, slots=True, kw_only=True)
class HotPending:
    """An entry that waits to be judged. `mention_id` is its own id: judges of whose a text is ask for that name."""

    mention_id: int
    brand: str
    title: str
    text: str  # title and description


def add(s: Session, page: HotPage) -> int:
    """Take in one look at a list; how many visits began with it.

    Looks of one source at one list exclude each other until they commit: the row of the look is locked first.
    """
    before = _look(s, page)
    return sum(
        _enter(s, page, entry, brand, before)
        for entry in sorted(page.entries, key=lambda e: e.entry_id)
        for brand in sorted(entry.brands)
    )


def _look(s: Session, page: HotPage) -> datetime | None:
    """Note the look; when the source looked at the list before that."""
    key = {"board": page.board[:80], "source": page.source}
    own = (BOARD.c.board == key["board"], BOARD.c.source == key["source"])
    look = {"looked_at": page.seen_at, "entries": page.length}
    before = s.execute(select(BOARD.c.looked_at).where(*own).with_for_update()).scalar()
    if before is None:
        s.execute(insert_into(s, HotBoardRow).values(key | look).on_conflict_do_nothing())
    elif before < page.seen_at:
        s.execute(update(BOARD).where(*own).values(look))
    return before


def _enter(s: Session, page: HotPage, entry: HotEntry, brand: str, before: datetime | None) -> bool:
    """Continue the entry's visit, or begin one; whether one began."""
    board, number = page.board[:80], stored_id(entry.entry_id)
    of_it = (ENTRY.c.brand == brand, ENTRY.c.board == board, ENTRY.c.entry_id == number)
    last = s.execute(select(ENTRY).where(*of_it).order_by(ENTRY.c.first_seen.desc()).limit(1)).first()
    words = {"title": mask(storable(entry.title)), "text": mask(storable(entry.text))}
    told: dict[str, Any] = {"source": page.source, "url": storable(entry.url), **words}
    if last is not None and _same_visit(last, page.seen_at, before):
        if page.seen_at > last.last_seen:
            grown = {
                "last_seen": page.seen_at,
                "last_rank": entry.rank,
                "best_rank": min(last.best_rank, entry.rank),
                "peak_heat": max((h for h in (last.peak_heat, entry.heat) if h is not None), default=None),
                "seen": last.seen + 1,
            }
            anew = {"judged_by": None} if (last.title, last.text) != (words["title"], words["text"]) else {}
            s.execute(update(ENTRY).where(ENTRY.c.id == last.id).values(told | grown | anew))
        return False
    fresh = {
        "brand": brand,
        "board": board,
        "entry_id": number,
        "first_seen": page.seen_at,
        "last_seen": page.seen_at,
        "best_rank": entry.rank,
        "last_rank": entry.rank,
        "peak_heat": entry.heat,
        "seen": 1,
    }
    return bool(affected(s, insert_into(s, HotEntryRow).values(told | fresh).on_conflict_do_nothing()))


def _same_visit(last: Any, seen_at: datetime, before: datetime | None) -> bool:
    """It was there at the look before this one, however long ago that is, or it was not away for long."""
    return bool(before is not None and last.last_seen >= before) or bool(seen_at - last.last_seen <= AWAY)


def boards(s: Session) -> list[HotBoard]:
    """Every list that was ever looked at, once per source that did, by name."""
    query = select(*(BOARD.c[name] for name in HotBoard.__dataclass_fields__))
    rows = s.execute(query.order_by(BOARD.c.board, BOARD.c.source))
    return [HotBoard(**row._mapping) for row in rows]


def visits(s: Session, since: datetime, until: datetime, *, brands: Sequence[str]) -> list[HotVisit]:
    """Visits that touch [since, until), the highest rank first, the earlier of equals first.

    Those that were judged to be about something else are left out; one that waits for its judgement counts.
    """
    query = _visits().where(ENTRY.c.last_seen >= since, ENTRY.c.first_seen < until, ENTRY.c.brand.in_(brands))
    return [_visit(row) for row in s.execute(query.where(ENTRY.c.relevant.is_not(False)))]


def _visit(row: Any) -> HotVisit:
    return HotVisit(**{**row._mapping, "label": None if row.label is None else Label(row.label)})


def unjudged(s: Session, *, limit: int) -> list[HotPending]:
    """Up to `limit` entries that wait for a label and for whose they are, oldest first."""
    query = select(ENTRY.c.id, ENTRY.c.brand, ENTRY.c.title, ENTRY.c.text).where(ENTRY.c.judged_by.is_(None))
    return [
        HotPending(mention_id=i, brand=brand, title=title, text=f"{title}\n{text}" if text else title)
        for i, brand, title, text in s.execute(query.order_by(ENTRY.c.id).limit(limit))
    ]


def judge(s: Session, entry_id: int, *, label: Label, relevant: bool | None, by: str) -> None:
    """Note how an entry reads and whether it is about its brand; `relevant` None: nobody could say."""
    values = {"label": int(label), "relevant": relevant, "judged_by": by[:120]}
    s.execute(update(ENTRY).where(ENTRY.c.id == entry_id).values(values))


def _visits() -> Select[Any]:
    query = select(*(ENTRY.c[name] for name in HotVisit.__dataclass_fields__))
    return query.order_by(ENTRY.c.best_rank, ENTRY.c.first_seen, ENTRY.c.board, ENTRY.c.entry_id)
